import Testing
import VineBase

@testable import VineRaft

/// Who speaks, and to whom: a voter is a VR with one store, in one epoch.
@Suite struct IdentityTests {
  @Test func `a VR that lost its disk does not vote for the voter that it was`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    _ = group.effects(of: .vote(vote(0, 0)), in: 5, from: 2, to: 1)
    let old = group.voter(1)
    group.add(1)
    let message = RaftMessage(
      epoch: .first, from: group.voter(3).store, to: old.store, term: Term(rawValue: 5), body: .vote(vote(9, 4)))
    group.sent = []
    group.input(.received(message, from: Group.node(3)), to: 1)
    #expect(group.sent.isEmpty)
    #expect(group.raft(1).hardState == .initial)
  }

  @Test func `a VR that lost its disk votes again as a new member`() {
    let group = Group(3)
    let leader = group.elect()
    let lost = leader % 3 + 1
    let old = group.voter(lost)
    group.propose("a", at: leader)
    group.add(lost)
    group.run(.seconds(3))
    #expect(group.applied(lost).isEmpty)
    let others = [1, 2, 3].filter { $0 != lost }.map(group.voter)
    group.input(.changeConfiguration(voters: others, learners: group.voters(lost)), to: leader)
    group.run(.seconds(2))
    group.input(.changeConfiguration(voters: others + group.voters(lost), learners: []), to: leader)
    group.run(.seconds(2))
    #expect(!group.raft(leader).configuration.voters.contains(old))
    #expect(group.raft(leader).configuration.voters.contains(group.voter(lost)))
    #expect(group.applied(lost) == [Array("a".utf8)])
  }

  @Test func `messages of another epoch are dropped`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    let message = RaftMessage(
      epoch: Epoch(rawValue: 2), from: group.voter(2).store, to: group.voter(1).store, term: Term(rawValue: 9),
      body: append(after: 0, 0, [entry(1, 9, "a")]))
    group.input(.received(message, from: Group.node(2)), to: 1)
    #expect(group.raft(1).term == .zero)
    #expect(group.raft(1).lastIndex == .zero)
  }

  @Test func `identities come back from their bytes and sort by them`() throws {
    var random = RandomSource(seed: 1)
    for _ in 0..<100 {
      let (one, two) = (StoreID(high: random.next(), low: random.next()), StoreID(high: random.next(), low: 1))
      #expect(StoreID(one.bytes) == one)
      #expect((one < two) == one.bytes.lexicographicallyPrecedes(two.bytes))
    }
    #expect(StoreID([UInt8](repeating: 0, count: 15)) == nil)
  }
}
