import Testing
import VineBase

@testable import VineRaft

/// Raft paper 5.2 and 5.4.1; thesis 4.2.3, 6.2 and 9.6.
@Suite struct ElectionTests {
  @Test func `a single voter leads at once and commits alone`() {
    let group = Group(1)
    group.run(.milliseconds(1))
    #expect(group.leader == 1)
    group.propose("a", at: 1)
    #expect(group.applied(1) == [Array("a".utf8)])
  }

  @Test(arguments: [2, 3, 5, 7], 1...10 as ClosedRange<UInt64>)
  func `some voters elect a leader within three seconds`(count: Int, seed: UInt64) {
    let group = Group(count, seed: seed)
    #expect(group.run(atMost: .seconds(3)) { group.leader != nil })
  }

  @Test func `whoever has heard from no group waits`() {
    let group = Group(1)
    group.add(2)
    group.run(.seconds(10))
    #expect(group.raft(2).role == .follower)
    #expect(group.raft(2).nextWakeup == nil)
  }

  @Test func `followers elect another leader when theirs is gone`() {
    let group = Group(3)
    let first = group.elect()
    group.crash(first)
    group.run(.seconds(3))
    #expect(group.leader != nil)
    #expect(group.leader != first)
  }

  @Test func `a vote is durable before it is given`() throws {
    let group = Group(3)
    group.run(.milliseconds(1))
    let effects = group.effects(of: .vote(vote(0, 0)), in: 1, from: 2, to: 1)
    #expect(effects.bodies == [.voteReply(granted: true)])
    #expect(try #require(effects.firstPersist) < #require(effects.firstSend))
    #expect(group.members[1]?.disk.hardState == HardState(term: Term(rawValue: 1), votedFor: group.voter(2)))
  }

  @Test func `a candidate's own vote is durable before it asks for others`() throws {
    let group = Group(2)
    group.run(.milliseconds(1))
    group.run(atMost: .seconds(3)) { group.raft(1).role == .preCandidate || group.raft(2).role == .preCandidate }
    let number = group.raft(1).role == .preCandidate ? 1 : 2
    let effects = group.effects(of: .preVoteReply(granted: true), in: 1, from: 3 - number, to: number)
    #expect(try #require(effects.firstPersist) < #require(effects.firstSend))
    #expect(group.members[number]?.disk.hardState.votedFor == group.voter(number))
  }

  @Test func `nobody votes twice in a term, not even after a restart`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    _ = group.effects(of: .vote(vote(0, 0)), in: 5, from: 2, to: 1)
    #expect(group.effects(of: .vote(vote(9, 4)), in: 5, from: 3, to: 1).bodies == [.voteReply(granted: false)])
    group.restart(1)
    #expect(group.effects(of: .vote(vote(9, 4)), in: 5, from: 3, to: 1).bodies == [.voteReply(granted: false)])
    #expect(group.effects(of: .vote(vote(0, 0)), in: 5, from: 2, to: 1).bodies == [.voteReply(granted: true)])
  }

  @Test(
    arguments: [(1, 9, false), (2, 1, false), (2, 2, true), (2, 3, true), (3, 1, true)] as [(UInt64, UInt64, Bool)])
  func `a vote goes only to a log that is as up to date`(lastTerm: UInt64, lastIndex: UInt64, granted: Bool) {
    let group = Group(3)
    group.run(.milliseconds(1))
    _ = group.effects(of: append(after: 0, 0, [entry(1, 2, "a"), entry(2, 2, "b")]), in: 2, from: 2, to: 1)
    group.isolate(1)
    group.run(.seconds(1))
    let term = group.raft(1).term.next.rawValue + 5
    let bodies = group.effects(of: .vote(vote(lastIndex, lastTerm)), in: term, from: 3, to: 1).bodies
    #expect(bodies == [.voteReply(granted: granted)])
  }

  @Test func `whoever hears a leader neither votes nor learns of a term`() {
    let group = Group(3)
    let leader = group.elect()
    let follower = leader % 3 + 1
    let other = follower % 3 + 1
    let term = group.raft(follower).term
    #expect(group.effects(of: .vote(vote(99, 99)), in: 99, from: other, to: follower).bodies.isEmpty)
    #expect(group.raft(follower).term == term)
    #expect(
      group.effects(of: .preVote(vote(99, 99)), in: 99, from: other, to: follower).bodies
        == [.preVoteReply(granted: false)])
  }

  @Test func `a voter that was cut off raises no term and disturbs nobody when it is back`() {
    let group = Group(3)
    let leader = group.elect()
    let lonely = leader % 3 + 1
    let term = group.raft(leader).term
    group.isolate(lonely)
    group.run(.seconds(60))
    #expect(group.raft(lonely).term == term)
    group.heal()
    group.run(.seconds(5))
    #expect(group.leader == leader)
    #expect(group.raft(leader).term == term)
  }

  @Test func `a leader without a quorum steps down`() {
    let group = Group(5)
    let leader = group.elect()
    group.isolate(leader)
    group.run(.seconds(2))
    #expect(group.raft(leader).role != .leader)
  }

  /// Without check-quorum the old leader would keep the hub from voting for ever (partial partition, as met by
  /// Cloudflare in 2020).
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `who alone reaches all others comes to lead`(seed: UInt64) {
    let group = Group(5, seed: seed)
    let leader = group.elect()
    let hub = leader % 5 + 1
    group.run(.seconds(1))
    let others = (1...5).filter { $0 != hub }
    for one in others { group.isolate([one], from: others.filter { $0 != one }) }
    #expect(group.run(atMost: .seconds(15)) { group.raft(hub).isLeader })
    group.propose("a", at: hub)
    group.run(.seconds(1))
    #expect(group.applied(hub).last == Array("a".utf8))
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `without its leader a group of five commits again within two seconds`(seed: UInt64) {
    let group = Group(5, seed: seed)
    let leader = group.elect()
    group.run(.seconds(2))
    group.crash(leader)
    let before = group.leaders.count
    #expect(group.run(atMost: .seconds(2)) { group.leaders.count > before })
    #expect(
      group.run(atMost: .milliseconds(100)) {
        group.leader.map { group.raft($0).commitIndex == group.raft($0).lastIndex } ?? false
      })
  }
}
