import VineBase

/// Which public VR is the best queue-VR for a limited one: the one through which the worst of its peers is served best,
/// then the second worst, and so on (leximin). Plain max-min ties where one peer has a slow line of its own, as in the
/// paper's Table 3 (cases 2 and 3). The same on every VR that knows the same links.
public struct QueueChoice: Hashable, Sendable {
  /// What a peer gets through a candidate.
  public struct Pair: Hashable, Sendable {
    public let peer: NodeID
    /// The slower of its two links; nil if one of them is not known.
    public let rate: BitRate?
    /// The link between candidate and limited-VR is the slower one, and not the peer's.
    public let isLastLink: Bool
  }

  public struct Candidate: Hashable, Sendable {
    public let node: NodeID
    /// Slowest first.
    public let pairs: [Pair]
    /// Of the link between it and the limited-VR, its other limited-VRs counted; nil if it is not known.
    public let rate: BitRate?
  }

  /// Best first.
  public let candidates: [Candidate]

  /// - Parameters:
  ///   - candidates: public VRs.
  ///   - peers: VRs that the limited one exchanges packets with.
  ///   - served: how many other limited-VRs each candidate is the queue-VR of.
  ///   - roundTrips: breaks ties, where known.
  public init(
    for limited: NodeID, among candidates: [NodeID], peers: [NodeID], links: LinkMatrix,
    served: SortedMap<NodeID, Int> = [:], roundTrips: SortedMap<NodeID, Duration> = [:]
  ) {
    let peers = Array(Set(peers.isEmpty ? candidates : peers)).filter { $0 != limited }.sorted()
    let all = candidates.filter { $0 != limited }.map { node in
      Self.candidate(node, limited, peers, links, served[node] ?? 0)
    }
    self.candidates = all.sorted { left, right in
      switch Self.compare(left.rates, right.rates) {
      case .some(true): return true
      case .some(false): return false
      case nil:
        if let one = roundTrips[left.node], let other = roundTrips[right.node], one != other { return one < other }
        return left.node < right.node
      }
    }
  }

  private static func candidate(
    _ node: NodeID, _ limited: NodeID, _ peers: [NodeID], _ links: LinkMatrix, _ served: Int
  ) -> Candidate {
    // Its own line is shared by all that it serves.
    let share = links.fastest(of: node).map {
      BitRate(bitsPerSecond: $0.rate.bitsPerSecond / Int64(max(served, 0) + 1))
    }
    let last = links.between(node, limited).map { min($0.rate, share ?? $0.rate) }
    let pairs = peers.map { peer -> Pair in
      guard peer != node else { return Pair(peer: peer, rate: last, isLastLink: true) }
      guard let first = links.between(peer, node)?.rate, let last else {
        return Pair(peer: peer, rate: nil, isLastLink: last == nil)
      }
      return Pair(peer: peer, rate: min(first, last), isLastLink: last <= first)
    }
    return Candidate(node: node, pairs: pairs.sorted { ($0.bits, $0.peer) < ($1.bits, $1.peer) }, rate: last)
  }

  /// Whether the first is better; nil if they are equal. Both slowest first.
  static func compare(_ left: [Int64], _ right: [Int64]) -> Bool? {
    zip(left, right).first { $0 != $1 }.map { $0 > $1 }
  }

  /// By how much one candidate is better than another where they first differ, in thousandths: 1250 is a quarter more.
  /// 1000 if they are equal, `Int.max` beside nothing.
  public static func margin(of one: Candidate, over other: Candidate) -> Int {
    guard let (left, right) = zip(one.rates, other.rates).first(where: { $0 != $1 }) else { return 1000 }
    guard right > 0 else { return .max }
    return Int(clamping: left.multipliedReportingOverflow(by: 1000).partialValue / right)
  }
}

extension QueueChoice.Pair {
  /// Unknown is as bad as nothing.
  fileprivate var bits: Int64 { rate?.bitsPerSecond ?? 0 }
}

extension QueueChoice.Candidate {
  var rates: [Int64] { pairs.map { $0.rate?.bitsPerSecond ?? 0 } }
}

/// When a limited-VR leaves its queue-VR for a better one: not for noise, and not with all others at once.
public struct QueueMover: Sendable {
  public struct Settings: Hashable, Sendable {
    /// The better one is better by a quarter at least, twice in a row.
    public var marginMin = 1250
    public var lookAgain = Duration.seconds(5)
    /// A queue-VR is kept for so long, whatever comes.
    public var dwell = Duration.seconds(30)
    /// Others that moved to the same VR lately; with more of them this one waits.
    public var movesMax = 2
    public var waitMax = Duration.seconds(5)
    /// For so long a link may be unknown.
    public var patience = Duration.seconds(60)

    public init() {}
  }

  private let settings: Settings
  private var random: RandomSource
  private var moved: Instant?
  private var wish: (node: NodeID, since: Instant)?
  private var waitUntil = Instant.zero
  /// Since when the link to the one in use is not known.
  private var unmeasured: Instant?

  public init(settings: Settings = Settings(), random: RandomSource) {
    (self.settings, self.random) = (settings, random)
  }

  /// - Parameters:
  ///   - pinned: the operator's choice; it counts while it is among the candidates.
  ///   - recentMoves: how many others took the best candidate within the last ten seconds.
  /// - Returns: whom to take instead of `current`; nil to stay.
  public mutating func consider(
    _ choice: QueueChoice, current: NodeID?, pinned: NodeID?, recentMoves: (NodeID) -> Int, at now: Instant
  ) -> NodeID? {
    guard let best = choice.candidates.first else { return nil }
    if let pinned, choice.candidates.contains(where: { $0.node == pinned }) {
      return current == pinned ? nil : move(to: pinned, at: now)
    }
    guard let current, let held = choice.candidates.first(where: { $0.node == current }) else {
      return move(to: best.node, at: now)
    }
    if held.rate != nil { unmeasured = nil }
    if held.rate == nil {
      // It was taken before anything was measured: a comparison with nothing says nothing yet.
      let since = unmeasured ?? now
      unmeasured = since
      guard now - since >= settings.patience else { return nil }
    }
    guard best.node != current, QueueChoice.margin(of: best, over: held) >= settings.marginMin else {
      wish = nil
      return nil
    }
    if wish?.node != best.node { wish = (best.node, now) }
    guard let wish, now - wish.since >= settings.lookAgain, now >= waitUntil,
      moved.map({ now - $0 >= settings.dwell }) ?? true
    else { return nil }
    guard recentMoves(best.node) < settings.movesMax else {
      waitUntil = now + .seconds(1) + random.jitter(settings.waitMax)
      return nil
    }
    return move(to: best.node, at: now)
  }

  private mutating func move(to node: NodeID, at now: Instant) -> NodeID {
    (moved, wish) = (now, nil)
    return node
  }
}
