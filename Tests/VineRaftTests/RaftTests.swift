import Testing
import VineBase
import VineRaft

@Suite struct SingleVoterTests {
  @Test func `a single voter leads at its first wakeup and commits what is durable`() {
    var core = Raft(
      self: node(1), voters: [node(1)], hardState: HardState(term: .zero, votedFor: nil), log: [],
      settings: RaftSettings(), random: RandomSource(seed: 1))
    #expect(core.nextWakeup?.at == .zero)
    _ = core.handle(.wakeup, at: .zero)
    #expect(core.isLeader && core.commitIndex == .zero)
    _ = core.handle(.propose([9]), at: .zero)
    #expect(core.commitIndex == .zero)
    _ = core.handle(.persisted(through: LogIndex(rawValue: 2), term: core.hardState.term), at: .zero)
    #expect(core.commitIndex.rawValue == 2)
  }

  @Test func `a restarted single voter applies its whole log again`() {
    let cluster = Cluster(count: 1, seed: 1)
    cluster.run(.seconds(1))
    for byte in UInt8(1)...5 { cluster.propose(byte) }
    cluster.start(node(1))
    cluster.run(.seconds(1))
    #expect(cluster.commands == [1, 2, 3, 4, 5] && cluster.violations.isEmpty)
    #expect(cluster.applied[node(1)]?.count == 7)
  }
}

@Suite struct ElectionTests {
  @Test(arguments: [3, 5], 1...5 as ClosedRange<UInt64>)
  func `a group elects one leader and keeps it while nothing fails`(count: Int, seed: UInt64) {
    let cluster = Cluster(count: count, seed: seed)
    cluster.run(.seconds(5))
    let first = cluster.leader
    cluster.run(.seconds(60))
    #expect(first != nil && cluster.leader == first && cluster.violations.isEmpty)
  }

  @Test func `a voter cut off and back does not depose the leader`() {
    let cluster = Cluster(count: 3, seed: 4)
    cluster.run(.seconds(5))
    guard let leader = cluster.leader, let loner = cluster.nodes.first(where: { $0 != leader }) else {
      Issue.record("no leader")
      return
    }
    cluster.side[loner] = 1
    cluster.run(.seconds(60))
    cluster.side = [:]
    let term = cluster.cores[leader]?.hardState.term
    cluster.run(.seconds(10))
    #expect(cluster.leader == leader && cluster.cores[leader]?.hardState.term == term)
  }

  @Test func `a leader without a majority steps down`() {
    let cluster = Cluster(count: 5, seed: 5)
    cluster.run(.seconds(5))
    guard let leader = cluster.leader else {
      Issue.record("no leader")
      return
    }
    cluster.side[leader] = 1
    cluster.run(.seconds(10))
    #expect(cluster.cores[leader]?.isLeader == false)
    #expect(cluster.leader != nil)
  }
}

@Suite struct ReplicationTests {
  @Test func `a proposal to a follower is refused with the leader's name`() {
    let cluster = Cluster(count: 3, seed: 6)
    cluster.run(.seconds(5))
    guard let leader = cluster.leader, let follower = cluster.nodes.first(where: { $0 != leader }) else {
      Issue.record("no leader")
      return
    }
    let effects = cluster.cores.update(follower) { $0.handle(.propose([1]), at: cluster.now) }
    guard case .refused(let command, let named)? = effects?.first else {
      Issue.record("not refused")
      return
    }
    #expect(command == [1] && named == leader)
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `state machine safety, leader completeness and log matching hold under faults`(seed: UInt64) {
    let cluster = Cluster(count: seed % 2 == 0 ? 3 : 5, seed: seed, loss: seed % 4 * 5)
    for round in 0..<25 {
      cluster.crashes = 2
      cluster.propose(UInt8(round))
      cluster.run(.milliseconds(700))
      switch cluster.random.below(5) {
      case 0: cluster.split()
      case 1: cluster.side = [:]
      case 2: cluster.startAll()
      default: break
      }
    }
    // Heal, and demand progress.
    cluster.heal()
    cluster.run(.seconds(10))
    cluster.propose(200)
    cluster.run(.seconds(5))
    #expect(cluster.violations == [])
    #expect(cluster.commands.last == 200)
    #expect(Set(cluster.nodes.map { cluster.cores[$0]?.commitIndex }).count == 1)
  }

  @Test func `entries that contradict what is committed never trap`() {
    let cluster = Cluster(count: 3, seed: 8)
    cluster.run(.seconds(5))
    cluster.propose(1)
    cluster.run(.seconds(2))
    guard let leader = cluster.leader, let victim = cluster.nodes.first(where: { $0 != leader }),
      let term = cluster.cores[victim]?.hardState.term
    else {
      Issue.record("no leader")
      return
    }
    let forged = LogEntry(index: LogIndex(rawValue: 1), term: .zero, payload: .command([66]))
    let append = Append(
      term: term, session: 0, previousIndex: .zero, previousTerm: .zero, commit: LogIndex(rawValue: 9),
      entries: [forged])
    cluster.input(.received(.append(append), from: leader), to: victim)
    let far = Append(
      term: term, session: 0, previousIndex: LogIndex(rawValue: .max), previousTerm: term, commit: .zero, entries: [])
    cluster.input(.received(.append(far), from: leader), to: victim)
    cluster.run(.seconds(2))
    #expect(cluster.violations.isEmpty && cluster.commands == [1])
  }
}
