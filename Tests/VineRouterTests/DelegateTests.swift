import Testing
import VineAddress
import VineBase
import VineIdentity
import VineRegistry
import VineSession

@testable import VineRouter

@Suite(.serialized) struct DelegateTests {
  /// A token for a site, as the founder gave it out before the partition.
  private func invite(_ site: String, in world: World) throws -> InvitationToken {
    let name = try #require(SiteName(site))
    world.request(.invite(site: name, hosts: 20, validFor: .seconds(3600)), at: world.genesis.founder)
    guard case .invitation(let text, _)? = world.answers.last else { throw NoToken() }
    return try InvitationToken.parse(text)
  }

  private struct NoToken: Error {}

  private func join(_ key: StaticKey, _ token: InvitationToken, in world: World) throws -> [RouterEvent] {
    let before = world.events.count
    let founder = world.genesis.founder
    var turn = Turn(now: world.now, wall: world.wall)
    guard var router = world.routers[founder] else { return [] }
    router.receivedFromGuest(
      .joinRequest(invitation: token.id, secret: token.secret, softwareVersion: "test"), from: key.node, &turn)
    router.settle(&turn)
    world.routers[founder] = router
    world.carryOut(turn.effects, of: founder)
    world.run(.seconds(1))
    return Array(world.events[before...])
  }

  private func joined(_ events: [RouterEvent]) -> Block? {
    for case .siteJoined(_, _, let block) in events { return block }
    return nil
  }

  @Test func `every voter has a reserve, and no two overlap`() throws {
    let (world, keys) = try World.mesh(of: 5)
    let reserves = try #require(world.routers[keys[0].node]).directory.view.reserves
    #expect(reserves.count == 5 && Set(reserves.values) == Set(keys.map(\.node)))
    #expect(world.ledgers.count == 5)
  }

  @Test func `on a minority side a delegate admits a site at once, and the majority ratifies it after the heal`() throws
  {
    let (world, keys) = try World.mesh(of: 5)
    let token = try invite("late", in: world)
    let minority = [keys[0].node, keys[1].node]
    world.apart = Set(minority)
    world.run(.seconds(20))
    #expect(world.routers[minority[0]]?.registrar.isCutOff(at: world.now) == true)
    let late = try World.key(9)
    let block = try #require(joined(try join(late, token, in: world)))
    let ledger = try #require(world.ledgers[minority[0]])
    #expect(ledger.reserve.contains(block) && ledger.grants.count == 1)
    // Its own side knows it, the other one does not.
    world.run(.seconds(5))
    #expect(world.routers[minority[1]]?.directory.view.blocks[block] == late.node)
    #expect(world.routers[keys[4].node]?.directory.view.blocks[block] == nil)
    // Who asks again gets the same; another VR with the same token does not.
    #expect(joined(try join(late, token, in: world)) == block)
    #expect(joined(try join(try World.key(10), token, in: world)) == nil)

    // Meanwhile the majority goes on.
    let majority = try #require(
      world.routers.values.first { !minority.contains($0.node) && $0.registrar.raft.isLeader })
    world.request(.requestBlock(hosts: 20, vine: nil), at: majority.node)
    world.apart = []
    world.run(.seconds(60))
    for router in world.routers.values {
      let view = router.directory.view
      #expect(view.blocks[block] == late.node && view.sites[late.node]?.name == SiteName("late"))
      #expect(view.blocks.count == 7)
    }
    let leader = try #require(world.leader.flatMap { world.routers[$0] })
    leader.registrar.registry.checkInvariants()
    #expect(leader.registrar.registry.view.blocks[block] == late.node)
    #expect(leader.registrar.registry.known(.block(block)).map { $0 > ledger.delegation } == true)
  }

  @Test func `a delegate that restarts knows what it granted, and grants nothing before its log is whole`() throws {
    let (world, keys) = try World.mesh(of: 5)
    let tokens = [try invite("one", in: world), try invite("two", in: world)]
    world.apart = [keys[0].node]
    world.run(.seconds(20))
    let first = try #require(joined(try join(try World.key(9), tokens[0], in: world)))
    try world.restart(keys[0].node)
    world.run(.seconds(20))
    #expect(joined(try join(try World.key(10), tokens[1], in: world)) == nil)
    world.apart = []
    world.run(.seconds(3))
    world.apart = [keys[0].node]
    world.run(.seconds(20))
    let second = try #require(joined(try join(try World.key(10), tokens[1], in: world)))
    #expect(!first.overlaps(second))
    world.apart = []
    world.run(.seconds(60))
    let view = try #require(world.routers[keys[3].node]).directory.view
    #expect(view.blocks[first] != nil && view.blocks[second] != nil)
  }

  @Test func `a site on the minority side gets a further block from a delegate's reserve`() throws {
    let (world, keys) = try World.mesh(of: 5)
    world.apart = [keys[0].node, keys[1].node]
    world.run(.seconds(20))
    let before = world.answers.count
    world.request(.requestBlock(hosts: 20, vine: nil), at: keys[1].node)
    guard world.answers.count == before + 1, case .block(let block)? = world.answers.last else {
      Issue.record("no block: \(world.failures)")
      return
    }
    #expect(world.ledgers[keys[1].node]?.reserve.contains(block) == true)
    // What needs everybody's agreement is refused there.
    world.request(.createVine(try #require(VineName("physics"))), at: keys[1].node)
    world.run(.seconds(12))
    #expect(world.failures.last?.kind == .unanswered)
  }

  @Test func `nobody grants while a leader is there, or is only being elected`() throws {
    let (world, keys) = try World.mesh(of: 5)
    for router in world.routers.values { #expect(!router.registrar.isCutOff(at: world.now)) }
    let leader = try #require(world.leader)
    world.cut = [leader]
    for _ in 0..<20 {
      world.run(.milliseconds(200))
      for key in keys where key.node != leader {
        #expect(world.routers[key.node]?.registrar.isCutOff(at: world.now) == false)
      }
    }
  }
}
