import Testing
import VineBase
import VineGossip

/// A mesh of gossip cores over links with latency, loss and reordering, all from one seed.
private final class Mesh {
  var cores: SortedMap<NodeID, Gossip> = [:]
  var random: RandomSource
  var now = Instant.zero
  var loss: UInt64
  /// VRs that neither send nor receive.
  var down: Set<NodeID> = []
  /// Side of a partition; messages cross only within one.
  var side: [NodeID: Int] = [:]
  var accepted: [NodeID: [RecordKey]] = [:]
  var messageBytesMax = 0
  var messages = 0
  private var wire: [(at: Instant, order: Int, message: GossipMessage, from: NodeID, to: NodeID)] = []
  private var sent = 0

  init(count: Int, seed: UInt64, loss: UInt64 = 0) {
    random = RandomSource(seed: seed)
    self.loss = loss
    let nodes = (1...count).map { node($0) }
    for node in nodes {
      cores[node] = Gossip(
        self: node, incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: random.next()))
    }
    for node in nodes { input(.publish(record(of: node, epoch: 1, sequence: 1)), to: node) }
    for left in nodes { for right in nodes where left != right { input(.connected(right), to: left) } }
  }

  func input(_ input: Gossip.Input, to node: NodeID) {
    guard let effects = cores.update(node, { $0.handle(input, at: now) }) else { return }
    for effect in effects {
      switch effect {
      case .send(let message, let peer):
        messages += 1
        messageBytesMax = max(messageBytesMax, size(message))
        guard random.below(100) >= loss, !down.contains(node) else { continue }
        sent += 1
        wire.append((now + .milliseconds(5) + random.jitter(.milliseconds(75)), sent, message, node, peer))
      case .accepted(let record): accepted[node, default: []].append(record.key)
      case .member: break
      case .incarnation(let incarnation):
        self.input(.publish(record(of: node, epoch: incarnation, sequence: 0)), to: node)
      }
    }
  }

  func run(_ duration: Duration) {
    let end = now + duration
    while true {
      let arrival = wire.indices.min { (wire[$0].at, wire[$0].order) < (wire[$1].at, wire[$1].order) }
      let sleeper = cores.filter { !down.contains($0.0) }.compactMap { core in core.1.nextWakeup.map { ($0.at, core.0) }
      }.min { $0 < $1 }
      let arrivalAt = arrival.map { wire[$0].at }
      if let sleeper, arrivalAt.map({ sleeper.0 < $0 }) ?? true {
        guard sleeper.0 <= end else { break }
        now = max(now, sleeper.0)
        input(.wakeup, to: sleeper.1)
      } else if let arrival, let at = arrivalAt, at <= end {
        now = max(now, at)
        let letter = wire.remove(at: arrival)
        guard !down.contains(letter.to), side[letter.from] == side[letter.to] else { continue }
        input(.received(letter.message, from: letter.from), to: letter.to)
      } else {
        break
      }
    }
    now = end
  }

  var roots: Set<UInt64> { Set(cores.filter { !down.contains($0.0) }.map { $0.1.store.root }) }

  func state(of node: NodeID, at observer: NodeID) -> MemberState? {
    cores[observer]?.members.first { $0.node == node }?.state
  }
}

private func node(_ number: Int) -> NodeID {
  guard let node = NodeID([UInt8](repeating: UInt8(number), count: 32)) else { preconditionFailure("32 bytes") }
  return node
}

private func record(of node: NodeID, epoch: UInt64, sequence: UInt64, bytes: Int = 200) -> SignedRecord {
  SignedRecord(
    key: RecordKey(kind: .vr, id: node.bytes), version: RecordVersion(epoch: epoch, sequence: sequence), author: node,
    payload: [UInt8](repeating: 7, count: bytes), signature: [UInt8](repeating: 1, count: 64))
}

private func fact(_ number: UInt8, index: UInt64, bytes: Int = 100) -> SignedRecord {
  SignedRecord(
    key: RecordKey(kind: .fact, id: [4, 0, 0, 0, number]), version: RecordVersion(epoch: 1, sequence: index),
    author: node(1), payload: [UInt8](repeating: number, count: bytes), signature: [UInt8](repeating: 1, count: 64))
}

/// An upper bound of the encoded size.
private func size(_ message: GossipMessage) -> Int {
  switch message {
  case .ping(_, _, let updates), .pingRequest(_, _, let updates): 40 + updates.count * 48
  case .ack(_, let updates): 8 + updates.count * 48
  case .push(let records): records.reduce(8) { $0 + $1.payload.count + $1.key.id.count + 64 + 32 + 44 }
  case .digest(_, _, let records): records.reduce(90) { $0 + $1.key.id.count + 28 }
  case .pull(let keys): keys.reduce(8) { $0 + $1.id.count + 8 }
  case .root: 20
  }
}

