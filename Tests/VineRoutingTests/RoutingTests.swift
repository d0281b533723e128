import Testing
import VineAddress
import VineBase
import VineRouting

private func node(_ byte: UInt8) -> NodeID {
  guard let node = NodeID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a node") }
  return node
}

private func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }
private func block(_ text: String) throws -> Block { try #require(Block(text)) }
private func net(_ id: UInt32) -> NetworkID { NetworkID(rawValue: id) }

extension GNDT {
  /// The whole table at once.
  fileprivate static func derive(
    network: NetworkID, blocks: SortedMap<Block, NodeID>, participants: [NodeID], claims: SortedMap<NodeID, AddressSet>
  ) -> GNDT {
    var table = GNDT(network: network, decision: 1)
    for node in participants {
      let own = blocks.filter { $0.1 == node }.map(\.0)
      table.set(GNDT.part(of: claims[node] ?? AddressSet(), in: own), changes: 1, of: node)
    }
    return table
  }
}

/// Figure 2 of the paper: VN_a and VN_c share network 1, VN_b and VN_c share network 2.
private struct Figure2 {
  static let (a, b, c) = (node(0xA), node(0xB), node(0xC))
  let blocks: SortedMap<Block, NodeID>
  let lndtOfC: LNDT
  let tables: [GNDT]

  init() throws {
    blocks = [
      try block("172.16.10.0/24"): Self.a, try block("172.16.20.0/24"): Self.b, try block("172.16.0.0/24"): Self.c,
    ]
    var lndt = LNDT()
    lndt.add(try address("172.16.0.10"), to: net(1))
    lndt.add(try address("172.16.0.11"), to: net(2))
    lndtOfC = lndt
    let inA = AddressSet(addresses: [try address("172.16.10.11")])
    let inB = AddressSet(addresses: [try address("172.16.20.5")])
    tables = [
      GNDT.derive(
        network: net(1), blocks: blocks, participants: [Self.a, Self.c],
        claims: [Self.a: inA, Self.c: try #require(lndt.participation[net(1)])]),
      GNDT.derive(
        network: net(2), blocks: blocks, participants: [Self.b, Self.c],
        claims: [Self.b: inB, Self.c: try #require(lndt.participation[net(2)])]),
    ]
  }

  func tableOfC() throws -> ForwardingTable {
    ForwardingTable(
      space: .standardSpace, ownNode: Self.c, gateways: [try address("172.16.0.1")], lndt: lndtOfC, gndts: tables)
  }
}

@Suite struct Figure2Tests {
  @Test func `a packet from VN_c to VN_a goes to the VR of VN_a`() throws {
    let table = try Figure2().tableOfC()
    let decision = table.outbound(
      source: try address("172.16.0.10").rawValue, destination: try address("172.16.10.11").rawValue)
    #expect(decision == .tunnel(network: 1, peer: try #require(table.index(of: Figure2.a))))
  }

  @Test func `a host of one network does not reach a host of the other`() throws {
    let table = try Figure2().tableOfC()
    for (from, to) in [("172.16.0.10", "172.16.20.5"), ("172.16.0.11", "172.16.10.11"), ("172.16.0.10", "172.16.0.11")]
    {
      let (source, destination) = (try address(from).rawValue, try address(to).rawValue)
      #expect(table.outbound(source: source, destination: destination) == .drop(.noGNDTEntry))
    }
  }

  @Test func `who is not listed sends nothing, and nobody sends to the VR or to the Internet`() throws {
    let table = try Figure2().tableOfC()
    func outbound(_ from: String, _ to: String) throws -> Decision {
      table.outbound(source: try address(from).rawValue, destination: try address(to).rawValue)
    }
    #expect(try outbound("172.16.0.99", "172.16.10.11") == .drop(.sourceNotInLNDT))
    #expect(try outbound("172.16.0.10", "172.16.0.1") == .drop(.toVirtualRouter))
    #expect(try outbound("172.16.0.10", "8.8.8.8") == .drop(.notVirtualDestination))
  }

  @Test func `the destination VR checks host, ViNe and sender`() throws {
    let table = try Figure2().tableOfC()
    let (a, b) = (try #require(table.index(of: Figure2.a)), try #require(table.index(of: Figure2.b)))
    func inbound(_ network: UInt32, _ from: String, _ to: String, by peer: UInt32) throws -> Decision {
      table.inbound(
        network: network, source: try address(from).rawValue, destination: try address(to).rawValue, from: peer)
    }
    #expect(try inbound(1, "172.16.10.11", "172.16.0.10", by: a) == .deliver(network: 1))
    #expect(try inbound(1, "172.16.10.11", "172.16.0.99", by: a) == .drop(.destinationNotInLNDT))
    #expect(try inbound(2, "172.16.10.11", "172.16.0.10", by: a) == .drop(.wrongVine))
    #expect(try inbound(1, "172.16.10.11", "172.16.0.10", by: b) == .drop(.spoofedSource))
    #expect(try inbound(1, "172.16.20.5", "172.16.0.10", by: a) == .drop(.spoofedSource))
    #expect(try inbound(1, "172.16.10.11", "172.16.0.1", by: a) == .drop(.toVirtualRouter))
    #expect(try inbound(1, "172.16.10.11", "172.16.0.10", by: 99) == .drop(.spoofedSource))
  }
}

@Suite struct GNDTTests {
  @Test func `an entry needs the block, the participation and the claim`() throws {
    let hosts = AddressSet([try block("172.16.0.0/16").range])
    let blocks: SortedMap<Block, NodeID> = [try block("172.16.0.0/30"): node(1), try block("172.16.1.0/24"): node(2)]
    let both = GNDT.derive(
      network: net(1), blocks: blocks, participants: [node(1), node(2)], claims: [node(1): hosts])
    // Node 1 claims more than it owns, node 2 claims nothing; network, gateway and broadcast are nobody's.
    #expect(both.entries.map(\.range.description) == ["172.16.0.2"])
    let none = GNDT.derive(network: net(1), blocks: blocks, participants: [node(2)], claims: [node(1): hosts])
    #expect(none.entries.isEmpty && none.digest != both.digest)
  }

  @Test func `an empty LNDT claims nothing, and a host leaves its last ViNe`() throws {
    var lndt = LNDT()
    lndt.add(try address("172.16.0.9"), to: net(2))
    lndt.add(try address("172.16.0.9"), to: net(1))
    lndt.add(try address("172.16.0.9"), to: net(1))
    #expect(lndt.hosts[try address("172.16.0.9")] == [net(1), net(2)])
    lndt.remove(try address("172.16.0.9"), from: net(1))
    lndt.remove(try address("172.16.0.9"), from: net(2))
    #expect(lndt == LNDT() && lndt.participation.isEmpty)
  }
}

/// A table that looks at everything, written without looking at the real one.
private struct Oracle {
  var hosts: [UInt32: Set<UInt32>] = [:]
  var owners: [UInt32: [UInt32: NodeID]] = [:]
  let gateway: UInt32
  let own: NodeID

  func outbound(_ source: UInt32, _ destination: UInt32) -> (UInt32, NodeID)?? {
    guard destination >> 20 == 0xAC1, destination != gateway, let networks = hosts[source] else { return nil }
    for network in networks.sorted() {
      if let owner = owners[network]?[destination] { return .some((network, owner)) }
    }
    return .some(nil)
  }
}

@Suite struct ForwardingTableTests {
  @Test(arguments: 0..<8 as Range<UInt64>)
  func `decisions agree with looking at everything, and so does explain`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let own = node(1)
    let nodes = (1...5).map { node($0) }
    var blocks: SortedMap<Block, NodeID> = [:]
    for (position, owner) in nodes.enumerated() { blocks[try block("172.16.\(position).0/27")] = owner }
    var (claims, lndt) = ([UInt32: SortedMap<NodeID, AddressSet>](), LNDT())
    var oracle = Oracle(gateway: try address("172.16.0.1").rawValue, own: own)
    for network in UInt32(1)...4 {
      for (owned, owner) in blocks {
        var claimed: [IPv4Address] = []
        for offset in UInt32(2)..<31 where random.below(3) == 0 {
          let host = IPv4Address(rawValue: owned.base.rawValue + offset)
          claimed.append(host)
          oracle.owners[network, default: [:]][host.rawValue] = owner
          guard owner == own else { continue }
          lndt.add(host, to: net(network))
          oracle.hosts[host.rawValue, default: []].insert(network)
        }
        claims[network, default: [:]][owner] = AddressSet(addresses: claimed)
      }
    }
    let tables = (1...4).map {
      GNDT.derive(network: net($0), blocks: blocks, participants: nodes, claims: claims[$0] ?? [:])
    }
    let table = ForwardingTable(
      space: .standardSpace, ownNode: own, gateways: [IPv4Address(rawValue: oracle.gateway)], lndt: lndt,
      gndts: random.shuffled(tables))
    for _ in 0..<4000 {
      let source = 0xAC10_0000 + UInt32(random.below(34))
      let destination =
        random.below(20) == 0
        ? UInt32(random.below(1 << 32)) : 0xAC10_0000 + UInt32(random.below(5) << 8 + random.below(34))
      let decision = table.outbound(source: source, destination: destination)
      switch (decision, oracle.outbound(source, destination)) {
      case (.tunnel(let network, let peer), .some(.some(let right))):
        #expect(network == right.0 && table.nodes[Int(peer)] == right.1 && right.1 != own)
      case (.deliver(let network), .some(.some(let right))): #expect(network == right.0 && right.1 == own)
      case (.drop(.noGNDTEntry), .some(nil)), (.drop(.sourceNotInLNDT), nil), (.drop(.toVirtualRouter), nil),
        (.drop(.notVirtualDestination), nil):
        break
      default: Issue.record("\(IPv4Address(rawValue: source)) to \(IPv4Address(rawValue: destination)): \(decision)")
      }
      let explained = table.explainOutbound(
        source: IPv4Address(rawValue: source), destination: IPv4Address(rawValue: destination))
      #expect(explained.0 == decision && !explained.1.isEmpty)
      // What one VR sends, the other takes: the same table seen from the destination.
      let (network, peer) = (UInt32(random.below(6)), UInt32(random.below(7)))
      let inbound = table.inbound(network: network, source: destination, destination: source, from: peer)
      let isRight =
        oracle.hosts[source]?.contains(network) == true && Int(peer) < table.nodes.count
        && oracle.owners[network]?[destination] == table.nodes[Int(peer)]
      #expect((inbound == .deliver(network: network)) == isRight)
      #expect(
        table.explainInbound(
          network: net(network), source: IPv4Address(rawValue: destination),
          destination: IPv4Address(rawValue: source), from: peer
        ).0 == inbound)
    }
  }
}

@Suite struct DropReasonTests {
  @Test func `every reason has a name of its own and an explanation`() {
    #expect(Set(DropReason.allCases.map(\.name)).count == DropReason.allCases.count)
    #expect(DropReason.allCases.allSatisfy { !$0.explanation.isEmpty && $0.name.first?.isLowercase == true })
    #expect(DropReason.noGNDTEntry.name == "noGNDTEntry")
  }
}
