import Testing
import VineBase
import VineRaft

private func node(_ number: Int) -> NodeID {
  guard let node = NodeID([UInt8](repeating: UInt8(number), count: 32)) else { preconditionFailure("32 bytes") }
  return node
}

/// Voters on virtual time with loss, reordering, partitions and crashes that lose what was not persisted; checks the
/// safety properties of the Raft paper's figure 3 after every step.
private final class Cluster {
  struct Disk {
    var hardState = HardState(term: .zero, votedFor: nil)
    var log: [LogEntry] = []
  }

  let nodes: [NodeID]
  var cores: SortedMap<NodeID, Raft> = [:]
  var disks: SortedMap<NodeID, Disk> = [:]
  var random: RandomSource
  var now = Instant.zero
  var loss: UInt64
  var down: Set<NodeID> = []
  var side: [NodeID: Int] = [:]
  /// What each voter applied since it last started, in order.
  var applied: SortedMap<NodeID, [LogEntry]> = [:]
  /// The longest history that anybody ever applied.
  var history: [LogEntry] = []
  var leaders: [Term: NodeID] = [:]
  var violations: [String] = []
  private var wire: [(at: Instant, order: Int, message: RaftMessage, from: NodeID, to: NodeID)] = []
  private var sent = 0

  init(count: Int, seed: UInt64, loss: UInt64 = 0) {
    nodes = (1...count).map { node($0) }
    random = RandomSource(seed: seed)
    self.loss = loss
    for node in nodes {
      disks[node] = Disk()
      start(node)
    }
  }

  func start(_ node: NodeID) {
    let disk = disks[node] ?? Disk()
    down.remove(node)
    applied[node] = []
    cores[node] = Raft(
      self: node, voters: nodes, hardState: disk.hardState, log: disk.log, settings: RaftSettings(),
      random: RandomSource(seed: random.next()))
  }

  func input(_ input: Raft.Input, to node: NodeID) {
    guard !down.contains(node), let effects = cores.update(node, { $0.handle(input, at: now) }) else { return }
    for (position, effect) in effects.enumerated() {
      // A crash between two effects: what was not persisted is lost, what was not sent is not sent.
      if crashes > 0, random.below(400) == 0 {
        crashes -= 1
        down.insert(node)
        return
      }
      switch effect {
      case .persist(let state, let entries, let from):
        if let state { disks[node, default: Disk()].hardState = state }
        if let from {
          disks[node, default: Disk()].log.removeLast((disks[node]?.log.count ?? 0) - Int(from.rawValue) + 1)
        }
        disks[node, default: Disk()].log += entries
        if !entries.isEmpty || position == effects.count - 1 { confirm.append(node) }
      case .send(let message, let peer):
        guard random.below(100) >= loss else { continue }
        sent += 1
        wire.append((now + .milliseconds(5) + random.jitter(.milliseconds(60)), sent, message, node, peer))
      case .committed(let entries): for entry in entries { apply(entry, at: node) }
      case .role(let role, _):
        guard role == .leader, let core = cores[node] else { continue }
        if let other = leaders[core.hardState.term], other != node {
          violations.append("two leaders in \(core.hardState.term)")
        }
        leaders[core.hardState.term] = node
        for (index, entry) in history.enumerated() where index < history.count {
          if disks[node]?.log.dropFirst(index).first != entry {
            violations.append("leader of \(core.hardState.term) lacks committed \(entry.index)")
          }
        }
      case .refused: break
      }
    }
    while let confirmed = confirm.popLast() {
      guard let core = cores[confirmed], let disk = disks[confirmed] else { continue }
      self.input(
        .persisted(through: LogIndex(rawValue: UInt64(disk.log.count)), term: core.hardState.term), to: confirmed)
    }
  }

  private var confirm: [NodeID] = []
  var crashes = 0

