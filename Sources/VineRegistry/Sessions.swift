import VineBase

/// What each author asked for lately and what it came to, so that a command that is sent twice is carried out once
/// (Ongaro, thesis 6.3). Each author has room of its own: one that floods the log makes nobody else's retries new.
struct Sessions: Hashable, Sendable {
  typealias Outcome = Result<RegistryAnswer, RegistryRefusal>

  /// Outcomes kept for an author. It gives up after ten seconds, so more than this many a hundred milliseconds apart are
  /// never open at once; the founder of a mesh that a thousand sites join at once comes nearest.
  static let outcomesMax = 1024

  struct Session: Hashable, Sendable {
    /// Oldest first from `start` on; what is before it is forgotten.
    private(set) var order: [ProposalID] = []
    private var start = 0
    private(set) var outcomes: SortedMap<ProposalID, Outcome> = [:]
    /// Log index of the author's last command.
    private(set) var lastIndex: UInt64 = 0

    init() {}

    /// - Parameter entries: oldest first.
    init(entries: [(ProposalID, Outcome)], lastIndex: UInt64) {
      for (id, outcome) in entries { remember(id, outcome, at: lastIndex) }
      self.lastIndex = lastIndex
    }

    mutating func remember(_ id: ProposalID, _ outcome: Outcome, at index: UInt64) {
      lastIndex = index
      if outcomes.count == Sessions.outcomesMax {
        outcomes[order[start]] = nil
        start += 1
        if start == Sessions.outcomesMax {
          order.removeFirst(start)
          start = 0
        }
      }
      order.append(id)
      outcomes[id] = outcome
    }

    /// Oldest first.
    var entries: [(ProposalID, Outcome)] {
      order[start...].compactMap { id in outcomes[id].map { (id, $0) } }
    }

    static func == (left: Self, right: Self) -> Bool {
      left.lastIndex == right.lastIndex && left.outcomes == right.outcomes
        && left.order[left.start...] == right.order[right.start...]
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(lastIndex)
      hasher.combine(outcomes)
    }
  }

  private(set) var byAuthor: SortedMap<NodeID, Session> = [:]

  /// All who are no site share one session, under the name that no VR has.
  static let strangers = NodeID.lowest

  func outcome(of id: ProposalID, by author: NodeID) -> Outcome? { byAuthor[author]?.outcomes[id] }

  /// Log index of an author's last command; 0 if it never gave one.
  func lastIndex(of author: NodeID) -> UInt64 { byAuthor[author]?.lastIndex ?? 0 }

  mutating func remember(_ id: ProposalID, _ outcome: Outcome, of author: NodeID, at index: UInt64) {
    byAuthor[author, default: Session()].remember(id, outcome, at: index)
  }

  mutating func restore(_ session: Session, of author: NodeID) { byAuthor[author] = session }
}

/// The registry's time: what most authors' clocks have reached.
///
/// Each command carries its author's time of day, and an author's time never falls here. The second highest counts, so
/// that one clock that is far ahead ends no quarantine by itself; where one VR alone ever spoke, its own does.
struct MeshClock: Hashable, Sendable {
  struct Reading: Hashable, Sendable {
    let author: NodeID
    let time: WallTime
  }

  private(set) var first: Reading?
  private(set) var second: Reading?

  init() {}

  init(first: Reading?, second: Reading?) { (self.first, self.second) = (first, second) }

  var now: WallTime { second?.time ?? first?.time ?? WallTime(secondsSince1970: 0) }

  mutating func note(_ time: WallTime, of author: NodeID) {
    let reading = Reading(author: author, time: time)
    if author == first?.author {
      if let first, time > first.time { self.first = reading }
    } else if first.map({ time > $0.time }) ?? true {
      (first, second) = (reading, first)
    } else if second.map({ time > $0.time }) ?? true {
      second = reading
    }
  }
}
