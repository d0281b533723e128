import VineBase

/// Reads that wait until the leader knows that it still led when they came (ReadIndex, thesis 6.4).
///
/// One round of messages answers all reads that came before it began. The next begins when it has ended, so that many
/// reads cost one round each round-trip time.
struct ReadQueue: Sendable {
  private(set) var round = ReadRound.zero
  /// The leader's commit index when the read came; later if that was not known then.
  private var waiting: [Read] = []

  private struct Read: Sendable {
    let context: ReadContext
    let index: LogIndex
    /// Whose end answers it.
    let round: ReadRound
  }

  var count: Int { waiting.count }
  var contexts: [ReadContext] { waiting.map(\.context) }

  /// - Returns: whether a round has to begin.
  mutating func add(_ context: ReadContext, at index: LogIndex) -> Bool {
    let isUnderWay = waiting.contains { $0.round <= round }
    waiting.append(Read(context: context, index: index, round: round.next))
    if !isUnderWay { round = round.next }
    return !isUnderWay
  }

  /// - Returns: the reads that the quorum's round answers, and whether the next round has to begin.
  mutating func heard(_ quorum: ReadRound) -> (answered: [(ReadContext, LogIndex)], begins: Bool) {
    let answered = waiting.filter { $0.round <= quorum }
    waiting.removeAll { $0.round <= quorum }
    guard !answered.isEmpty, !waiting.isEmpty else { return (answered.map { ($0.context, $0.index) }, false) }
    round = round.next
    return (answered.map { ($0.context, $0.index) }, true)
  }
}

extension Raft {
  mutating func read(_ context: ReadContext, at now: Instant, _ out: inout Outbox) {
    guard let leadership else { return out.append(.refused(.read(context), .notLeader, leader: leader)) }
    guard leadership.reads.count < settings.readsMax else {
      return out.append(.refused(.read(context), .overloaded, leader: leader))
    }
    // What was committed before this term is known when the term's first entry is committed.
    let index = max(log.committed, leadership.firstIndex)
    if flaws.contains(.leaseRead), log.committed >= index, leaseHolds(at: now) {
      return out.append(.readable(context, index))
    }
    if self.leadership?.reads.add(context, at: index) == true {
      replicate(at: now, isHeartbeat: true, &out)
    }
    answerReads(at: now, &out)
  }

  /// Answers what a quorum has confirmed.
  mutating func answerReads(at now: Instant, _ out: inout Outbox) {
    guard let leadership, leadership.reads.count > 0, log.committed >= leadership.firstIndex else { return }
    let heard: (VoterID) -> ReadRound = {
      $0 == voter ? leadership.reads.round : leadership.progress[$0]?.round ?? .zero
    }
    guard let round = configuration.quorumValue(heard), let (answered, begins) = self.leadership?.reads.heard(round)
    else { return }
    for (context, index) in answered { out.append(.readable(context, index)) }
    if begins {
      replicate(at: now, isHeartbeat: true, &out)
      answerReads(at: now, &out)
    }
  }

  /// Who waits is told when the leader leads no more.
  mutating func abandonReads(_ out: inout Outbox) {
    for context in leadership?.reads.contexts ?? [] {
      out.append(.refused(.read(context), .notLeader, leader: nil))
    }
    leadership?.reads = ReadQueue()
  }

  private func leaseHolds(at now: Instant) -> Bool {
    isQuorum { $0 == voter || isHeard($0, at: now, within: settings.quorumPatience) }
  }
}
