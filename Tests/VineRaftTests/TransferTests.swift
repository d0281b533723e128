import Testing
import VineBase

@testable import VineRaft

/// Leadership transfer (thesis 3.10).
@Suite struct TransferTests {
  @Test func `leadership goes to the voter that was named, within a few round trips`() {
    let group = Group(5)
    let leader = group.elect()
    group.run(.seconds(1))
    let target = leader % 5 + 1
    let began = group.now
    group.input(.transfer(to: group.voter(target)), to: leader)
    #expect(group.run(atMost: .seconds(1)) { group.leader == target })
    #expect(group.now - began <= Group.latency * 4)
  }

  @Test func `the target has everything before it is told to begin`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    let target = leader % 3 + 1
    for number in 0..<20 { group.propose("\(number)", at: leader) }
    group.input(.transfer(to: group.voter(target)), to: leader)
    group.run(.seconds(1))
    #expect(group.leader == target)
    #expect(group.applied(target).count == 20)
  }

  @Test func `nothing is taken meanwhile, and all goes on if the target does not come`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    let target = leader % 3 + 1
    group.isolate(target)
    group.propose("a", at: leader)
    group.input(.transfer(to: group.voter(target)), to: leader)
    group.propose("b", at: leader)
    #expect(group.refused.map(\.1) == [.transferring])
    group.run(.seconds(2))
    group.propose("c", at: leader)
    group.run(.seconds(1))
    #expect(group.applied(leader) == [Array("a".utf8), Array("c".utf8)])
  }

  @Test func `only a voter takes over`() {
    let group = Group(3)
    let leader = group.elect()
    group.input(.transfer(to: group.voter(leader)), to: leader)
    group.input(.transfer(to: VoterID(node: Group.node(8), store: StoreID(high: 0, low: 8))), to: leader)
    group.input(.transfer(to: nil), to: leader % 3 + 1)
    #expect(group.refused.map(\.1) == [.notAVoter, .notAVoter, .notLeader])
  }

  @Test func `without a name it goes to who has most`() {
    let group = Group(3)
    let leader = group.elect()
    group.isolate(leader % 3 + 1)
    group.propose("a", at: leader)
    group.run(.milliseconds(200))
    group.input(.transfer(to: nil), to: leader)
    group.run(.seconds(1))
    #expect(group.leader == (leader % 3 + 1) % 3 + 1)
  }
}
