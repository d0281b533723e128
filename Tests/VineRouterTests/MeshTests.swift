import Testing
import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VineRaft
import VineRegistry
import VineRouting
import VineSession
import VineWire

@testable import VineRouter

@Suite(.serialized) struct MeshTests {
  @Test func `two sites join, share a ViNe and derive the same table`() throws {
    let world = try World()
    let (uf, nwu) = (world.genesis.founder, try World.key(2))
    let granted = try world.admit(nwu, site: "nwu")
    try world.add(nwu, site: "nwu", records: granted, bootstrap: uf)
    world.run(.seconds(10))
    #expect(world.routers[uf]?.peers.connected == [nwu.node] && world.routers[nwu.node]?.peers.connected == [uf])

    let physics = try #require(VineName("physics"))
    world.request(.createVine(physics), at: uf)
    world.request(.joinVine(physics), at: nwu.node)
    let (first, second) = (try #require(IPv4Address("172.16.0.10")), try #require(IPv4Address("172.16.1.10")))
    world.request(.addHost(first, physics), at: uf)
    world.request(.addHost(second, physics), at: nwu.node)
    world.run(.seconds(5))
    #expect(world.failures.isEmpty)

    let table = try #require(world.tables[uf])
    let peer = try #require(table.index(of: nwu.node))
    #expect(table.outbound(source: first.rawValue, destination: second.rawValue) == .tunnel(network: 1, peer: peer))
    let digests = world.routers.values.map { $0.directory.tables[NetworkID(rawValue: 1)]?.digest }
    #expect(digests.count == 2 && digests[0] == digests[1] && digests[0] != nil)
    let agreements = world.routers.values.compactMap { $0.agreement(on: NetworkID(rawValue: 1)) }
    #expect(agreements.map(\.isReached) == [true, true] && agreements.map(\.agreeingCount) == [2, 2])
    #expect(agreements[0].own == agreements[1].own && agreements[0].own.version.changes == 2)
    // Each announces the digest it derived, also the one that its own record changed last.
    for router in world.routers.values {
      #expect(
        world.routers[uf]?.directory.records[router.node]?.tableDigests[NetworkID(rawValue: 1)]?.digest == digests[0])
    }
  }

