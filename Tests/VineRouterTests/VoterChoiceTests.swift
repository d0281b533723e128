import Testing
import VineBase
import VineRaft

@testable import VineRouter

@Suite struct VoterChoiceTests {
  private static func voter(_ byte: Int) -> VoterID {
    guard let node = NodeID([UInt8](repeating: UInt8(byte), count: 32)) else { preconditionFailure("32 bytes") }
    return VoterID(node: node, store: StoreID(high: 0, low: UInt64(byte)))
  }

  /// A group whose leader is voter 1, and the VRs around it. Learners catch up a second after they were named.
  private struct Group {
    var choice = VoterChoice()
    var configuration: Configuration
    var now = Instant.zero + .seconds(1000)
    var publicOnes: [Int]
    var limitedOnes: [Int] = []
    var silent: [Int] = []
    var revoked: [Int] = []
    var slow: [Int] = []
    /// VRs that came later than the others, and when.
    var since: [Int: Instant] = [:]
    var history: [Configuration] = []

    init(voters: [Int], publicOnes: [Int]) {
      configuration = Configuration(voters: voters.map(voter))
      self.publicOnes = publicOnes
    }

    var voters: [Int] { configuration.voters.map { Int($0.node.bytes[0]) } }

    mutating func run(_ seconds: Int) {
      for _ in 0..<seconds {
        now = now + .seconds(1)
        guard let step = step(), isTaken(step) else { continue }
        configuration = Configuration(voters: step.voters, learners: step.learners)
        history.append(configuration)
      }
    }

    /// As the consensus has it: whoever is to vote was a learner before.
    private func isTaken(_ step: VoterChoice.Step) -> Bool {
      step.learners.count <= Configuration.learnersMax
        && step.voters.allSatisfy { configuration.voters.contains($0) || configuration.learners.contains($0) }
    }

    private mutating func step() -> VoterChoice.Step? {
      let candidates = (publicOnes + limitedOnes).filter { !silent.contains($0) && !revoked.contains($0) }.map {
        VoterChoice.Candidate(
          voter: voter($0), isPublic: publicOnes.contains($0), since: since[$0] ?? .zero)
      }
      let members = configuration.members.filter { $0 != voter(1) }.map { member in
        let number = Int(member.node.bytes[0])
        return MemberStatus(
          voter: member, match: LogIndex(rawValue: 1), isCaughtUp: !slow.contains(number),
          silence: silent.contains(number) ? .seconds(60) : .zero)
      }
      let gone = revoked.map(voter)
      return choice.step(
        from: configuration, leader: voter(1), members: members, candidates: candidates,
        isAdmitted: { node in !gone.contains { $0.node == node } }, at: now)
    }
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (6, 5), (20, 5), (127, 5), (128, 7), (200, 7)])
  func `as many vote as survive most losses for the fewest messages`(vrs: Int, expected: Int) {
    var group = Group(voters: [1], publicOnes: Array(1...vrs))
    group.run(10)
    #expect(group.voters.count == expected && group.voters.contains(1))
    #expect(group.configuration.learners.isEmpty)
  }

  @Test(arguments: [5, 50, 200])
  func `whoever votes has learned the log first, and no even number ever votes`(vrs: Int) {
    var group = Group(voters: [1], publicOnes: Array(1...vrs))
    group.run(10)
    for (before, after) in zip(group.history, group.history.dropFirst()) {
      for voter in after.voters where !before.voters.contains(voter) { #expect(before.learners.contains(voter)) }
    }
    #expect(group.history.allSatisfy { !$0.voters.count.isMultiple(of: 2) })
  }

  @Test func `limited VRs vote as the third beside two public ones, and give way to a public one`() {
    var alone = Group(voters: [1], publicOnes: [1])
    alone.limitedOnes = [2, 3, 4, 5]
    alone.run(10)
    #expect(alone.voters == [1])

    var group = Group(voters: [1], publicOnes: [1, 5])
    group.limitedOnes = [2, 3, 4]
    group.run(10)
    #expect(group.voters == [1, 2, 5])
    group.publicOnes.append(6)
    group.run(10)
    #expect(group.voters == [1, 5, 6])
  }

  @Test func `a VR that has just come is not asked, unless a voter is to be replaced`() {
    var group = Group(voters: [1, 2, 3], publicOnes: [1, 2, 3, 4, 5])
    (group.since[4], group.since[5]) = (group.now, group.now)
    group.run(20)
    #expect(group.voters == [1, 2, 3])
    group.silent = [3]
    group.run(5)
    #expect(group.voters == [1, 2, 4])
    group.run(20)
    #expect(group.voters.count == 3)
  }

  @Test func `a dead voter is replaced; without a replacement it keeps its vote`() {
    var group = Group(voters: [1, 2, 3], publicOnes: [1, 2, 3])
    group.silent = [2]
    group.run(200)
    #expect(group.voters == [1, 2, 3] && group.history.isEmpty)
    group.publicOnes.append(4)
    group.run(5)
    #expect(group.voters == [1, 3, 4])
  }

  @Test func `fewer vote when that survives more losses, but never fewer than three`() {
    var group = Group(voters: [1, 2, 3, 4, 5], publicOnes: [1, 2, 3, 4, 5])
    group.silent = [5]
    group.run(10)
    #expect(group.voters.count == 5)
    group.silent = [4, 5]
    group.run(10)
    #expect(group.voters == [1, 2, 3])
    group.silent = [3, 4, 5]
    group.run(10)
    #expect(group.voters == [1, 2, 3])
  }

  @Test func `a revoked voter goes at once, the last voter never`() {
    var group = Group(voters: [1, 2, 3], publicOnes: [1, 2, 3, 4])
    group.revoked = [2]
    group.run(5)
    #expect(group.voters == [1, 3, 4])

    var last = Group(voters: [1], publicOnes: [1])
    last.revoked = [1]
    last.run(5)
    #expect(last.voters == [1])
  }

  @Test func `a learner that does not catch up gives way to another and is left alone for a while`() {
    var group = Group(voters: [1], publicOnes: [1, 2, 3, 4])
    group.slow = [2]
    group.run(40)
    #expect(group.voters == [1, 3, 4])
    #expect(group.configuration.learners.isEmpty)
  }

  @Test func `who votes is not changed without need`() {
    var group = Group(voters: [1, 7, 9], publicOnes: Array(1...20))
    group.since[7] = group.now
    group.run(10)
    #expect(Set(group.voters).isSuperset(of: [1, 7, 9]))
    let settled = group.history.count
    group.run(300)
    #expect(group.history.count == settled)
  }
}
