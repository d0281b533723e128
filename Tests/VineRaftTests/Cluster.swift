import VineBase
import VineRaft

func node(_ number: Int) -> NodeID {
  guard let node = NodeID([UInt8](repeating: UInt8(number), count: 32)) else { preconditionFailure("32 bytes") }
  return node
}

/// Voters on virtual time with loss, reordering, partitions and crashes that lose what was not persisted; checks the
/// safety properties of the Raft paper's figure 3 after every step.
final class Cluster {
  struct Disk {
    var hardState = HardState(term: .zero, votedFor: nil)
    var log: [LogEntry] = []
  }

  let nodes: [NodeID]
  /// Who votes before the log says anything else; the others wait to be taken in.
  let founders: [NodeID]
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
  var refusals: [ChangeRefusal] = []
  /// The last complete change that each saw committed.
  var configured: SortedMap<NodeID, RaftConfiguration> = [:]
  private var wire: [(at: Instant, order: Int, message: RaftMessage, from: NodeID, to: NodeID)] = []
  private var sent = 0

  init(count: Int, spares: Int = 0, seed: UInt64, loss: UInt64 = 0) {
    nodes = (1...(count + spares)).map { node($0) }
    founders = Array(nodes.prefix(count))
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
      self: node, voters: founders, hardState: disk.hardState, log: disk.log, settings: RaftSettings(),
      random: RandomSource(seed: random.next()))
  }

  /// Starts whoever is down.
  func startAll() {
    for node in down.sorted() { start(node) }
  }

  /// Everybody on one of two sides, by chance.
  func split() {
    for node in nodes { side[node] = Int(random.below(2)) }
  }

  /// No fault any more, and all run.
  func heal() {
    (side, loss, crashes) = ([:], 0, 0)
    startAll()
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
      case .changeRefused(let refusal): refusals.append(refusal)
      case .configuration(let configuration): configured[node] = configuration
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

  /// Asks the leader to change who votes. - Returns: false if nobody leads.
  @discardableResult
  func change(voters: [Int], learners: [Int] = []) -> Bool {
    guard let leader else { return false }
    input(.change(voters: voters.map { node($0) }, learners: learners.map { node($0) }), to: leader)
    return true
  }

  var commands: [UInt8] {
    history.compactMap { if case .command(let bytes) = $0.payload { bytes.first } else { nil } }
  }
}
