import VineBase

/// What a leader knows of one follower or learner (Raft paper, figure 2: nextIndex, matchIndex).
///
/// ```
///            matched                     next entry is compacted away
///   probe ------------> replicate      probe, replicate -----------> snapshot
///     ^  <------------      |                ^                           |
///     |      rejected       |                '---------------------------'
///     '---------------------'                       matched
/// ```
struct Progress: Sendable {
  enum State: Sendable {
    /// One message in flight: nobody knows where the logs agree.
    case probe
    /// Entries are sent ahead of the answers.
    case replicate
    case snapshot(SnapshotTransfer)
  }

  let session: ReplicationSession
  var state = State.probe
  var match = LogIndex.zero
  var next: LogIndex
  /// The last word of it, or the beginning.
  var heard: Instant
  /// Probing: the answer is awaited, or the next heartbeat.
  var isPaused = false
  var round = ReadRound.zero
  var catchUp: CatchUp
  /// When the match last grew, or something was sent after nothing.
  private var advanced: Instant
  /// The missing entry that was last sent again, and when.
  private var repeated: (index: LogIndex, at: Instant)?
  private var inflight: [Inflight] = []
  private var inflightByteCount = 0

  init(session: ReplicationSession, next: LogIndex, lastIndex: LogIndex, at now: Instant) {
    self.session = session
    self.next = next
    (heard, advanced) = (now, now)
    catchUp = CatchUp(target: lastIndex, began: now)
  }

  func hasRoom(_ settings: RaftSettings) -> Bool {
    inflight.count < settings.inflightMax && inflightByteCount < settings.inflightByteCountMax
  }

  mutating func sent(_ entries: [LogEntry], at now: Instant) {
    guard let last = entries.last else { return }
    if inflight.isEmpty { advanced = now }
    let byteCount = entries.reduce(0) { $0 + $1.byteCount }
    inflight.append(Inflight(through: last.index, byteCount: byteCount))
    inflightByteCount += byteCount
    next = last.index.next
  }

  /// - Returns: whether the follower has more than was known.
  mutating func matched(_ index: LogIndex, at now: Instant) -> Bool {
    let isNews = index > match
    if isNews { advanced = now }
    match = max(match, index)
    while let first = inflight.first, first.through <= match {
      inflightByteCount -= first.byteCount
      inflight.removeFirst()
    }
    switch state {
    case .probe:
      state = .replicate
      next = match.next
    case .replicate: next = max(next, match.next)
    case .snapshot(let transfer):
      guard match >= transfer.snapshot.index else { break }
      state = .replicate
      next = match.next
    }
    isPaused = false
    return isNews
  }

  /// Whether what the follower lacks is to be sent again: once in `interval`, because all that is behind it tells.
  mutating func mayRepeat(_ index: LogIndex, at now: Instant, after interval: Duration) -> Bool {
    if let repeated, repeated.index == index, now - repeated.at < interval { return false }
    repeated = (index, now)
    return true
  }

  /// Entries are on their way, and none arrives.
  func isStuck(at now: Instant, for limit: Duration) -> Bool {
    guard case .replicate = state, !inflight.isEmpty else { return false }
    return now - advanced >= limit
  }

  /// Goes back to where the logs may agree.
  mutating func probe(from index: LogIndex) {
    state = .probe
    next = max(match.next, index)
    isPaused = false
    inflight = []
    inflightByteCount = 0
  }
}

/// A message of entries that is not answered yet.
private struct Inflight: Sendable {
  let through: LogIndex
  let byteCount: Int
}

/// Rounds of replication to a new member, each up to where the log ended when it began. Who does a round within an
/// election timeout is so near that the group does not wait when it votes (thesis 4.2.1).
struct CatchUp: Hashable, Sendable {
  private var target: LogIndex
  private var began: Instant
  private(set) var isDone = false

  init(target: LogIndex, began: Instant) { (self.target, self.began) = (target, began) }

  mutating func matched(_ match: LogIndex, lastIndex: LogIndex, at now: Instant, within limit: Duration) {
    guard match >= target else { return }
    isDone = now - began < limit
    (target, began) = (lastIndex, now)
  }
}

/// A snapshot on its way: a window of chunks, and back to the first that is missing when a heartbeat finds no advance.
struct SnapshotTransfer: Hashable, Sendable {
  static let windowChunks = 16
  let snapshot: Snapshot
  private(set) var acknowledged = 0
  private(set) var sent = 0
  private var acknowledgedAtBeat = -1

  init(_ snapshot: Snapshot) { self.snapshot = snapshot }

  /// The offset of the next chunk that may be sent; an empty state is one chunk of nothing.
  mutating func nextChunk(max: Int) -> Range<Int>? {
    let total = snapshot.state.count
    guard sent < total || sent == 0 && total == 0, sent - acknowledged < Self.windowChunks * max else { return nil }
    let room = sent == 0 ? Swift.max(64, max - 50 * snapshot.configuration.members.count) : max
    let range = sent..<min(total, sent + room)
    sent = Swift.max(range.upperBound, 1)
    return range
  }

  /// The follower has everything before `next`; it may have lost what it had.
  mutating func acknowledged(_ next: Int) {
    guard (0...snapshot.state.count).contains(next) else { return }
    acknowledged = next
    sent = max(sent, next)
  }

  mutating func beat() {
    if acknowledged == acknowledgedAtBeat { sent = acknowledged }
    acknowledgedAtBeat = acknowledged
  }
}

/// What a follower has of a snapshot.
struct SnapshotAssembly: Sendable {
  let leader: VoterID
  let session: ReplicationSession
  let lastIndex: LogIndex
  let lastTerm: Term
  let configuration: Configuration
  let total: Int
  private(set) var bytes: [UInt8] = []
  /// Chunks that overtook another one, by their offset; no more than a leader sends ahead.
  private var early: SortedMap<Int, [UInt8]> = [:]

  init(_ first: SnapshotChunk, _ configuration: Configuration, from leader: VoterID) {
    (self.leader, self.configuration) = (leader, configuration)
    (session, lastIndex, lastTerm, total) = (first.session, first.lastIndex, first.lastTerm, first.total)
  }

  func isOf(_ chunk: SnapshotChunk, from leader: VoterID) -> Bool {
    self.leader == leader && session == chunk.session && lastIndex == chunk.lastIndex && total == chunk.total
  }

  /// Takes the chunk if it is the next one, and keeps it if one before it is missing: datagrams overtake one another.
  mutating func take(_ chunk: SnapshotChunk) {
    guard chunk.offset <= total, chunk.offset + chunk.bytes.count <= total else { return }
    if chunk.offset > bytes.count {
      if early.count < SnapshotTransfer.windowChunks { early[chunk.offset] = chunk.bytes }
    } else if chunk.offset == bytes.count {
      bytes += chunk.bytes
    }
    while let (offset, next) = early.first, offset <= bytes.count {
      early[offset] = nil
      if offset == bytes.count { bytes += next }
    }
  }

  var isComplete: Bool { bytes.count == total }
  var snapshot: Snapshot {
    Snapshot(index: lastIndex, term: lastTerm, configuration: configuration, state: bytes)
  }
}
