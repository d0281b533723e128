import Testing
import VineBase
import VineRaft

/// Raft paper 6; thesis 4.
@Suite struct MembershipTests {
  /// A group that leads, with `spares` VRs that learn.
  private func group(_ count: Int, learning spares: Int, seed: UInt64) -> Cluster {
    let cluster = Cluster(count: count, spares: spares, seed: seed)
    cluster.run(.seconds(5))
    let learners = spares == 0 ? [] : Array((count + 1)...(count + spares))
    cluster.change(voters: Array(1...count), learners: learners)
    cluster.run(.seconds(3))
    return cluster
  }

  private func voters(_ cluster: Cluster) -> [NodeID]? {
    cluster.leader.flatMap { cluster.cores[$0]?.configuration.voters }
  }

  @Test func `a VR outside the configuration asks nobody for a vote`() {
    let cluster = Cluster(count: 3, spares: 1, seed: 1)
    cluster.run(.seconds(30))
    #expect(cluster.cores[node(4)]?.nextWakeup == nil && cluster.cores[node(4)]?.hardState.term == .zero)
  }

  @Test func `a learner gets the log, and its word does not count`() {
    let cluster = group(3, learning: 1, seed: 2)
    cluster.propose(7)
    cluster.run(.seconds(2))
    #expect(cluster.applied[node(4)]?.last?.payload == .command([7]))
    // Two of three voters gone: one voter and one learner decide nothing.
    guard let leader = cluster.leader else {
      Issue.record("no leader")
      return
    }
    for other in cluster.founders where other != leader { cluster.down.insert(other) }
    let before = cluster.cores[leader]?.commitIndex
    cluster.propose(8)
    cluster.run(.seconds(10))
    #expect(cluster.cores[leader]?.commitIndex == before && cluster.leader == nil)
    #expect(cluster.violations == [])
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `one voter becomes three and five, and three others take over`(seed: UInt64) {
    let cluster = group(1, learning: 6, seed: seed)
    for voters in [[1, 2, 3], [1, 2, 3, 4, 5], [5, 6, 7]] {
      let learners = Array(1...7).filter { !voters.contains($0) }
      cluster.change(voters: voters, learners: learners)
      cluster.run(.seconds(8))
      #expect(self.voters(cluster) == voters.map { node($0) })
      cluster.propose(UInt8(voters.count))
      cluster.run(.seconds(2))
    }
    #expect(cluster.violations == [] && cluster.commands == [3, 5, 3])
    #expect([5, 6, 7].contains { cluster.leader == node($0) })
  }

  @Test func `a VR that has not learned the log does not become a voter`() {
    let cluster = Cluster(count: 3, spares: 1, seed: 3)
    cluster.run(.seconds(5))
    cluster.change(voters: [1, 2, 3, 4])
    #expect(cluster.refusals == [.notCaughtUp(node(4))])
    cluster.side[node(4)] = 1
    cluster.change(voters: [1, 2, 3], learners: [4])
    cluster.run(.seconds(5))
    cluster.change(voters: [1, 2, 3, 4])
    #expect(cluster.refusals.last == .notCaughtUp(node(4)))
    cluster.side = [:]
    cluster.run(.seconds(5))
    cluster.change(voters: [1, 2, 3, 4])
    cluster.run(.seconds(5))
    #expect(cluster.refusals.count == 2 && voters(cluster)?.count == 4)
  }

  @Test func `one change at a time`() {
    let cluster = group(3, learning: 2, seed: 4)
    cluster.change(voters: [1, 2, 3, 4], learners: [5])
    cluster.change(voters: [1, 2, 3, 5], learners: [4])
    #expect(cluster.refusals == [.underWay])
    cluster.run(.seconds(5))
    #expect(voters(cluster) == [1, 2, 3, 4].map { node($0) })
  }

  @Test func `a leader that has committed nothing in its term changes nothing`() {
    var core = Raft(
      self: node(1), voters: [node(1)], hardState: HardState(term: .zero, votedFor: nil), log: [],
      settings: RaftSettings(), random: RandomSource(seed: 1))
    _ = core.handle(.wakeup, at: .zero)
    #expect(core.isLeader)
    guard case .changeRefused(let why)? = core.handle(.change(voters: [node(1)], learners: [node(2)]), at: .zero).first
    else {
      Issue.record("not refused")
      return
    }
    #expect(why == .termNotCommitted)
  }

  @Test func `nobody is asked to decide with no voters, and only the leader changes who votes`() {
    let cluster = group(3, learning: 0, seed: 5)
    cluster.change(voters: [])
    guard let follower = cluster.founders.first(where: { $0 != cluster.leader }) else { return }
    cluster.input(.change(voters: [node(1)], learners: []), to: follower)
    #expect(cluster.refusals == [.noVoters, .notLeader(cluster.leader)])
  }

  @Test func `a leader that is taken out leads the change to its end and then leads no more`() {
    let cluster = group(3, learning: 1, seed: 6)
    guard let leader = cluster.leader else {
      Issue.record("no leader")
      return
    }
    let others = [1, 2, 3, 4].filter { node($0) != leader }
    cluster.change(voters: others)
    cluster.run(.seconds(10))
    #expect(cluster.cores[leader]?.isLeader == false)
    #expect(cluster.leader.map { $0 != leader } == true && voters(cluster) == others.map { node($0) })
    cluster.propose(9)
    cluster.run(.seconds(2))
    #expect(cluster.commands == [9] && cluster.violations == [])
  }

  @Test func `a voter that was taken out does not disturb the others`() {
    let cluster = group(4, learning: 0, seed: 7)
    guard let leader = cluster.leader, let gone = (1...4).first(where: { node($0) != leader }) else {
      Issue.record("no leader")
      return
    }
    cluster.side[node(gone)] = 1
    cluster.change(voters: [1, 2, 3, 4].filter { $0 != gone })
    cluster.run(.seconds(10))
    let term = cluster.cores[leader]?.hardState.term
    cluster.side = [:]
    cluster.run(.seconds(60))
    #expect(cluster.leader == leader && cluster.cores[leader]?.hardState.term == term)
  }

  @Test func `a change that no majority saw is taken back with its entry`() {
    let cluster = group(3, learning: 2, seed: 8)
    guard let leader = cluster.leader else {
      Issue.record("no leader")
      return
    }
    cluster.side[leader] = 1
    cluster.change(voters: [1, 2, 3, 4, 5])
    #expect(cluster.cores[leader]?.configuration.isJoint == true)
    cluster.run(.seconds(10))
    cluster.side = [:]
    cluster.propose(5)
    cluster.run(.seconds(5))
    #expect(
      cluster.cores[leader]?.configuration
        == RaftConfiguration(voters: cluster.founders, learners: [4, 5].map { node($0) }))
    #expect(cluster.violations == [])
  }

