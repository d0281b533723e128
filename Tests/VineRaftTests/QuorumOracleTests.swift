import Testing
import VineBase

@testable import VineRaft

/// Quorum arithmetic beside an implementation that counts on its fingers.
@Suite struct QuorumOracleTests {
  /// Every subset of the voters that is a quorum contains more than half, by listing them all.
  struct Oracle {
    let voters: [Int]
    let outgoing: [Int]

    func isQuorum(_ chosen: Set<Int>) -> Bool {
      guard !voters.isEmpty else { return false }
      return [voters, outgoing].allSatisfy { half in
        var (with, without) = (0, 0)
        for voter in half { if chosen.contains(voter) { with += 1 } else { without += 1 } }
        return half.isEmpty || with > without
      }
    }

    /// The largest index that is tried from above and found with a quorum.
    func committed(_ match: [Int: UInt64]) -> UInt64? {
      guard !voters.isEmpty else { return nil }
      for index in stride(from: match.values.max() ?? 0, through: 0, by: -1)
      where isQuorum(Set(match.filter { $0.value >= index }.keys)) {
        return index
      }
      return 0
    }
  }

  @Test(arguments: 1...2000 as ClosedRange<UInt64>)
  func `majorities and commit indices are those of the oracle`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let pool = Array(1...9)
    let voters = Array(random.shuffled(pool).prefix(random.int(in: 0..<8)))
    let outgoing = random.below(2) == 0 ? [] : Array(random.shuffled(pool).prefix(random.int(in: 1..<8)))
    let oracle = Oracle(voters: voters, outgoing: voters.isEmpty ? [] : outgoing)
    let configuration = Configuration(voters: oracle.voters.map(id), outgoing: oracle.outgoing.map(id))
    let chosen = Set(pool.filter { _ in random.below(2) == 0 })
    #expect(configuration.isQuorum { chosen.contains(number($0)) } == oracle.isQuorum(chosen))
    let match = Dictionary(uniqueKeysWithValues: pool.map { ($0, random.below(12)) })
    #expect(configuration.quorumValue { match[number($0)] ?? 0 } == oracle.committed(match))
  }

  @Test func `two quorums of one configuration share a voter, also when it is joint`() {
    for (voters, outgoing) in [([1, 2, 3], []), ([1, 2, 3, 4], []), ([1, 2], [2, 3, 4]), ([5], [1, 2, 3])] {
      let configuration = Configuration(voters: voters.map(id), outgoing: outgoing.map(id))
      let all = Array(Set(voters + outgoing)).sorted()
      let subsets = (0..<1 << all.count).map { bits in Set(all.indices.filter { bits >> $0 & 1 == 1 }.map { all[$0] }) }
      let quorums = subsets.filter { set in configuration.isQuorum { set.contains(number($0)) } }
      for one in quorums { for two in quorums { #expect(!one.isDisjoint(with: two)) } }
      #expect(!quorums.isEmpty)
    }
  }

  private func id(_ number: Int) -> VoterID {
    VoterID(node: Group.node(number), store: StoreID(high: 0, low: UInt64(number)))
  }

  private func number(_ voter: VoterID) -> Int { Int(voter.node.bytes[0]) }
}
