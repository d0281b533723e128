import Testing
import VineBase

@testable import VineRaft

/// Raft paper 5.3 and 5.4; thesis 10.2.
@Suite struct ReplicationTests {
  @Test func `what is committed reaches every state machine in one order`() {
    let group = Group(5)
    let leader = group.elect()
    for number in 0..<20 { group.propose("\(number)", at: leader) }
    group.run(.seconds(1))
    for number in 1...5 { #expect(group.applied(number) == (0..<20).map { Array("\($0)".utf8) }) }
  }

  @Test func `proposals of one batch are one write and one message to each follower`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    (group.sent, group.writes) = ([], [:])
    group.input(.propose((0..<8).map { [UInt8($0)] }), to: leader)
    #expect(group.writes[leader]?.map(\.entries.count) == [8])
    #expect(group.sent.count == 2)
  }

  @Test func `a leader counts itself only for what is on its disk`() {
    let group = Group(3)
    let leader = group.elect()
    let follower = leader % 3 + 1
    group.isolate(follower % 3 + 1)
    group.run(.milliseconds(300))
    group.holdDisk(leader)
    group.propose("a", at: leader)
    group.run(.milliseconds(200))
    #expect(group.applied(leader).isEmpty)
    group.releaseDisk(leader)
    #expect(group.applied(leader) == [Array("a".utf8)])
  }

  @Test func `a majority of followers commits while the leader's own disk is slow`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    group.holdDisk(leader)
    group.propose("a", at: leader)
    group.run(.milliseconds(100))
    #expect(group.raft(leader).commitIndex == group.raft(leader).lastIndex)
  }

  @Test func `a follower acknowledges only what is on its disk`() throws {
    let group = Group(3)
    group.run(.milliseconds(1))
    let effects = group.effects(of: append(after: 0, 0, [entry(1, 1, "a")], commit: 1), in: 1, from: 2, to: 1)
    let persist = try #require(effects.lastIndex { if case .persist = $0 { true } else { false } })
    #expect(try persist < #require(effects.firstSend))
  }

  @Test func `entries that contradict a leader are cut and replaced`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    let old = [entry(1, 1, "a"), entry(2, 1, "b"), entry(3, 1, "c")]
    _ = group.effects(of: append(after: 0, 0, old, commit: 1), in: 1, from: 2, to: 1)
    _ = group.effects(of: append(after: 1, 1, [entry(2, 2, "B")], commit: 2), in: 2, from: 3, to: 1)
    #expect(group.raft(1).lastIndex == LogIndex(rawValue: 2))
    #expect(group.members[1]?.disk.entries == [old[0], entry(2, 2, "B")])
    #expect(group.applied(1) == [Array("a".utf8), Array("B".utf8)])
  }

  @Test func `a late message takes nothing back`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    let all = [entry(1, 1, "a"), entry(2, 1, "b")]
    _ = group.effects(of: append(after: 0, 0, all), in: 1, from: 2, to: 1)
    _ = group.effects(of: append(after: 0, 0, [all[0]]), in: 1, from: 2, to: 1)
    #expect(group.raft(1).lastIndex == LogIndex(rawValue: 2))
  }

  @Test func `a follower commits no further than the leader compared`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    _ = group.effects(of: append(after: 0, 0, [entry(1, 1, "a"), entry(2, 1, "b")]), in: 1, from: 2, to: 1)
    _ = group.effects(of: append(after: 1, 1, [], commit: 2), in: 3, from: 3, to: 1)
    #expect(group.raft(1).commitIndex == LogIndex(rawValue: 1))
  }

  /// Raft paper, figure 8.
  @Test func `an entry of an older term is committed by no count`() {
    let group = Group(5)
    group.makeLead(1)
    group.isolate([1, 2], from: [3, 4, 5])
    group.propose("old", at: 1)
    group.run(.milliseconds(50))
    #expect(group.raft(2).lastIndex == group.raft(1).lastIndex)
    let index = group.raft(1).lastIndex
    group.run(.seconds(4))
    // The leader of the others has another entry at that place.
    #expect(group.leader.map { group.raft($0).log.term(at: index) ?? .zero } != group.raft(1).log.term(at: index))
    group.heal()
    group.run(.seconds(5))
    for number in 1...5 { #expect(group.applied(number).isEmpty) }
  }

  @Test func `a log that lies far behind is found in few steps`() {
    let group = Group(3)
    group.makeLead(1)
    group.isolate([1], from: [2, 3])
    for number in 0..<200 { group.propose("lost \(number)", at: 1) }
    group.run(.seconds(4))
    let leader = group.elect()
    for number in 0..<200 { group.propose("kept \(number)", at: leader) }
    group.run(.seconds(1))
    group.sent = []
    group.heal()
    #expect(group.run(atMost: .seconds(3)) { group.raft(1).commitIndex == group.raft(leader).commitIndex })
    let rejections = group.sent.filter {
      if case .appendReply(let reply) = $0.message.body, case .rejected = reply.outcome { true } else { false }
    }
    #expect(rejections.count < 10)
    #expect(group.applied(1).count == 200)
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `what is lost on the way is sent again`(seed: UInt64) {
    let group = Group(3, seed: seed)
    let leader = group.elect()
    group.lossPerCent = 20
    for number in 0..<100 {
      group.propose("\(number)", at: leader)
      group.run(.milliseconds(5))
    }
    group.lossPerCent = 0
    group.run(.seconds(8))
    #expect(group.history.count >= 100 || group.leaders.count > 1)
    let ends = (1...3).map { group.raft($0).commitIndex }
    #expect(ends[0] == ends[1])
    #expect(ends[1] == ends[2])
  }

  @Test func `what is on its way to a follower is bounded`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    group.isolate(leader)
    group.sent = []
    for _ in 0..<200 { group.input(.propose([[UInt8](repeating: 7, count: 800)]), to: leader) }
    let settings = RaftSettings()
    #expect(group.sent.count <= 2 * settings.inflightMax)
  }

  @Test func `a leader without a quorum takes no more than its memory holds`() {
    let group = Group(3)
    let leader = group.elect()
    group.isolate(leader)
    for _ in 0..<1300 { group.input(.propose([[UInt8](repeating: 7, count: 900)]), to: leader) }
    #expect(group.refused.contains { $0.1 == .overloaded })
    #expect(group.refused.count < 300)
  }

  @Test func `a command that fits no message is refused`() {
    let group = Group(1)
    group.elect()
    group.input(.propose([[UInt8](repeating: 1, count: 901), [2]]), to: 1)
    #expect(group.refused.map(\.1) == [.commandTooLong(max: 900)])
    #expect(group.applied(1) == [[2]])
  }

  @Test func `whoever does not lead names the leader`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    let follower = leader % 3 + 1
    group.propose("a", at: follower)
    #expect(group.refused.map(\.1) == [.notLeader])
    #expect(group.refused[0].2 == group.voter(leader))
  }

  @Test func `a messages's entries fit one datagram`() {
    let group = Group(3)
    let leader = group.elect()
    group.isolate(leader % 3 + 1)
    for number in 0..<100 { group.input(.propose([[UInt8](repeating: UInt8(number), count: 300)]), to: leader) }
    group.heal()
    group.run(.seconds(2))
    for case .append(let append) in group.sent.map(\.message.body) {
      #expect(append.entries.reduce(0) { $0 + $1.byteCount } <= RaftSettings().entriesByteCountMax)
    }
  }
}
