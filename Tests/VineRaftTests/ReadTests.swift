import Testing
import VineBase

@testable import VineRaft

/// ReadIndex (thesis 6.4).
@Suite struct ReadTests {
  @Test func `a read is answered after one round and sees what was committed before it`() {
    let group = Group(3)
    let leader = group.elect()
    group.propose("a", at: leader)
    group.run(.seconds(1))
    let began = group.now
    group.input(.read(ReadContext(rawValue: 7)), to: leader)
    #expect(group.readable.isEmpty)
    group.run(atMost: .seconds(1)) { !group.readable.isEmpty }
    #expect(group.readable == [ReadContext(rawValue: 7): group.raft(leader).commitIndex])
    #expect(group.now - began == Group.latency * 2)
  }

  @Test func `a leader that was replaced answers no read, whatever its clock says`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    group.isolate(leader)
    group.input(.read(ReadContext(rawValue: 1)), to: leader)
    group.run(.seconds(5))
    #expect(group.readable.isEmpty)
    #expect(group.refused.contains { $0.0 == .read(ReadContext(rawValue: 1)) })
  }

  @Test func `a leader that has committed nothing yet waits until it knows what was committed`() {
    let group = Group(3)
    group.run(atMost: .seconds(5)) { group.leader != nil }
    let leader = group.leader ?? 0
    group.input(.read(ReadContext(rawValue: 1)), to: leader)
    group.run(.seconds(1))
    #expect(group.readable[ReadContext(rawValue: 1)] == LogIndex(rawValue: 1))
  }

  @Test func `many reads share rounds`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.milliseconds(150))
    group.sent = []
    for number in 0..<100 { group.input(.read(ReadContext(rawValue: UInt64(number))), to: leader) }
    group.run(.milliseconds(60))
    #expect(group.readable.count == 100)
    #expect(group.sent.filter { $0.from == leader }.count <= 6)
  }

  @Test func `a single voter answers at once`() {
    let group = Group(1)
    group.elect()
    group.input(.read(ReadContext(rawValue: 1)), to: 1)
    #expect(group.readable.count == 1)
  }

  @Test func `a follower reads nothing`() {
    let group = Group(3)
    let leader = group.elect()
    group.input(.read(ReadContext(rawValue: 1)), to: leader % 3 + 1)
    #expect(group.refused.map(\.1) == [.notLeader])
  }
}
