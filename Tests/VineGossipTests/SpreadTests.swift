import Testing
import VineBase

@testable import VineGossip

@Suite struct SpreadTests {
  @Test(arguments: [0, 5, 20] as [UInt64], [1, 2, 3] as [UInt64])
  func `every record reaches every VR, whatever is lost`(loss: UInt64, seed: UInt64) {
    let mesh = Mesh(count: 12, seed: seed, loss: loss)
    mesh.run(.seconds(5))
    for number in 1...40 { mesh.input(.publish(fact(number, index: UInt64(number))), to: node(1)) }
    mesh.run(.seconds(20))
    #expect(mesh.roots.count == 1)
    #expect(mesh.live.allSatisfy { $0.store.count == 12 + 40 })
  }

  @Test func `without loss a record is everywhere within a second`() {
    let mesh = Mesh(count: 40, seed: 4)
    mesh.run(.seconds(10))
    mesh.input(.publish(fact(1, index: 1)), to: node(3))
    mesh.run(.seconds(1))
    #expect(mesh.roots.count == 1)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `a record costs each VR at most two and a half copies`(seed: UInt64) {
    let mesh = Mesh(count: 60, seed: seed, loss: 5)
    mesh.run(.seconds(10))
    mesh.payloads = 0
    for number in 1...10 {
      mesh.input(.publish(fact(number, index: 1)), to: node(3 * number))
      mesh.run(.seconds(5))
    }
    #expect(mesh.roots.count == 1)
    #expect(Double(mesh.payloads) / 10 / 60 <= 2.5)
  }

  @Test func `a VR that has just come shows its record to whoever it meets, the first gets it whole`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    _ = core.handle(.publish(record(of: node(1), epoch: 1, sequence: 1)), at: .zero)
    func shown(to peer: NodeID, at now: Instant) -> [GossipMessage] {
      core.handle(.connected(peer), at: now).compactMap { effect in
        if case .send(let message, peer) = effect { message } else { nil }
      }
    }
    guard case .push(let records)? = shown(to: node(2), at: .zero).first else {
      Issue.record("the first peer does not get the record")
      return
    }
    #expect(records.map(\.author) == [node(1)])
    guard case .announce(let digests)? = shown(to: node(3), at: .zero + .seconds(1)).first else {
      Issue.record("the second peer does not hear of the record")
      return
    }
    #expect(digests.map(\.place) == [place(1)])
    #expect(shown(to: node(4), at: .zero + .seconds(60)).isEmpty)
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
    _ = core.handle(
      .received(
        .push([fact(1, index: 1, bytes: SignedRecord.payloadByteCountMax + 1), fact(2, index: 1)]), from: node(2)),
      at: .zero)
    #expect(core.records.map(\.key.id.last) == [2])
  }

  @Test func `records of unknown kinds are kept and passed on, eight of each author`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    let kind = RecordKind(rawValue: 9)
    let records = (1...12).map { fact($0, index: 1, kind: kind) }
    _ = core.handle(.received(.push(records), from: node(2)), at: .zero)
    #expect(core.store.count == 8)
    // A newer version of one that is held is no ninth.
    _ = core.handle(.received(.push([fact(1, index: 2, kind: kind)]), from: node(2)), at: .zero)
    #expect(core.store.count == 8 && core.store[records[0].key]?.version.sequence == 2)
  }

  @Test func `no message outgrows a datagram`() {
    let mesh = Mesh(count: 8, seed: 6, loss: 10)
    for number in 1...300 { mesh.input(.publish(fact(number, index: 1, bytes: number * 3)), to: node(2)) }
    mesh.run(.seconds(20))
    #expect(mesh.roots.count == 1)
    #expect(mesh.messageBytesMax <= 1150)
  }

  @Test func `equal stores exchange one hash and nothing else`() {
    let mesh = Mesh(count: 2, seed: 5)
    mesh.run(.seconds(20))
    #expect(mesh.roots.count == 1)
    let before = mesh.messages
    mesh.run(.seconds(60))
    // A probe and its ack a second on each side, and a root each 10 to 20 seconds.
    #expect(mesh.messages - before <= 60 * 4 + 2 * 6 + 4)
  }
}

@Suite struct SyncTests {
  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `a VR that knows nothing has everything within seconds`(seed: UInt64) {
    let mesh = Mesh(count: 9, seed: seed, loss: 5)
    let old = node(2)
    mesh.down = [node(9)]
    for number in 1...800 { mesh.input(.publish(fact(number, index: 1, bytes: 60)), to: old) }
    mesh.run(.seconds(20))
    mesh.down = []
    mesh.disconnect(node(9))
    mesh.run(.seconds(15))
    #expect(mesh.roots.count == 1)
    #expect(mesh.cores[node(9)]?.store.count == 809)
  }

  @Test func `both sides of a partition agree after it heals`() {
    let mesh = Mesh(count: 10, seed: 7)
    mesh.run(.seconds(5))
    for number in 1...10 { mesh.side[node(number)] = number % 2 }
    mesh.input(.publish(fact(1, index: 1)), to: node(1))
    mesh.input(.publish(fact(2, index: 2)), to: node(2))
    mesh.run(.seconds(60))
    #expect(mesh.roots.count == 2)
    #expect(mesh.state(of: node(1), at: node(2)) == .dead && mesh.state(of: node(3), at: node(1)) == .alive)
    mesh.side = [:]
    for number in 1...10 where number % 2 == 1 { mesh.disconnect(node(number)) }
    mesh.run(.seconds(60))
    #expect(mesh.roots.count == 1)
    #expect(mesh.live.allSatisfy { core in core.allMembers.allSatisfy { $0.state == .alive } })
  }

  @Test func `only what differs is sent`() {
    let mesh = Mesh(count: 2, seed: 8)
    for number in 1...600 { mesh.input(.publish(fact(number, index: 1)), to: node(1)) }
    mesh.run(.seconds(20))
    #expect(mesh.roots.count == 1)
    mesh.down = [node(2)]
    mesh.input(.publish(fact(7, index: 2)), to: node(1))
    mesh.run(.milliseconds(500))
    mesh.down = []
    mesh.bytes = 0
    mesh.run(.seconds(25))
    #expect(mesh.roots.count == 1)
    // Besides probes: three levels of hashes, one bucket, one record.
    #expect(mesh.bytes < 25 * 4 * 85 + 6 * 100 + 2500)
  }
}
