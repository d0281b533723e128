import Testing
import VineAddress
import VineBase
import VineRegistry
import VineRouting

@testable import VineRouter

/// A site with two VRs, uf and uf2, and another, nwu; a host each at uf and nwu, in one ViNe that uf2 takes no part in.
@Suite(.serialized) struct FailOverTests {
  private struct Site {
    let sites: TwoSites
    let second: NodeID
    var world: World { sites.world }

    init(agreed: Bool = true) throws {
      sites = try TwoSites()
      let key = try World.key(3)
      second = key.node
      try sites.world.add(key, site: "uf2", records: try sites.world.admit(key, site: "uf2"), bootstrap: sites.uf)
      let (uf, uf2) = (try #require(SiteName("uf")), try #require(SiteName("uf2")))
      if agreed { sites.world.deliver(.successionChanged(Succession(secondVR: uf2)), to: sites.uf) }
      sites.world.deliver(.successionChanged(Succession(standsInFor: uf)), to: second)
      sites.world.run(.seconds(15))
    }

    func outbound() throws -> Decision {
      let table = try #require(world.tables[sites.nwu])
      return table.outbound(source: sites.second.rawValue, destination: sites.first.rawValue)
    }

    /// The VR that packets of nwu's host go to.
    func target() throws -> NodeID? {
      guard case .tunnel(_, let peer) = try outbound() else { return nil }
      return try #require(world.tables[sites.nwu]).nodes[Int(peer)]
    }

    func inbound(at node: NodeID, from peer: NodeID, _ source: IPv4Address, _ destination: IPv4Address) throws
      -> Decision
    {
      let table = try #require(world.tables[node])
      return table.inbound(
        network: 1, source: source.rawValue, destination: destination.rawValue, from: table.index(of: peer) ?? .max)
    }
  }

  @Test func `while the first VR lives packets go there, and the second may send for its hosts already`() throws {
    let site = try Site()
    #expect(try site.target() == site.sites.uf)
    #expect(site.world.gateways[site.second]?.count == 1, "its own block")
    let (host, other) = (site.sites.first, site.sites.second)
    #expect(try site.inbound(at: site.sites.nwu, from: site.second, host, other) == .deliver(network: 1))
    #expect(try site.inbound(at: site.second, from: site.sites.nwu, other, host) == .deliver(network: 1))
  }

  @Test func `when the first VR dies its packets go to the second within three seconds, which has the gateway`() throws
  {
    let site = try Site()
    let version = site.world.routers[site.sites.nwu]?.directory.tables[NetworkID(rawValue: 1)]?.version
    site.world.cut = [site.sites.uf]
    site.world.run(.seconds(3))
    #expect(try site.target() == site.second)
    #expect(site.world.gateways[site.second]?.count == 2)
    #expect((site.world.announcements[site.second] ?? 0) >= 1)
    let table = try #require(site.world.tables[site.second])
    let sent = table.outbound(source: site.sites.first.rawValue, destination: site.sites.second.rawValue)
    #expect(sent == .tunnel(network: 1, peer: try #require(table.index(of: site.sites.nwu))))
    #expect(
      site.world.routers[site.sites.nwu]?.directory.tables[NetworkID(rawValue: 1)]?.version == version,
      "no GNDT changes: it is the way that does")
  }

  @Test func `when the first VR comes back it gets its hosts back and tells them so`() throws {
    let site = try Site()
    site.world.cut = [site.sites.uf]
    site.world.run(.seconds(30))
    site.world.cut = []
    try site.world.restart(site.sites.uf)
    let uf2 = try #require(SiteName("uf2"))
    site.world.deliver(.successionChanged(Succession(secondVR: uf2)), to: site.sites.uf)
    site.world.run(.seconds(20))
    #expect(try site.target() == site.sites.uf)
    #expect(site.world.gateways[site.second]?.count == 1)
    #expect((site.world.announcements[site.sites.uf] ?? 0) >= 1)
  }

  @Test func `who is not named by the first VR stands in for nobody and speaks for nobody`() throws {
    let site = try Site(agreed: false)
    #expect(
      try site.inbound(at: site.sites.nwu, from: site.second, site.sites.first, site.sites.second)
        == .drop(.spoofedSource))
    site.world.cut = [site.sites.uf]
    site.world.run(.seconds(10))
    #expect(try site.target() == site.sites.uf)
    #expect(site.world.gateways[site.second]?.count == 1)
  }

  @Test func `a second VR that is cut off from all does not take the gateway`() throws {
    let site = try Site()
    site.world.apart = [site.second]
    site.world.run(.seconds(20))
    #expect(site.world.gateways[site.second]?.count == 1)
  }

  @Test func `explain names the VR that stands in, at both ends`() throws {
    let site = try Site()
    site.world.cut = [site.sites.uf]
    site.world.run(.seconds(5))
    let table = try #require(site.world.tables[site.sites.nwu])
    let (decision, steps) = table.explainOutbound(source: site.sites.second, destination: site.sites.first)
    #expect(decision == (try site.outbound()) && steps.last == .standsIn(site.second, for: site.sites.uf))
  }
}
