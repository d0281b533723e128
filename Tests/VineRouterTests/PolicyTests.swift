import Testing
import VineBase
import VineRegistry
import VineRouting

@testable import VineRouter

@Suite(.serialized) struct PolicyTests {
  private func refusing(sites: [String] = [], vines: [String] = []) throws -> SitePolicy {
    var policy = SitePolicy()
    policy.refusedSites = try sites.map { try #require(SiteName($0)) }
    policy.refusedVines = try vines.map { try #require(VineName($0)) }
    return policy
  }

  private func accepting(sites: [String]) throws -> SitePolicy {
    var policy = SitePolicy()
    policy.acceptedSites = try sites.map { try #require(SiteName($0)) }
    return policy
  }

  private func set(_ policy: SitePolicy, at node: NodeID, of sites: TwoSites) {
    sites.world.deliver(.policyChanged(policy), to: node)
    sites.world.run(.seconds(1))
  }

  @Test func `a policy counts at once, in both directions, and so does its end`() throws {
    let sites = try TwoSites()
    set(try refusing(sites: ["nwu"]), at: sites.uf, of: sites)
    #expect(try sites.explain(sites.first, sites.second).decision == .drop(.sitePolicy))
    set(SitePolicy(), at: sites.uf, of: sites)
    set(try refusing(sites: ["uf"]), at: sites.nwu, of: sites)
    let refused = try sites.explain(sites.first, sites.second)
    guard case .dropped("sitePolicy", _)? = refused.remote else {
      Issue.record("\(refused)")
      return
    }
    set(SitePolicy(), at: sites.nwu, of: sites)
    guard case .delivered? = try sites.explain(sites.first, sites.second).remote else {
      Issue.record("not taken back")
      return
    }
  }

  @Test func `where only named sites are accepted all others are refused`() throws {
    let sites = try TwoSites()
    set(try accepting(sites: ["pu"]), at: sites.uf, of: sites)
    #expect(try sites.explain(sites.first, sites.second).decision == .drop(.sitePolicy))
    set(try accepting(sites: ["pu", "nwu"]), at: sites.uf, of: sites)
    #expect(try sites.explain(sites.first, sites.second).peer == sites.nwu)
  }

  @Test func `a site never refuses itself`() throws {
    let sites = try TwoSites()
    let other = try #require(IPv4Address("172.16.0.11"))
    sites.world.request(.addHost(other, try #require(VineName("physics"))), at: sites.uf)
    set(try accepting(sites: ["pu"]), at: sites.uf, of: sites)
    #expect(try sites.explain(sites.first, other).decision == .deliver(network: 1))
  }

  @Test func `a VR whose site's name is not known yet is refused where only named ones are accepted`() throws {
    let sites = try TwoSites()
    set(try accepting(sites: ["nwu"]), at: sites.uf, of: sites)
    var router = try #require(sites.world.routers[sites.uf])
    #expect(router.refusals(among: [NetworkID(rawValue: 1)]).nodes.isEmpty)
    router.directory = nameless(router)
    #expect(router.refusals(among: [NetworkID(rawValue: 1)]).nodes == [sites.nwu])
  }

  @Test func `a refused ViNe carries nothing, and this site neither joins it nor puts hosts in`() throws {
    let sites = try TwoSites()
    set(try refusing(vines: ["physics"]), at: sites.uf, of: sites)
    #expect(try sites.explain(sites.first, sites.second).decision == .drop(.sitePolicy))
    let before = sites.world.failures.count
    let physics = try #require(VineName("physics"))
    sites.world.request(.joinVine(physics), at: sites.uf)
    sites.world.request(.addHost(try #require(IPv4Address("172.16.0.12")), physics), at: sites.uf)
    let failures = sites.world.failures[before...]
    #expect(failures.count == 2 && failures.allSatisfy { $0.kind == .denied }, "\(failures)")
  }

  /// The same tables without the sites' facts, as they may come in any order.
  private func nameless(_ router: Router) -> Directory {
    var directory = Directory()
    for record in router.gossip.records {
      if case .fact(let fact) = RecordContent(record), case .site = fact.key { continue }
      _ = directory.absorb(record)
    }
    return directory
  }
}