  @Test func `who does not hear of a change is behind, and who does not answer is down`() throws {
    let world = try World()
    let (uf, nwu, physics) = (world.genesis.founder, try World.key(2), try #require(VineName("physics")))
    try world.add(nwu, site: "nwu", records: try world.admit(nwu, site: "nwu"), bootstrap: uf)
    world.run(.seconds(5))
    world.request(.createVine(physics), at: uf)
    world.request(.joinVine(physics), at: nwu.node)
    world.run(.seconds(2))
    let network = NetworkID(rawValue: 1)
    let before = try #require(world.routers[uf]?.agreement(on: network))
    #expect(before.isReached && before.agreeingCount == 2)

    world.cut = [nwu.node]
    world.request(.addHost(try #require(IPv4Address("172.16.0.10")), physics), at: uf)
    let changed = world.now
    let behind = try #require(world.routers[uf]?.agreement(on: network))
    #expect(behind.liveCount == 2 && behind.agreeingCount == 1 && behind.own.version > before.own.version)
    #expect(behind.laggards.map(\.node) == [nwu.node] && behind.laggards.map(\.reason) == [.behind])
    #expect(behind.laggards[0].version == before.own.version)
    #expect(try #require(behind.laggards[0].since) <= changed)
    world.run(.seconds(90))
    let alone = try #require(world.routers[uf]?.agreement(on: network))
    #expect(alone.isReached && alone.liveCount == 1 && alone.down == [nwu.node])

    world.cut = []
    world.run(.seconds(60))
    for router in world.routers.values {
      let after = try #require(router.agreement(on: network))
      #expect(after.isReached && after.agreeingCount == 2 && after.own.version == behind.own.version)
    }
  }

  @Test func `several changes at once make each VR of a ViNe speak once, and whoever changed twice`() throws {
    let world = try World()
    let (uf, physics) = (world.genesis.founder, try #require(VineName("physics")))
    var others: [NodeID] = []
    for number in UInt8(2)..<9 {
      let key = try World.key(number)
      let granted = try world.admit(key, site: "site\(number)")
      try world.add(key, site: "site\(number)", records: granted, bootstrap: uf)
      others.append(key.node)
    }
    world.run(.seconds(10))
    world.request(.createVine(physics), at: uf)
    for node in others { world.request(.joinVine(physics), at: node) }
    world.run(.seconds(5))
    func sequences() -> [UInt64] { ([uf] + others).map { world.routers[$0]?.own.version.sequence ?? 0 } }
    let before = sequences()
    for host in UInt32(10)..<14 {
      world.deliver(
        .request(RequestID(rawValue: 1), .addHost(IPv4Address(rawValue: 0xAC10_0000 + host), physics)), to: uf)
    }
    world.run(.seconds(5))
    #expect(world.failures.isEmpty)
    #expect(zip(sequences(), before).map { $0 - $1 } == [4] + others.map { _ in 1 })
    for router in world.routers.values {
      #expect(router.agreement(on: NetworkID(rawValue: 1))?.agreeingCount == 8)
    }
  }

  @Test func `what a VR counts of its changes goes on over a restart, and one without changes counts none`() throws {
    let world = try World()
    let (uf, physics) = (world.genesis.founder, try #require(VineName("physics")))
    world.request(.createVine(physics), at: uf)
    for host in ["172.16.0.10", "172.16.0.12", "172.16.0.11"] {
      world.request(.addHost(try #require(IPv4Address(host)), physics), at: uf)
    }
    world.request(.removeHost(try #require(IPv4Address("172.16.0.11")), nil), at: uf)
    let network = NetworkID(rawValue: 1)
    let before = try #require(world.routers[uf]?.directory.tables[network]?.summary)
    #expect(before.version.changes == 4)
    try world.restart(uf)
    world.run(.seconds(5))
    #expect(world.routers[uf]?.directory.tables[network]?.summary == before)
    #expect(world.routers[uf]?.directory.records[uf]?.claims[network]?.changes == 4)
    world.request(.removeHost(try #require(IPv4Address("172.16.0.10")), nil), at: uf)
    world.request(.removeHost(try #require(IPv4Address("172.16.0.12")), nil), at: uf)
    let after = try #require(world.routers[uf]?.directory.tables[network])
    #expect(after.version.changes == 6 && after.entryCount == 0)
  }

  @Test func `a decision about nothing is answered, at a voter and elsewhere, and changes no fact`() throws {
    let world = try World()
    let (uf, nwu) = (world.genesis.founder, try World.key(2))
    try world.add(nwu, site: "nwu", records: try world.admit(nwu, site: "nwu"), bootstrap: uf)
    world.run(.seconds(5))
    let facts = world.routers[uf]?.directory.view.digest
    for node in [uf, nwu.node] {
      let answered = world.answers.count
      world.request(.decideNothing, at: node)
      world.run(.seconds(1))
      #expect(world.failures.isEmpty && world.answers.count == answered + 1)
    }
    #expect(world.routers[uf]?.directory.view.digest == facts)
  }

  @Test func `a host that the VR's record has no room for is refused, and nothing is lost`() throws {
    let world = try World()
    let (uf, nwu, physics) = (world.genesis.founder, try World.key(2), try #require(VineName("physics")))
    try world.add(nwu, site: "nwu", records: try world.admit(nwu, site: "nwu"), bootstrap: uf)
    world.run(.seconds(5))
    world.request(.createVine(physics), at: uf)
    world.request(.requestBlock(hosts: 2000, vine: nil), at: uf)
    let block = try #require(world.routers[uf]?.directory.view.blocks(of: uf).last)
    var (address, added) = (block.base.rawValue + 2, 0)
    while world.failures.isEmpty, block.contains(IPv4Address(rawValue: address)) {
      world.deliver(.request(RequestID(rawValue: 1), .addHost(IPv4Address(rawValue: address), physics)), to: uf)
      (address, added) = (address + 2, added + 1)
    }
    added -= 1
    #expect(added > 250 && world.failures.count == 1)
    #expect(world.failures.last?.message.contains("no room") == true && world.failures.last?.mend.isEmpty == false)
    // Between two hosts there is room: two ranges become one.
    world.request(.addHost(IPv4Address(rawValue: block.base.rawValue + 3), physics), at: uf)
    #expect(world.failures.count == 1)
    world.run(.seconds(10))
    for router in world.routers.values {
      #expect(router.directory.tables[NetworkID(rawValue: 1)]?.entryCount == added - 1)
    }
  }

  @Test func `requests that make no sense are answered with the mend`() throws {
    let world = try World()
    let uf = world.genesis.founder
    let (physics, address) = (try #require(VineName("physics")), try #require(IPv4Address("172.16.0.10")))
    world.request(.addHost(address, physics), at: uf)
    #expect(world.failures.last == .unknownVine(physics))
    world.request(.createVine(physics), at: uf)
    for wrong in ["172.16.0.0", "172.16.0.1", "172.16.0.255", "172.20.0.1", "8.8.8.8"] {
      let before = world.failures.count
      world.request(.addHost(try #require(IPv4Address(wrong)), physics), at: uf)
      #expect(world.failures.count == before + 1 && world.failures.last?.mend.isEmpty == false)
    }
    world.request(.removeHost(address, nil), at: uf)
    #expect(world.failures.last?.message.contains("not in the LNDT") == true)
    world.request(.createVine(physics), at: uf)
    #expect(world.failures.last?.message.contains("there is a ViNe physics already") == true)
  }

  @Test func `a VR that falls silent is let go and comes back`() throws {
    let world = try World()
    let (uf, nwu) = (world.genesis.founder, try World.key(2))
    try world.add(nwu, site: "nwu", records: try world.admit(nwu, site: "nwu"), bootstrap: uf)
    world.run(.seconds(10))
    world.cut = [nwu.node]
    world.run(.seconds(60))
    #expect(world.routers[uf]?.peers.connected == [])
    world.cut = []
    world.run(.seconds(20))
    #expect(world.routers[uf]?.peers.connected == [nwu.node])
  }

  @Test func `bytes that are no message are reported and change nothing`() throws {
    let world = try World()
    let (uf, nwu) = (world.genesis.founder, try World.key(2))
    try world.add(nwu, site: "nwu", records: try world.admit(nwu, site: "nwu"), bootstrap: uf)
    world.run(.seconds(10))
    var random = RandomSource(seed: 3)
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      world.deliver(.control(bytes, from: nwu.node, via: .channel(ChannelID(rawValue: 2)), localIndex: 1), to: uf)
      world.deliver(.handshake(bytes, via: .channel(ChannelID(rawValue: 2))), to: uf)
    }
    world.run(.seconds(5))
    #expect(world.routers[uf]?.peers.connected == [nwu.node])
    #expect(world.events.contains { if case .undecodable = $0 { true } else { false } })
  }

  @Test func `a VR learns its role although the first greetings are lost`() throws {
    let world = try World()
    let (uf, nwu) = (world.genesis.founder, try World.key(2))
    let granted = try world.admit(nwu, site: "nwu")
    world.greetingsToLose = 4
    try world.add(nwu, site: "nwu", records: granted, bootstrap: uf, isDeclared: false)
    world.run(.seconds(10))
    #expect(world.greetingsToLose == 0)
    #expect(world.routers[nwu.node]?.reachability.role == .public)
  }

  @Test(arguments: [.zero, .seconds(-1), .seconds(Int64.max), .seconds(300_000_000_000)] as [Duration])
  func `an invitation that has no end that can be dated is refused`(validFor: Duration) throws {
    let world = try World()
    let site = try #require(SiteName("nwu"))
    world.request(.invite(site: site, hosts: 10, validFor: validFor), at: world.genesis.founder)
    #expect(world.answers.isEmpty && world.failures.last?.kind == .usage)
  }
}
