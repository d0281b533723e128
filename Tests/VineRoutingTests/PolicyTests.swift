import Testing
import VineAddress
import VineBase
import VineRouting

/// A site (VR 1) with two ViNes, beside two others; VR 2 or ViNe 2 is refused.
@Suite struct PolicyTests {
  private let own = node(1)

  private func table(refusing refusals: Refusals) throws -> ForwardingTable {
    var lndt = LNDT()
    for (host, networks) in [("172.16.1.2", [1, 2]), ("172.16.1.3", [2])] {
      for network in networks { lndt.add(try address(host), to: NetworkID(rawValue: UInt32(network))) }
    }
    let gndts = try (1...2).map { id in
      var table = GNDT(network: NetworkID(rawValue: UInt32(id)), decision: 1)
      table.set(lndt.participation[table.network] ?? AddressSet(), changes: 1, of: own)
      for other in UInt8(2)...3 {
        table.set(AddressSet(addresses: [try address("172.16.\(other).\(id + 1)")]), changes: 1, of: node(other))
      }
      return table
    }
    return ForwardingTable(
      space: .standardSpace, ownNode: own, gateways: [try address("172.16.1.1")], lndt: lndt, gndts: gndts,
      refusing: refusals)
  }

  private func out(_ table: ForwardingTable, _ from: String, _ to: String) throws -> Decision {
    table.outbound(source: try address(from).rawValue, destination: try address(to).rawValue)
  }

  private func `in`(_ table: ForwardingTable, _ network: UInt32, _ from: String, _ to: String, by peer: UInt8) throws
    -> Decision
  {
    table.inbound(
      network: network, source: try address(from).rawValue, destination: try address(to).rawValue,
      from: try #require(table.index(of: node(peer))))
  }

  @Test func `packets to and from a refused site are dropped, to and from others they pass`() throws {
    let table = try table(refusing: Refusals(nodes: [node(2)]))
    #expect(try out(table, "172.16.1.2", "172.16.2.2") == .drop(.sitePolicy))
    #expect(try `in`(table, 1, "172.16.2.2", "172.16.1.2", by: 2) == .drop(.sitePolicy))
    #expect(
      try out(table, "172.16.1.2", "172.16.3.2") == .tunnel(network: 1, peer: try #require(table.index(of: node(3)))))
    #expect(try `in`(table, 1, "172.16.3.2", "172.16.1.2", by: 3) == .deliver(network: 1))
  }

  @Test func `in a refused ViNe nothing passes, not even within the site, and other ViNes go on`() throws {
    let table = try table(refusing: Refusals(networks: [NetworkID(rawValue: 2)]))
    #expect(try out(table, "172.16.1.2", "172.16.2.3") == .drop(.sitePolicy))
    #expect(try out(table, "172.16.1.3", "172.16.1.2") == .drop(.sitePolicy))
    #expect(try `in`(table, 2, "172.16.2.3", "172.16.1.2", by: 2) == .drop(.sitePolicy))
    #expect(try `in`(table, 1, "172.16.2.2", "172.16.1.2", by: 2) == .deliver(network: 1))
  }

  @Test func `who is refused and lies about its source is a liar first`() throws {
    let table = try table(refusing: Refusals(nodes: [node(2)]))
    #expect(try `in`(table, 1, "172.16.3.2", "172.16.1.2", by: 2) == .drop(.spoofedSource))
  }

  @Test func `explain names the rule of the policy`() throws {
    let sites = try table(refusing: Refusals(nodes: [node(2)]))
    let toSite = sites.explainOutbound(source: try address("172.16.1.2"), destination: try address("172.16.2.2"))
    #expect(toSite.1.last == .refusedSite(node(2)))
    let vines = try table(refusing: Refusals(networks: [NetworkID(rawValue: 2)]))
    let inVine = vines.explainInbound(
      network: NetworkID(rawValue: 2), source: try address("172.16.2.3"), destination: try address("172.16.1.2"),
      from: try #require(vines.index(of: node(2))))
    #expect(inVine.0 == .drop(.sitePolicy) && inVine.1.last == .refusedVine(NetworkID(rawValue: 2)))
  }
}

/// Random tables, policies and packets, both directions.
@Suite struct ExplainAgreementTests {
  /// What the forwarding decision itself drops for; the others are the data plane's.
  private static let reasons: Set<DropReason> = [
    .sourceNotInLNDT, .noGNDTEntry, .toVirtualRouter, .notVirtualDestination, .destinationNotInLNDT, .wrongVine,
    .spoofedSource, .sitePolicy,
  ]

  @Test func `explain and the forwarder agree on 100,000 random packets, and every reason comes up`() throws {
    var seen: [DropReason: Int] = [:]
    var (packets, passed) = (0, 0)
    for seed in UInt64(0)..<50 {
      var random = RandomSource(seed: seed)
      let table = try randomTable(&random)
      for _ in 0..<1000 {
        let (source, destination) = (randomAddress(&random), randomAddress(&random))
        let network = NetworkID(rawValue: UInt32(random.below(6)))
        let peer = UInt32(random.below(7))
        let forwarded = [
          table.outbound(source: source.rawValue, destination: destination.rawValue),
          table.inbound(
            network: network.rawValue, source: source.rawValue, destination: destination.rawValue, from: peer),
        ]
        let explained = [
          table.explainOutbound(source: source, destination: destination),
          table.explainInbound(network: network, source: source, destination: destination, from: peer),
        ]
        for (decision, explanation) in zip(forwarded, explained) {
          packets += 1
          try #require(decision == explanation.0 && !explanation.1.isEmpty, "\(source) to \(destination), seed \(seed)")
          if case .drop(let reason) = decision { seen[reason, default: 0] += 1 } else { passed += 1 }
        }
      }
    }
    #expect(packets == 100_000 && passed > 1000, "\(passed) passed")
    #expect(Set(seen.keys) == Self.reasons, "\(seen)")
  }

  private func randomAddress(_ random: inout RandomSource) -> IPv4Address {
    random.below(20) == 0
      ? IPv4Address(rawValue: UInt32(random.below(1 << 32)))
      : IPv4Address(rawValue: 0xAC10_0000 + UInt32(random.below(5) << 8 + random.below(12)))
  }

  /// Five sites of ten hosts, in some of four ViNes; VR 1's table.
  private func randomTable(_ random: inout RandomSource) throws -> ForwardingTable {
    var (lndt, gndts): (LNDT, [GNDT]) = (LNDT(), [])
    for id in UInt32(1)...4 {
      let network = NetworkID(rawValue: id)
      var table = GNDT(network: network, decision: UInt64(id))
      for site in UInt8(1)...5 where random.below(4) != 0 {
        let hosts = (2..<12).filter { _ in random.below(2) == 0 }.map {
          IPv4Address(rawValue: 0xAC10_0000 + UInt32(site - 1) << 8 + UInt32($0))
        }
        table.set(AddressSet(addresses: hosts), changes: 1, of: node(site))
        if site == 1 { for host in hosts { lndt.add(host, to: network) } }
      }
      gndts.append(table)
    }
    let refusals = Refusals(
      nodes: (2...5).filter { _ in random.below(5) == 0 }.map(node),
      networks: (1...4).filter { _ in random.below(6) == 0 }.map { NetworkID(rawValue: $0) })
    return ForwardingTable(
      space: .standardSpace, ownNode: node(1), gateways: [try address("172.16.0.1")], lndt: lndt,
      gndts: random.shuffled(gndts), refusing: refusals)
  }
}

private func node(_ byte: UInt8) -> NodeID {
  guard let node = NodeID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a node") }
  return node
}

private func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }
