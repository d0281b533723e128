import Testing
import VineBase
import VineRaft
import VineRegistry
import VineSession

@testable import VineRouter

@Suite(.serialized) struct RecoveryTests {
  private func lastVoter(_ world: World, _ keys: [StaticKey]) throws -> (left: StaticKey, lost: [NodeID]) {
    let voters = try #require(world.routers[keys[0].node]).directory.view.voters
    let left = try #require(keys.first { $0.node == voters.last })
    return (left, voters.filter { $0 != left.node })
  }

  @Test func `a voter that is left alone recovers the mesh, and owners keep their blocks`() throws {
    let (world, keys) = try World.mesh(of: 4)
    let (left, lost) = try lastVoter(world, keys)
    let blocks = try #require(world.routers[left.node]).directory.view.blocks
    world.cut = Set(lost)
    world.run(.seconds(5))
    let recovery = try world.recover(left)
    #expect(recovery.report.epoch == 2 && !recovery.report.quarantined.isEmpty)
    world.run(.seconds(60))
    let others = world.routers.values.filter { !lost.contains($0.node) }
    #expect(others.count == 2)
    for router in others {
      #expect(router.directory.view.epoch == 2 && router.directory.view.blocks == blocks)
      #expect(router.registrar.raft.epoch == Epoch(rawValue: 2))
      #expect(router.directory.view.voters == [left.node])
    }
    // The registry decides again.
    world.request(.createVine(try #require(VineName("physics"))), at: left.node)
    world.run(.seconds(5))
    #expect(world.failures.isEmpty)
    #expect(others.allSatisfy { world.routers[$0.node]?.directory.view.vines.count == 1 })
  }

  @Test func `lost voters that come back after all give way to the new epoch, and what they decided meanwhile is void`()
    throws
  {
    let (world, keys) = try World.mesh(of: 4)
    let (left, lost) = try lastVoter(world, keys)
    // The majority goes on for a while behind the survivor's back, then it is cut off before it replaced the survivor.
    world.cut = [left.node]
    world.request(.createVine(try #require(VineName("hidden"))), at: lost[0])
    #expect(world.routers[lost[0]]?.directory.view.vines.count == 1)
    #expect(world.routers[lost[0]]?.directory.view.voters.contains(left.node) == true)
    world.cut = Set(keys.map(\.node).filter { $0 != left.node })
    _ = try world.recover(left)
    world.run(.seconds(30))
    world.cut = []
    world.run(.seconds(90))
    let digests = world.routers.values.map(\.directory.view.digest)
    #expect(digests.allSatisfy { $0 == digests[0] })
    for router in world.routers.values {
      #expect(router.directory.view.epoch == 2 && router.directory.view.vines.isEmpty)
      #expect(router.registrar.raft.epoch == Epoch(rawValue: 2))
    }
    #expect(world.routers.values.count(where: \.registrar.raft.isLeader) == 1)
    // They are fit to vote as before, in the new group.
    #expect(world.routers.values.count(where: \.registrar.isVoter) == 3)
  }

  @Test func `a VR that never voted cannot recover the mesh, and is told who can`() throws {
    let (world, keys) = try World.mesh(of: 4)
    let voters = try #require(world.routers[keys[0].node]).directory.view.voters
    let observer = try #require(keys.first { !voters.contains($0.node) })
    #expect(throws: GroupRecovery.Failure.neverVoted(voters: voters)) { try world.recover(observer) }
  }
}
