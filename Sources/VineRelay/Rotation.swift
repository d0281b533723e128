import VineBase

/// Whose turn it is among the candidates, and how long to pause after a failure.
///
/// A candidate has `failuresMax` tries; then the next has its turn, from the first pause on. The pauses of a second
/// round go on where those of the first ended, so that a list of dead endpoints is not hammered.
struct Rotation: Sendable {
  /// The candidate being tried or used.
  private(set) var current: QueueCandidate?
  private var candidates: [QueueCandidate] = []
  private var failures = 0
  private var rounds = 0

  /// The candidate in use stays in use; its place in the new list is looked up when the turn passes on.
  /// - Returns: whether it is not in the new list, so that the turn is with the first again.
  mutating func replace(_ candidates: [QueueCandidate]) -> Bool {
    self.candidates = candidates
    if let current, candidates.contains(current) { return false }
    (failures, rounds) = (0, 0)
    return true
  }

  mutating func restart() { (current, failures, rounds) = (nil, 0, 0) }

  /// The candidate to dial; nil if there is none.
  mutating func next() -> QueueCandidate? {
    if let current, candidates.contains(current) { return current }
    current = candidates.first
    return current
  }

  /// Whether the VR in use may stay: it is in the list, or it answered at a bootstrap endpoint that is.
  func serves(_ node: NodeID) -> Bool {
    candidates.contains { $0.node == node || ($0.node == nil && $0 == current) }
  }

  /// A session came up.
  mutating func succeeded() { (failures, rounds) = (0, 0) }

  /// Counts a failure and passes the turn on where it is due.
  /// - Returns: the pause before the next try, without jitter.
  mutating func failed(_ settings: ChannelKeeper.Settings) -> Duration {
    let doublings = failures + rounds * settings.failuresMax
    failures += 1
    if failures >= settings.failuresMax { passOn() }
    // Past 2^20 any back-off is beyond its maximum.
    return min(settings.backOff * (1 << min(doublings, 20)), settings.backOffMax)
  }

  private mutating func passOn() {
    failures = 0
    let position = current.flatMap { candidates.firstIndex(of: $0) } ?? candidates.count
    let isLast = position + 1 >= candidates.count
    if isLast { rounds += 1 }
    current = isLast ? candidates.first : candidates[position + 1]
  }
}
