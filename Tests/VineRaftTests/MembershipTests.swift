import Testing
import VineBase

@testable import VineRaft

/// Thesis, chapter 4.
@Suite struct MembershipTests {
  @Test func `a learner gets the log and has no say`() {
    let group = Group(1)
    group.elect()
    group.propose("a", at: 1)
    group.add(2)
    group.input(.changeConfiguration(voters: group.voters(1), learners: group.voters(2)), to: 1)
    group.run(.seconds(1))
    #expect(group.applied(2) == [Array("a".utf8)])
    group.crash(2)
    group.propose("b", at: 1)
    #expect(group.applied(1).count == 2)
    group.crash(1)
    group.restart(2)
    group.run(.seconds(10))
    #expect(group.raft(2).role == .follower)
  }

  @Test func `nobody votes before it has caught up`() {
    let group = Group(1)
    group.elect()
    group.add(2)
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: 1)
    #expect(group.refused.map(\.1) == [.notCaughtUp(group.voter(2))])
    group.isolate(2)
    group.input(.changeConfiguration(voters: group.voters(1), learners: group.voters(2)), to: 1)
    group.run(.seconds(1))
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: 1)
    #expect(group.refused.map(\.1) == [.notCaughtUp(group.voter(2)), .notCaughtUp(group.voter(2))])
    group.heal()
    group.run(.seconds(1))
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: 1)
    group.run(.seconds(1))
    #expect(group.raft(1).configuration == Configuration(voters: group.voters(1, 2)))
    #expect(group.refused.count == 2)
  }

  @Test func `a group grows from one to five and shrinks to one`() {
    let group = Group(1)
    grow(group, to: 5)
    for number in 1...5 { #expect(group.raft(number).configuration.voters == group.voters(1, 2, 3, 4, 5)) }
    group.propose("five", at: group.elect())
    group.run(.seconds(1))
    for number in 1...5 { #expect(group.applied(number).last == Array("five".utf8)) }
    group.input(.changeConfiguration(voters: group.voters(4), learners: []), to: group.elect())
    group.run(.seconds(3))
    #expect(group.leader == 4)
    group.propose("one", at: 4)
    #expect(group.applied(4).last == Array("one".utf8))
  }

  @Test func `a configuration is in force when it is in the log, and needs both majorities`() {
    let group = Group(1)
    grow(group, to: 4)
    group.makeLead(1)
    group.input(.changeConfiguration(voters: group.voters(1), learners: []), to: 1)
    #expect(group.raft(1).configuration.isJoint)
    // The new majority is voter 1 alone; the old one is not there.
    group.isolate(1)
    group.run(.milliseconds(300))
    #expect(group.raft(1).configuration.isJoint)
    #expect(group.raft(1).commitIndex < group.raft(1).lastIndex)
    group.heal()
    group.run(.seconds(4))
    #expect(group.raft(group.elect()).commitIndex >= group.raft(1).commitIndex)
  }

  @Test func `cutting the log takes a configuration back`() {
    let group = Group(1)
    grow(group, to: 3)
    group.makeLead(1)
    let before = group.raft(1).configuration
    group.isolate(1)
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: 1)
    #expect(group.raft(1).configuration.isJoint)
    group.run(.seconds(4))
    group.heal()
    group.run(.seconds(2))
    #expect(group.raft(1).configuration == before)
    group.restart(1)
    group.run(.seconds(2))
    #expect(group.raft(1).configuration == before)
  }

  @Test func `one change at a time`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    group.isolate(leader)
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: leader)
    group.input(.changeConfiguration(voters: group.voters(1, 3), learners: []), to: leader)
    #expect(group.refused.map(\.1) == [.changeInFlight])
  }

  /// Raft-dev, July 2015: without this a leader could change a configuration that another change had left already.
  @Test func `a leader changes nothing before it has committed in its term`() {
    let group = Group(3)
    group.run(atMost: .seconds(5)) { group.leader != nil }
    let leader = group.leader ?? 0
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: leader)
    #expect(group.refused.map(\.1) == [.nothingCommittedYet])
  }

  @Test func `what is no configuration is refused`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(1))
    let eight = (1...8).map { VoterID(node: Group.node($0), store: StoreID(high: 0, low: UInt64($0))) }
    let otherStore = VoterID(node: Group.node(1), store: StoreID(high: 5, low: 5))
    for voters in [[], eight, [group.voter(1), otherStore], group.voters(1, 2, 3)] {
      group.input(.changeConfiguration(voters: voters, learners: []), to: leader)
    }
    #expect(
      group.refused.map(\.1) == [
        .unsound(.noVoters), .unsound(.tooManyVoters), .unsound(.oneNodeTwice), .unchanged,
      ])
  }

  @Test func `a leader that is left out leads until it is done, and another follows at once`() {
    let group = Group(1)
    grow(group, to: 4)
    group.makeLead(1)
    let change = group.now
    group.input(.changeConfiguration(voters: group.voters(2, 3, 4), learners: []), to: 1)
    #expect(group.run(atMost: .seconds(1)) { group.leader.map { $0 != 1 } ?? false })
    #expect(group.now - change < .milliseconds(300))
    #expect(group.raft(1).role != .leader)
    group.run(.seconds(1))
    #expect(group.raft(2).configuration == Configuration(voters: group.voters(2, 3, 4)))
  }

  @Test func `a voter that was removed disturbs nobody`() {
    let group = Group(1)
    grow(group, to: 4)
    group.makeLead(1)
    group.isolate(4)
    group.input(.changeConfiguration(voters: group.voters(1, 2, 3), learners: []), to: 1)
    group.run(.seconds(5))
    let term = group.raft(1).term
    group.heal()
    group.run(.seconds(20))
    #expect(group.raft(1).isLeader)
    #expect(group.raft(1).term == term)
  }

  @Test func `all voters can be replaced by others at once`() {
    let group = Group(1)
    grow(group, to: 3)
    for number in 4...6 { group.add(number) }
    let leader = group.elect()
    group.input(.changeConfiguration(voters: group.voters(1, 2, 3), learners: group.voters(4, 5, 6)), to: leader)
    group.run(.seconds(2))
    group.input(.changeConfiguration(voters: group.voters(4, 5, 6), learners: []), to: leader)
    group.run(.seconds(3))
    #expect(group.leader.map { $0 > 3 } == true)
    for number in 1...3 { group.crash(number) }
    group.propose("new", at: group.elect())
    group.run(.seconds(1))
    #expect(group.applied(5).last == Array("new".utf8))
  }

  @Test func `a reply of an earlier membership says nothing about the present one`() throws {
    let group = Group(1)
    grow(group, to: 3)
    group.makeLead(1)
    group.sent = []
    group.propose("a", at: 1)
    group.run(.seconds(1))
    let late = try #require(group.sent.last { $0.from == 3 && $0.to == 1 }?.message)
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: []), to: 1)
    group.run(.seconds(1))
    group.isolate(3)
    group.input(.changeConfiguration(voters: group.voters(1, 2), learners: group.voters(3)), to: 1)
    group.run(.milliseconds(50))
    group.input(.received(late, from: Group.node(3)), to: 1)
    #expect(group.raft(1).matchIndices.first { $0.0 == Group.node(3) }?.1 == .zero)
  }

  @Test func `a leader that finds a joint configuration in its log leaves it`() {
    let group = Group(1)
    grow(group, to: 4)
    group.makeLead(1)
    group.input(.changeConfiguration(voters: group.voters(1, 2, 3), learners: []), to: 1)
    // Everybody has the joint configuration, and nobody hears more of it.
    group.run(.milliseconds(11))
    group.crash(1)
    group.run(.seconds(3))
    let leader = group.elect()
    #expect(leader != 1)
    #expect(group.raft(leader).configuration == Configuration(voters: group.voters(1, 2, 3)))
  }

  /// Makes learners of new VRs, then voters.
  private func grow(_ group: Group, to count: Int) {
    group.elect()
    for number in 2...count {
      group.add(number)
      let present = (1..<number).map(group.voter)
      group.input(.changeConfiguration(voters: present, learners: [group.voter(number)]), to: group.elect())
      group.run(.seconds(1))
      group.input(
        .changeConfiguration(voters: present + [group.voter(number)], learners: []), to: group.elect())
      group.run(.seconds(1))
    }
    #expect(group.refused.isEmpty)
  }

  @Test func `a learner that has what a voter lacks leads them out of a change that its leader did not outlive`() {
    let group = Group(3)
    group.add(4)
    group.run(.milliseconds(1))
    let first = LogEntry(
      index: LogIndex(rawValue: 1), term: Term(rawValue: 1),
      payload: .configuration(Configuration(voters: group.voters(1, 2, 3), learners: group.voters(4))))
    let joint = LogEntry(
      index: LogIndex(rawValue: 2), term: Term(rawValue: 1),
      payload: .configuration(Configuration(voters: group.voters(1, 2, 3, 4), outgoing: group.voters(1, 2, 3))))
    let noop = LogEntry(index: LogIndex(rawValue: 2), term: Term(rawValue: 2), payload: .noop)
    // VR 1 goes by the change and needs 2 and 4; 2 does not know of it; for 4 it was taken back, and 3 is gone.
    _ = group.effects(of: append(after: 0, 0, [first, joint], commit: 1), in: 1, from: 3, to: 1)
    _ = group.effects(of: append(after: 0, 0, [first], commit: 1), in: 1, from: 3, to: 2)
    _ = group.effects(of: append(after: 0, 0, [first, joint], commit: 1), in: 1, from: 3, to: 4)
    _ = group.effects(of: append(after: 1, 1, [noop], commit: 1), in: 2, from: 3, to: 4)
    group.crash(3)
    group.run(.seconds(20))
    group.propose("on", at: group.elect())
    group.run(.seconds(1))
    #expect(group.applied(1) == [Array("on".utf8)])
    #expect(group.applied(2) == [Array("on".utf8)])
    #expect(group.raft(group.elect()).configuration.isVoter(group.voter(group.elect())), "who has no vote hands over")
  }
}