  private func apply(_ entry: LogEntry, at node: NodeID) {
    applied[node, default: []].append(entry)
    let position = (applied[node]?.count ?? 0) - 1
    if entry.index.rawValue != UInt64(position) + 1 { violations.append("\(node) skipped to \(entry.index)") }
    if position < history.count {
      if history[position] != entry { violations.append("\(node) applied another entry at \(entry.index)") }
    } else {
      history.append(entry)
    }
  }

  func run(_ duration: Duration) {
    let end = now + duration
    while violations.isEmpty {
      let arrival = wire.indices.min { (wire[$0].at, wire[$0].order) < (wire[$1].at, wire[$1].order) }
      let sleeper = cores.filter { !down.contains($0.0) }.compactMap { core in core.1.nextWakeup.map { ($0.at, core.0) }
      }.min { $0 < $1 }
      if let sleeper, arrival.map({ sleeper.0 < wire[$0].at }) ?? true {
        guard sleeper.0 <= end else { break }
        now = max(now, sleeper.0)
        input(.wakeup, to: sleeper.1)
      } else if let arrival, wire[arrival].at <= end {
        now = max(now, wire[arrival].at)
        let letter = wire.remove(at: arrival)
        if side[letter.from] == side[letter.to] { input(.received(letter.message, from: letter.from), to: letter.to) }
      } else {
        break
      }
      checkLogMatching()
    }
    now = max(now, end)
  }

  /// If two logs have an entry with one index and term, they are equal up to it.
  private func checkLogMatching() {
    guard random.below(50) == 0 else { return }
    for (left, right) in zip(nodes, nodes.dropFirst()) {
      guard let one = disks[left]?.log, let other = disks[right]?.log else { continue }
      let equal = (0..<min(one.count, other.count)).last { one[$0].term == other[$0].term }
      guard let last = equal else { continue }
      if one.prefix(last + 1) != other.prefix(last + 1) {
        violations.append("logs of \(left) and \(right) disagree below \(last + 1)")
      }
    }
  }

  var leader: NodeID? {
    nodes.filter { !down.contains($0) && cores[$0]?.isLeader == true }.max {
      (cores[$0]?.hardState.term ?? .zero) < (cores[$1]?.hardState.term ?? .zero)
    }
  }

  func propose(_ byte: UInt8) {
    if let leader { input(.propose([byte]), to: leader) }
  }

  var commands: [UInt8] {
    history.compactMap { if case .command(let bytes) = $0.payload { bytes.first } else { nil } }
  }
}

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

  @Test func `messages of strangers are ignored`() {
    var core = Raft(
      self: node(1), voters: [node(1), node(2), node(3)], hardState: HardState(term: .zero, votedFor: nil), log: [],
      settings: RaftSettings(), random: RandomSource(seed: 1))
    let vote = RaftMessage.vote(VoteRequest(term: Term(rawValue: 99), lastIndex: .zero, lastTerm: .zero))
    #expect(core.handle(.received(vote, from: node(9)), at: .zero).isEmpty && core.hardState.term == .zero)
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
      case 0: for node in cluster.nodes { cluster.side[node] = Int(cluster.random.below(2)) }
      case 1: cluster.side = [:]
      case 2: for node in cluster.down.sorted() { cluster.start(node) }
      default: break
      }
    }
    // Heal, and demand progress.
    (cluster.side, cluster.loss, cluster.crashes) = ([:], 0, 0)
    for node in cluster.down.sorted() { cluster.start(node) }
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
      term: term, previousIndex: .zero, previousTerm: .zero, commit: LogIndex(rawValue: 9), entries: [forged])
    cluster.input(.received(.append(append), from: leader), to: victim)
    let far = Append(
      term: term, previousIndex: LogIndex(rawValue: .max), previousTerm: term, commit: .zero, entries: [])
    cluster.input(.received(.append(far), from: leader), to: victim)
    cluster.run(.seconds(2))
    #expect(cluster.violations.isEmpty && cluster.commands == [1])
  }
}