  @Test func `a VR taken out and put in again is followed anew: what it said before does not count`() {
    var core = Raft(
      self: node(1), voters: [node(1)], hardState: HardState(term: .zero, votedFor: nil), log: [],
      settings: RaftSettings(), random: RandomSource(seed: 1))
    func persist() -> [Raft.Effect] {
      core.handle(.persisted(through: core.lastIndex, term: core.hardState.term), at: .zero)
    }
    func sessions(_ effects: [Raft.Effect]) -> [UInt64] {
      effects.compactMap { if case .send(.append(let append), node(2)) = $0 { append.session } else { nil } }
    }
    func reply(_ session: UInt64) {
      let reply = AppendReply(term: core.hardState.term, session: session, success: true, match: core.lastIndex)
      _ = core.handle(.received(.appendReply(reply), from: node(2)), at: .zero)
    }
    func match() -> LogIndex? { core.matchIndices.first { $0.0 == node(2) }?.1 }
    _ = core.handle(.wakeup, at: .zero)
    _ = persist()
    let first = sessions(core.handle(.change(voters: [node(1)], learners: [node(2)]), at: .zero))
    _ = persist()
    reply(first[0])
    #expect(match() == core.lastIndex)
    _ = core.handle(.change(voters: [node(1)], learners: []), at: .zero)
    _ = persist()
    let second = sessions(core.handle(.change(voters: [node(1)], learners: [node(2)]), at: .zero))
    #expect(first.count == 1 && second.count == 1 && first != second)
    reply(first[0])
    #expect(match() == .zero)
    reply(second[0])
    #expect(match() == core.lastIndex)
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `nothing committed is lost while voters change under faults`(seed: UInt64) {
    let cluster = Cluster(count: 3, spares: 4, seed: seed, loss: seed % 4 * 5)
    cluster.run(.seconds(4))
    for round in 0..<30 {
      cluster.crashes = 2
      cluster.propose(UInt8(round))
      let order = cluster.random.shuffled(Array(1...7))
      let count = 1 + 2 * cluster.random.int(in: 0..<3)
      cluster.change(voters: Array(order.prefix(count)), learners: Array(order.dropFirst(count)))
      cluster.run(.milliseconds(900))
      switch cluster.random.below(6) {
      case 0: cluster.split()
      case 1: cluster.side = [:]
      case 2, 3: cluster.startAll()
      default: break
      }
    }
    cluster.heal()
    cluster.run(.seconds(20))
    cluster.propose(200)
    cluster.run(.seconds(10))
    #expect(cluster.violations == [])
    #expect(cluster.commands.last == 200)
    #expect(voters(cluster)?.isEmpty == false)
  }
}
