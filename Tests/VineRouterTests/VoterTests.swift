import Testing
import VineBase
import VineRegistry
import VineSession

@testable import VineRouter

@Suite(.serialized) struct VoterTests {
  private func alive(in world: World) -> [Router] { world.routers.values.filter { !world.cut.contains($0.node) } }

  @Test func `three public VRs come to vote, and all VRs know it from facts`() throws {
    let (world, keys) = try World.mesh(of: 4)
    for router in world.routers.values {
      #expect(router.directory.view.voters.count == 3)
      #expect(router.directory.view.voters.contains(world.genesis.founder))
      #expect(router.registrar.voters == router.directory.view.voters)
    }
    let voters = world.routers.values.filter(\.registrar.isVoter)
    #expect(voters.map(\.node) == voters[0].directory.view.voters)
    #expect(voters.allSatisfy { $0.registrar.appliedIndex == voters[0].registrar.appliedIndex })
    #expect(keys.count == 4)
  }

  @Test func `a voter that dies is replaced within half a minute`() throws {
    let (world, _) = try World.mesh(of: 5)
    let before = try #require(alive(in: world).first).directory.view.voters
    #expect(before.count == 5)
    // A sixth comes, and one that does not lead dies.
    let sixth = try World.key(6)
    try world.add(
      sixth, site: "site6", records: try world.admit(sixth, site: "site6"), bootstrap: world.genesis.founder)
    world.run(.seconds(40))
    let victim = try #require(before.first { $0 != world.leader })
    world.cut = [victim]
    world.run(.seconds(30))
    for router in alive(in: world) {
      #expect(!router.directory.view.voters.contains(victim))
      #expect(router.directory.view.voters.contains(sixth.node))
      #expect(router.directory.view.voterReason(sixth.node) == .replaced(victim))
    }
  }

  @Test func `when the leader dies, another one leads, and everybody's commands go on being carried out`() throws {
    let (world, keys) = try World.mesh(of: 4)
    let dead = try #require(world.leader)
    world.cut = [dead]
    world.run(.seconds(5))
    let next = try #require(world.leader)
    #expect(next != dead)
    for (number, key) in keys.enumerated() where key.node != dead {
      world.request(.createVine(try #require(VineName("vine\(number)"))), at: key.node)
    }
    world.run(.seconds(10))
    #expect(world.failures.isEmpty)
    for router in alive(in: world) { #expect(router.directory.view.vines.count == 3) }
    // The one that was dead comes back as a follower, and learns what was decided.
    world.cut = []
    world.run(.seconds(30))
    #expect(world.routers[dead]?.directory.view.vines.count == 3)
    #expect(world.routers.values.count(where: \.registrar.raft.isLeader) == 1)
  }

  @Test func `without a quorum nothing is decided, and whoever asks is told so`() throws {
    let (world, keys) = try World.mesh(of: 3)
    let alone = keys[2].node
    world.cut = Set(keys.prefix(2).map(\.node))
    world.request(.createVine(try #require(VineName("physics"))), at: alone)
    world.run(.seconds(12))
    #expect(world.failures.last?.message.contains("no voter answered in time") == true)
    #expect(world.routers[alone]?.directory.view.vines.isEmpty == true)
    #expect(world.routers[alone]?.registrar.raft.isLeader == false)
  }

  @Test func `a voter that restarts is the same voter and knows what was decided`() throws {
    let (world, keys) = try World.mesh(of: 3)
    let follower = try #require(keys.first { $0.node != world.leader }).node
    let before = try #require(world.routers[follower]).registrar
    try world.restart(follower)
    world.run(.seconds(10))
    let after = try #require(world.routers[follower]).registrar
    #expect(after.isVoter && after.raft.voter == before.raft.voter)
    #expect(after.appliedIndex >= before.appliedIndex && after.registry.view.digest == before.registry.view.digest)
  }

  @Test func `a revoked voter stops voting, and its word on later facts counts for nothing`() throws {
    let (world, keys) = try World.mesh(of: 4)
    let voters = try #require(world.routers[keys[0].node]).directory.view.voters
    let victim = try #require(voters.first { $0 != world.leader })
    let key = try #require(keys.first { $0.node == victim })
    let site = try #require(world.routers[keys[0].node]?.directory.view.sites[victim]?.name)
    world.request(.revoke(site), at: try #require(keys.first { $0.node != victim }).node)
    world.run(.seconds(30))
    let router = try #require(alive(in: world).first { $0.node != victim })
    #expect(!router.directory.view.voters.contains(victim) && router.directory.view.voters.count == 3)
    let trust = RecordTrust(founder: world.genesis.founder)
    let fact = RegistryFact(key: .revocation(keys[0].node), index: 10_000, body: .revocation)
    #expect(!trust.isAuthentic(RecordTrust.attest(fact, by: key), knowing: router.directory.view))
  }

  @Test func `a VR that joins through voters' facts believes them from the founder's word`() throws {
    let (world, keys) = try World.mesh(of: 3)
    world.cut = [keys[0].node]
    world.run(.seconds(20))
    world.request(.createVine(try #require(VineName("physics"))), at: keys[1].node)
    world.cut = []
    world.run(.seconds(20))
    // The ViNe's facts carry the word of a voter that is not the founder.
    let late = try World.key(9)
    try world.add(late, site: "late", records: try world.admit(late, site: "late"), bootstrap: world.genesis.founder)
    world.run(.seconds(30))
    #expect(world.routers[late.node]?.directory.view.vines.count == 1)
    #expect(world.routers[late.node]?.directory.view.voters.count == 3)
  }

  @Test func `the blocks of a VR that is gone are kept free, then given out again; a VR cannot do that to itself`()
    throws
  {
    let (world, keys) = try World.mesh(of: 4)
    let view = try #require(world.routers[keys[0].node]).directory.view
    let gone = try #require(keys.last).node
    let (site, lost) = (try #require(view.sites[gone]?.name), view.blocks(of: gone))
    world.request(.reclaim(site), at: gone)
    #expect(world.failures.last?.message == "\(site) is this site")
    world.cut = [gone]
    world.run(.seconds(30))
    world.request(.reclaim(site), at: keys[1].node)
    world.run(.seconds(5))
    let after = try #require(world.routers[keys[1].node]).directory.view
    #expect(after.blocks(of: gone).isEmpty && after.quarantines.keys.map(\.block) == lost)
    // A day later the leader frees them by itself.
    world.wall = WallTime(secondsSince1970: world.wall.secondsSince1970 + Registry.quarantineSeconds + 10)
    world.request(.createVine(try #require(VineName("one"))), at: keys[0].node)
    world.request(.createVine(try #require(VineName("two"))), at: keys[1].node)
    world.run(.seconds(130))
    #expect(world.routers[keys[1].node]?.directory.view.quarantines.isEmpty == true)
  }
}
