import Testing
import VineBase

@testable import VineRaft

/// Messages may say anything: no trap, and what is committed stays.
@Suite struct HostileTests {
  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func `no message traps, and none takes back what is committed`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let group = Group(3, seed: seed)
    let leader = group.elect()
    group.propose("kept", at: leader)
    group.run(.seconds(1))
    for _ in 0..<300 {
      let target = random.int(in: 1..<4)
      let before = group.raft(target).commitIndex
      let kept = (0...before.rawValue).map { group.raft(target).log.term(at: LogIndex(rawValue: $0)) }
      let peer = random.int(in: 1..<5)
      var raft = group.raft(target)
      for _ in 0..<3 {
        let message = RaftMessage(
          epoch: .first, from: group.voter(peer).store, to: group.voter(target).store,
          term: Term(rawValue: number(&random)), body: body(&random, group))
        _ = raft.handle(.received(message, from: Group.node(peer)), at: group.now)
        _ = raft.handle(.wakeup, at: group.now + random.jitter(.seconds(3)))
      }
      #expect(raft.commitIndex >= before)
      if raft.snapshotIndex == .zero {
        #expect((0...before.rawValue).map { raft.log.term(at: LogIndex(rawValue: $0)) } == kept)
      }
    }
  }

  private func number(_ random: inout RandomSource) -> UInt64 {
    switch random.below(6) {
    case 0: random.next()
    case 1: UInt64(Int64.max) - random.below(3)
    case 2: UInt64.max
    default: random.below(6)
    }
  }

  private func body(_ random: inout RandomSource, _ group: Group) -> RaftMessage.Body {
    func index() -> LogIndex { LogIndex(rawValue: number(&random)) }
    func term() -> Term { Term(rawValue: number(&random)) }
    let session = ReplicationSession(rawValue: random.below(4))
    let round = ReadRound(rawValue: number(&random))
    let voters = [group.voters(1, 2), group.voters(2), []][random.int(in: 0..<3)]
    switch random.below(10) {
    case 0: return .preVote(VoteRequest(lastIndex: index(), lastTerm: term()))
    case 1: return .vote(VoteRequest(lastIndex: index(), lastTerm: term(), isTransfer: random.below(2) == 0))
    case 2: return .preVoteReply(granted: random.below(2) == 0)
    case 3: return .voteReply(granted: random.below(2) == 0)
    case 4:
      let previous = index()
      let entries = (0..<random.below(4)).map { offset in
        LogEntry(
          index: LogIndex(rawValue: previous.rawValue &+ 1 &+ offset), term: term(),
          payload: random.below(4) == 0 ? .configuration(Configuration(voters: voters)) : .noop)
      }
      return .append(
        Append(
          session: session, round: round, previousIndex: previous, previousTerm: term(), commit: index(),
          entries: entries))
    case 8:
      return .heartbeat(Heartbeat(session: session, commit: index(), wantsAnswer: random.below(2) == 0))
    case 9: return .heartbeatReply(session)
    case 5:
      let outcome: AppendReply.Outcome =
        random.below(2) == 0 ? .matched(index()) : .rejected(previous: index(), hint: index(), hintTerm: term())
      return .appendReply(AppendReply(session: session, round: round, outcome: outcome))
    case 6:
      return .install(
        SnapshotChunk(
          session: session, round: round, lastIndex: index(), lastTerm: term(),
          configuration: random.below(2) == 0 ? Configuration(voters: voters) : nil,
          offset: Int(truncatingIfNeeded: number(&random)), total: Int(truncatingIfNeeded: number(&random)),
          bytes: [UInt8](repeating: 1, count: random.int(in: 0..<4))))
    default:
      return .installReply(
        SnapshotReply(
          session: session, round: round, lastIndex: index(), next: Int(truncatingIfNeeded: number(&random))))
    }
  }
}