@Suite struct SpreadTests {
  @Test(arguments: [0, 5, 20] as [UInt64], [1, 2, 3] as [UInt64])
  func `every record reaches every VR, whatever is lost`(loss: UInt64, seed: UInt64) {
    let mesh = Mesh(count: 12, seed: seed, loss: loss)
    mesh.run(.seconds(30))
    for number in UInt8(1)...40 { mesh.input(.publish(fact(number, index: UInt64(number))), to: node(1)) }
    mesh.run(.seconds(30))
    #expect(mesh.roots.count == 1)
    #expect(mesh.cores.values.allSatisfy { $0.store.count == 12 + 40 })
  }

  @Test func `without loss a record is everywhere within a second`() {
    let mesh = Mesh(count: 12, seed: 4)
    mesh.run(.seconds(10))
    mesh.input(.publish(fact(1, index: 1)), to: node(3))
    mesh.run(.seconds(1))
    #expect(mesh.roots.count == 1)
  }

  @Test func `equal stores exchange one hash and nothing else`() {
    let mesh = Mesh(count: 2, seed: 5)
    mesh.run(.seconds(20))
    #expect(mesh.roots.count == 1)
    let before = mesh.messages
    mesh.run(.seconds(60))
    // A probe and its ack a second on each side, and a root each 3 to 6 seconds.
    #expect(mesh.messages - before < 60 * 4 + 2 * 20 + 10)
  }

  @Test func `an older version changes nothing, a newer one replaces`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    func taken(_ record: SignedRecord) -> Int {
      core.handle(.received(.push([record]), from: node(2)), at: .zero).filter {
        if case .accepted = $0 { true } else { false }
      }.count
    }
    #expect([taken(fact(1, index: 5)), taken(fact(1, index: 5)), taken(fact(1, index: 4))] == [1, 0, 0])
    #expect(taken(fact(1, index: 6)) == 1)
    #expect(core.store.count == 1)
  }

  @Test func `an oversized record is refused and the rest of its message is not`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    _ = core.handle(.received(.push([fact(1, index: 1, bytes: 901), fact(2, index: 1)]), from: node(2)), at: .zero)
    #expect(core.records.map(\.key.id.last) == [2])
  }

  @Test func `no message outgrows a datagram`() {
    let mesh = Mesh(count: 8, seed: 6, loss: 10)
    for number in UInt8(1)...120 { mesh.input(.publish(fact(number, index: 1, bytes: Int(number) * 7)), to: node(2)) }
    mesh.run(.seconds(20))
    #expect(mesh.roots.count == 1)
    #expect(mesh.messageBytesMax <= 1150)
  }

  @Test func `both sides of a partition agree after it heals`() {
    let mesh = Mesh(count: 10, seed: 7)
    mesh.run(.seconds(5))
    for number in 1...10 { mesh.side[node(number)] = number % 2 }
    mesh.input(.publish(fact(1, index: 1)), to: node(1))
    mesh.input(.publish(fact(2, index: 2)), to: node(2))
    mesh.run(.seconds(30))
    #expect(mesh.roots.count == 2)
    mesh.side = [:]
    mesh.run(.seconds(40))
    #expect(mesh.roots.count == 1)
  }
}

@Suite struct MembershipTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a VR that stops is found dead by all`(seed: UInt64) {
    let mesh = Mesh(count: 8, seed: seed)
    mesh.run(.seconds(5))
    mesh.down = [node(3)]
    mesh.run(.seconds(40))
    for observer in mesh.cores.keys where observer != node(3) {
      #expect(mesh.state(of: node(3), at: observer) == .dead)
    }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a live VR is not declared dead at 5 percent loss`(seed: UInt64) {
    let mesh = Mesh(count: 8, seed: seed, loss: 5)
    mesh.run(.seconds(300))
    for observer in mesh.cores.values { #expect(observer.members.allSatisfy { $0.state != .dead }) }
  }

  @Test func `a VR that comes back refutes its death with a higher incarnation`() {
    let mesh = Mesh(count: 6, seed: 9)
    mesh.run(.seconds(5))
    mesh.down = [node(3)]
    mesh.run(.seconds(40))
    #expect(mesh.state(of: node(3), at: node(1)) == .dead)
    mesh.down = []
    mesh.run(.seconds(40))
    for observer in mesh.cores.keys where observer != node(3) {
      #expect(mesh.state(of: node(3), at: observer) == .alive)
    }
    #expect((mesh.cores[node(3)]?.incarnation ?? 0) > 1)
  }

  @Test func `a rumour invents no member`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    let rumour = MemberUpdate(node: node(9), state: .dead, incarnation: 5)
    _ = core.handle(.received(.ack(sequence: 1, updates: [rumour]), from: node(2)), at: .zero)
    #expect(core.members.isEmpty)
  }

  @Test func `the same seed gives the same run`() {
    func run() -> [UInt64] {
      let mesh = Mesh(count: 6, seed: 11, loss: 10)
      mesh.run(.seconds(30))
      return mesh.cores.values.map(\.store.root) + [UInt64(mesh.messages)]
    }
    #expect(run() == run())
  }
}
