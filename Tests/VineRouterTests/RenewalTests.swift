import Testing
import VineBase
import VineIdentity
import VineRegistry
import VineWire

@testable import VineRouter

@Suite("Certificates are renewed before they expire")
struct RenewalTests {
  private static let day: Int64 = 86_400

  private func renewals(_ world: World) -> Int {
    world.events.filter { if case .certificateRenewed = $0 { true } else { false } }.count
  }

  private func pass(_ days: Int64, _ world: World) {
    world.wall = WallTime(secondsSince1970: world.wall.secondsSince1970 + days * Self.day)
    world.run(.seconds(60))
  }

  @Test("nothing happens in the first half of their life; in the last third all have new ones")
  func allRenew() throws {
    let (world, keys) = try World.mesh(of: 3)
    let before = keys.map { world.routers[$0.node]?.identity.certificateExpires }
    pass(44, world)
    #expect(renewals(world) == 0)
    pass(30, world)
    #expect(renewals(world) == 3)
    for (key, old) in zip(keys, before) {
      let identity = try #require(world.routers[key.node]?.identity)
      let certified = try world.trust.verify(certificateDER: identity.certificate, at: world.wall)
      #expect(certified.node == key.node)
      #expect(certified.site == identity.site)
      #expect(certified.notAfter == identity.certificateExpires)
      #expect(identity.certificateExpires > (try #require(old)))
    }
  }

  @Test("peers take sessions with the new certificate when the old one would have expired")
  func sessionsGoOn() throws {
    let (world, keys) = try World.mesh(of: 3)
    pass(74, world)
    pass(20, world)
    // Sessions are begun anew each half hour; the old certificates ended four days ago.
    world.run(.seconds(2 * 3600))
    for key in keys {
      let router = try #require(world.routers[key.node])
      #expect(keys.allSatisfy { $0.node == key.node || router.peers.isConnected($0.node) })
    }
  }

  @Test("a revoked VR gets none")
  func revoked() throws {
    let (world, keys) = try World.mesh(of: 3)
    let site = try #require(SiteName("site3"))
    world.request(.revoke(site), at: keys[0].node)
    world.run(.seconds(10))
    let before = try #require(world.routers[keys[2].node]?.identity.certificateExpires)
    pass(74, world)
    #expect(world.routers[keys[2].node]?.identity.certificateExpires == before)
    #expect(renewals(world) == 2)
  }

  @Test("a key that came to another VR renews there, and one that went away does not")
  func keyMoves() throws {
    let (world, keys) = try World.mesh(of: 3)
    world.deliver(.authorityChanged(nil), to: keys[0].node)
    world.run(.seconds(5))
    pass(74, world)
    #expect(renewals(world) == 0)
    #expect(world.routers[keys[1].node]?.renewal.problem != nil)
    world.deliver(.authorityChanged(world.authority), to: keys[1].node)
    world.run(.seconds(120))
    #expect(world.routers[keys[2].node]?.signers == [keys[1].node])
    #expect(renewals(world) == 3)
    #expect(world.routers[keys[0].node]?.renewal.problem == nil)
  }

  @Test("a certificate of somebody else, of another site or an older one is not taken")
  func foreign() throws {
    let (world, keys) = try World.mesh(of: 2)
    let node = keys[1].node
    let mesh = world.genesis.meshID
    let later = WallTime(secondsSince1970: world.wall.secondsSince1970 + 3600)
    let own = try #require(world.routers[node]?.identity.certificate)
    let others = [
      try world.authority.issue(node: keys[0].node, site: "site2", mesh: mesh, at: later),
      try world.authority.issue(node: node, site: "site3", mesh: mesh, at: later), own, [], [1, 2, 3],
    ]
    for der in others { world.deliver(.certificateRenewed(der), to: node) }
    world.run(.seconds(1))
    #expect(world.routers[node]?.identity.certificate == own)
    world.wall = later
    let good = try world.authority.issue(node: node, site: "site2", mesh: mesh, at: later)
    world.deliver(.certificateRenewed(good), to: node)
    world.run(.seconds(1))
    #expect(world.routers[node]?.identity.certificate == good)
  }
}
