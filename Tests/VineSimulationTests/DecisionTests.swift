import Testing
import VineBase
import VineRouter

@testable import VineSimulation

@Suite("Decisions of the registry, 100 ms from VR to VR and back")
struct DecisionTests {
  private static func warm() throws -> World {
    try Decisions.warm(roundTrip: .milliseconds(100), public: 8, limited: 4)
  }

  @Test("a VR behind NAT has a new block after two round trips: its command goes to the leader straight, too")
  func straight() throws {
    let warm = try Self.warm()
    for seed: UInt64 in 1...5 {
      let seconds = try #require(Decisions.allocation(warm, seed: seed))
      // Through its queue-VR both ways it would be three.
      #expect(seconds <= 0.26, "seed \(seed)")
    }
  }

  @Test("each VR knows who leads, and who leads next when that VR is gone")
  func leaderTold() throws {
    var world = try Self.warm()
    func told(_ world: World) -> [NodeID?] { world.live.map { world.router($0).leaderTold?.node } }
    let leader = try #require(world.leader)
    let first = told(world)
    #expect(first == first.map { _ in world.node(leader) })
    world.crash(leader)
    world.run(.seconds(10))
    let next = try #require(world.leader)
    let then = told(world)
    #expect(next != leader)
    #expect(then == then.map { _ in world.node(next) })
  }
}
