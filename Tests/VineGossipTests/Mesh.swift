import VineBase

@testable import VineGossip

/// A mesh of gossip cores over links with latency, loss and reordering, all from one seed. Sessions come up with the
/// VRs that gossip wants, as routers do it twice a second.
final class Mesh {
  var cores: SortedMap<NodeID, Gossip> = [:]
  var random: RandomSource
  var now = Instant.zero
  /// Per cent.
  var loss: UInt64
  /// VRs that neither send nor receive.
  var down: Set<NodeID> = []
  /// Processes held up: messages wait, timers do not fire.
  var stalled: Set<NodeID> = []
  /// Side of a partition; messages cross only within one.
  var side: [NodeID: Int] = [:]
  /// Sessions begin with these only.
  let isPublic: (NodeID) -> Bool
  var messageBytesMax = 0
  var messages = 0
  var bytes = 0
  var payloads = 0
  /// VRs that were held for dead while they lived, with those who did.
  var wronged: [(NodeID, by: NodeID)] = []
  /// What came of probes' first tries.
  var probed: [(node: NodeID, roundTrip: Duration?)] = []
  private var wire: [(at: Instant, order: Int, message: GossipMessage, from: NodeID, to: NodeID)] = []
  private var waiting: [NodeID: [(GossipMessage, NodeID)]] = [:]
  private var sent = 0
  private var sessions: Set<[NodeID]> = []

  init(count: Int, seed: UInt64, loss: UInt64 = 0, isPublic: @escaping (NodeID) -> Bool = { _ in true }) {
    random = RandomSource(seed: seed)
    self.loss = loss
    self.isPublic = isPublic
    let nodes = (1...count).map { node($0) }
    let records = nodes.map { record(of: $0, epoch: 1, sequence: 1) }
    var knowledge = GossipKnowledge()
    knowledge.add(records: records, dead: [], isPublic: isPublic)
    for node in nodes {
      cores[node] = Gossip(
        self: node, incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: random.next()),
        knowledge: knowledge)
    }
    connectWanted()
  }

  func input(_ input: Gossip.Input, to node: NodeID) {
    guard let effects = cores.update(node, { $0.handle(input, at: now) }) else { return }
    for effect in effects {
      switch effect {
      case .send(let message, let peer): send(message, from: node, to: peer)
      case .accepted(let record):
        if record.key.kind == .vr { self.input(.reach(record.author, isPublic: isPublic(record.author)), to: node) }
      case .member(let member):
        let sameSide = side[member.node] == side[node]
        if member.state == .dead, !down.contains(member.node), sameSide { wronged.append((member.node, by: node)) }
      case .contact(let peer): connect(node, peer)
      case .probed(let peer, let roundTrip): probed.append((peer, roundTrip))
      case .incarnation(let incarnation):
        self.input(.publish(record(of: node, epoch: incarnation, sequence: 0)), to: node)
      }
    }
  }

  private func send(_ message: GossipMessage, from node: NodeID, to peer: NodeID) {
    messages += 1
    messageBytesMax = max(messageBytesMax, size(message))
    bytes += size(message) + 60
    if case .push(let records) = message { payloads += records.count }
    guard random.below(100) >= loss, !down.contains(node) else { return }
    sent += 1
    wire.append((now + .milliseconds(5) + random.jitter(.milliseconds(75)), sent, message, node, peer))
  }

  private func connect(_ left: NodeID, _ right: NodeID) {
    guard !down.contains(left), !down.contains(right), side[left] == side[right], isPublic(left) || isPublic(right)
    else { return }
    guard sessions.insert([left, right].sorted()).inserted else { return }
    input(.connected(right), to: left)
    input(.connected(left), to: right)
  }

  func disconnect(_ node: NodeID) {
    for pair in sessions where pair.contains(node) {
      sessions.remove(pair)
      input(.disconnected(pair[1]), to: pair[0])
      input(.disconnected(pair[0]), to: pair[1])
    }
  }

  private func connectWanted() {
    for node in cores.keys where !down.contains(node) {
      for peer in cores[node]?.wanted ?? [] { connect(node, peer) }
    }
  }

  func run(_ duration: Duration) {
    let end = now + duration
    while now < end {
      step(until: min(end, now + .milliseconds(500)))
      connectWanted()
    }
  }

  private func step(until end: Instant) {
    while true {
      let arrival = wire.indices.min { (wire[$0].at, wire[$0].order) < (wire[$1].at, wire[$1].order) }
      let awake = cores.filter { !down.contains($0.0) && !stalled.contains($0.0) }
      let sleeper = awake.compactMap { core in core.1.nextWakeup.map { ($0.at, core.0) } }.min { $0 < $1 }
      let arrivalAt = arrival.map { wire[$0].at }
      if let sleeper, arrivalAt.map({ sleeper.0 < $0 }) ?? true {
        guard sleeper.0 <= end else { break }
        now = max(now, sleeper.0)
        input(.wakeup, to: sleeper.1)
      } else if let arrival, let at = arrivalAt, at <= end {
        now = max(now, at)
        let letter = wire.remove(at: arrival)
        guard !down.contains(letter.to), side[letter.from] == side[letter.to] else { continue }
        if stalled.contains(letter.to) {
          waiting[letter.to, default: []].append((letter.message, letter.from))
        } else {
          input(.received(letter.message, from: letter.from), to: letter.to)
        }
      } else {
        break
      }
    }
    now = end
  }

  /// The process runs again without its store: it counts its incarnations from the start, and knows one other VR.
  func lose(_ node: NodeID, knowing other: NodeID) {
    var knowledge = GossipKnowledge()
    knowledge.add(
      records: [record(of: node, epoch: 1, sequence: 1), record(of: other, epoch: 1, sequence: 1)], dead: [],
      isPublic: isPublic)
    cores[node] = Gossip(
      self: node, incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: random.next()),
      knowledge: knowledge)
  }

  /// The process runs again: first what waited in its socket, then its timers.
  func resume(_ node: NodeID) {
    stalled.remove(node)
    for (message, peer) in waiting.removeValue(forKey: node) ?? [] { input(.received(message, from: peer), to: node) }
  }

  var live: [Gossip] { cores.filter { !down.contains($0.0) }.map(\.1) }
  var roots: Set<UInt64> { Set(live.map(\.store.root)) }

  func state(of node: NodeID, at observer: NodeID) -> MemberState? { cores[observer]?.member(node)?.state }
}

