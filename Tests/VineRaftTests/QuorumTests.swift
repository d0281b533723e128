import Testing
import VineBase
import VineRaft

/// The arithmetic of quorums beside a second, deliberately dumb one that counts by hand.
@Suite struct QuorumTests {
  /// Counts heads in each group; knows no sorting and no middle.
  private func decidesByCounting(_ configuration: RaftConfiguration, _ holders: Set<NodeID>) -> Bool {
    var groups = [configuration.voters]
    if configuration.isJoint { groups.append(configuration.outgoing) }
    for group in groups {
      var (yes, no) = (0, 0)
      for voter in group { if holders.contains(voter) { yes += 1 } else { no += 1 } }
      if yes <= no { return false }
    }
    return true
  }

  private func configuration(_ random: inout RandomSource) -> RaftConfiguration {
    func some(_ most: Int) -> [NodeID] {
      (0..<random.int(in: 0..<(most + 1))).map { _ in node(random.int(in: 1..<10)) }
    }
    let voters = [node(random.int(in: 1..<10))] + some(6)
    return RaftConfiguration(voters: voters, outgoing: some(7), learners: some(4))
  }

  @Test func `a quorum is a majority of the voters, and of the outgoing ones, too, while there are any`() {
    var random = RandomSource(seed: 1)
    for _ in 0..<5000 {
      let configuration = configuration(&random)
      let holders = Set((0..<random.int(in: 0..<10)).map { _ in node(random.int(in: 1..<10)) })
      #expect(configuration.isQuorum(holders.contains) == decidesByCounting(configuration, holders))
    }
  }

  @Test func `what is agreed on is the highest index that a quorum has`() {
    var random = RandomSource(seed: 2)
    for _ in 0..<5000 {
      let configuration = configuration(&random)
      var match: [NodeID: UInt64] = [:]
      for number in 1..<10 { match[node(number)] = random.below(6) }
      let highest = (0...5 as ClosedRange<UInt64>).last { index in
        decidesByCounting(configuration, Set(match.filter { $0.value >= index }.keys))
      }
      #expect(configuration.agreed { LogIndex(rawValue: match[$0] ?? 0) }.rawValue == highest)
    }
  }

  @Test func `two quorums of one configuration, and of neighbours in a change, have a voter in common`() {
    var random = RandomSource(seed: 3)
    for _ in 0..<2000 {
      let before = RaftConfiguration(voters: configuration(&random).voters)
      let joint = RaftConfiguration(voters: configuration(&random).voters, outgoing: before.voters)
      let after = RaftConfiguration(voters: joint.voters)
      for (one, other) in [(before, before), (before, joint), (joint, joint), (joint, after)] {
        let (left, right) = (quorum(of: one, &random), quorum(of: other, &random))
        #expect(!left.isDisjoint(with: right))
      }
    }
  }

  private func quorum(of configuration: RaftConfiguration, _ random: inout RandomSource) -> Set<NodeID> {
    var holders: Set<NodeID> = []
    for voter in random.shuffled(configuration.allVoters) where !configuration.isQuorum(holders.contains) {
      holders.insert(voter)
    }
    return holders
  }

  @Test func `whoever is given twice counts once, and no voter is a learner`() {
    let configuration = RaftConfiguration(
      voters: [node(2), node(1), node(2)], outgoing: [node(3)], learners: [node(1), node(3), node(4), node(4)])
    #expect(configuration.voters == [node(1), node(2)])
    #expect(configuration.learners == [node(4)])
    #expect(configuration.members == [node(1), node(2), node(3), node(4)])
  }
}