func node(_ number: Int) -> NodeID {
  var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)
  bytes[0] = UInt8(truncatingIfNeeded: number >> 8)
  guard let node = NodeID(bytes) else { preconditionFailure("32 bytes") }
  return node
}

func place(_ number: Int) -> RecordPlace { RecordPlace(of: node(number)) }

func record(of node: NodeID, epoch: UInt64, sequence: UInt64, bytes: Int = 200) -> SignedRecord {
  SignedRecord(
    key: RecordKey(kind: .vr, id: node.bytes), version: RecordVersion(epoch: epoch, sequence: sequence), author: node,
    payload: [UInt8](repeating: 7, count: bytes), signature: [UInt8](repeating: 1, count: 64))
}

func fact(_ number: Int, index: UInt64, bytes: Int = 100, kind: RecordKind = .fact) -> SignedRecord {
  let id = [4, 0, 0, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
  return SignedRecord(
    key: RecordKey(kind: kind, id: id), version: RecordVersion(epoch: 1, sequence: index), author: node(1),
    payload: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: bytes),
    signature: [UInt8](repeating: 1, count: 64))
}

/// An upper bound of the encoded size.
private func size(_ message: GossipMessage) -> Int {
  switch message {
  case .ping(_, _, let rumours): 21 + rumours.count * 32
  case .ack: 21
  case .nack: 12
  case .pingRequest: 20
  case .rumours(let rumours): 8 + rumours.count * 32
  case .push(let records): records.reduce(8) { $0 + $1.payload.count + $1.key.id.count + 64 + 32 + 44 }
  case .announce(let digests): 8 + digests.count * 24
  case .pull(let places): 8 + places.count * 8
  case .compare(let branches, _): 16 + branches.count * 18
  case .differences(let differences, _):
    differences.reduce(16) { sum, difference in
      switch difference.content {
      case .equal: sum + 10
      case .children(let hashes): sum + 14 + hashes.count * 8
      case .records(_, _, let digests): sum + 34 + digests.count * 24
      }
    }
  }
}
