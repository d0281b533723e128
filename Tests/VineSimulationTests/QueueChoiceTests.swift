import Testing
import VineBase
import VinePath
import VineRouter

@testable import VineSimulation

/// The choice of a queue-VR by whole meshes: VR 0 and VR 1 are public, VR 2 is limited (the paper's UF, NWU and PU).
@Suite(.serialized) struct QueueVRChoiceTests {
  private func world(_ links: [[Int]: Double], limited: Int = 1, public publicCount: Int = 2) throws -> World {
    let count = publicCount + limited
    var shape = World.Shape(count: count)
    shape.limitedPerCent = limited * 100 / count
    while shape.count * shape.limitedPerCent / 100 < limited { shape.limitedPerCent += 1 }
    (shape.vines, shape.vineSize) = (1, count)
    var world = try World.known(shape, seed: 1)
    for (pair, megabits) in links { world.underlay.links[pair] = Self.rate(megabits) }
    return world
  }

  private static func rate(_ megabits: Double) -> BitRate { BitRate(bitsPerSecond: Int64(megabits * 1_000_000)) }

  private let table3: [[Int]: Double] = [[0, 2]: 20.4, [0, 1]: 17.5, [1, 2]: 63.1]

  private func queueVR(of index: Int, in world: World) -> Int? {
    world.router(index).channels.queueVR.flatMap { world.numbers[$0] }
  }

  @Test func `left to itself the mesh of the paper's Table 3 takes NWU for PU, as case 3 does`() throws {
    var world = try world(table3)
    let time = world.run(atMost: .seconds(90), step: .seconds(1)) { queueVR(of: 2, in: $0) == 1 }
    #expect(time != nil)
    world.run(.seconds(300))
    #expect(queueVR(of: 2, in: world) == 1)
    #expect(world.router(2).standby.queueVR.flatMap { world.numbers[$0] } == 0, "the second-best stands by")
  }

  @Test func `a fat relay far away is taken and not a thin one nearby, and a better one when the links change`() throws
  {
    var links: [[Int]: Double] = [[0, 2]: 100, [0, 1]: 100, [1, 2]: 10]
    var world = try world(links)
    world.run(.seconds(120))
    #expect(queueVR(of: 2, in: world) == 0)
    links[[0, 2]] = 2
    for (pair, megabits) in links { world.underlay.links[pair] = Self.rate(megabits) }
    let time = world.run(atMost: .seconds(60), step: .milliseconds(500)) { queueVR(of: 2, in: $0) == 1 }
    let told = time.map { "after \($0)" } ?? "never"
    #expect(time.map { $0 <= .seconds(30) } == true, "moved \(told)")
  }

  @Test func `an hour of links that vary by a tenth makes nobody move`() throws {
    var world = try world([[0, 2]: 21, [0, 1]: 20, [1, 2]: 20])
    world.underlay.linkNoise = 100
    world.run(.seconds(120))
    let (first, since) = (queueVR(of: 2, in: world), world.router(2).channels.queueVRSince)
    world.run(.seconds(3600))
    #expect(first != nil && queueVR(of: 2, in: world) == first)
    #expect(world.router(2).channels.queueVRSince == since)
  }

  @Test func `the queue-VR dies: the standby has its place within three seconds of traffic`() throws {
    var world = try world(table3)
    world.run(.seconds(120))
    let before = try #require(queueVR(of: 2, in: world))
    // Not with a farewell: nothing gets through to it or from it.
    for other in [0, 1, 2] where other != before {
      world.underlay.cut(from: other, to: before)
      world.underlay.cut(from: before, to: other)
    }
    var seconds = 0
    while queueVR(of: 2, in: world) == before, seconds < 20 {
      world.exchange(2, 1 - before)
      world.run(.seconds(1))
      seconds += 1
    }
    #expect(seconds <= 3 && queueVR(of: 2, in: world) == 1 - before, "after \(seconds) s")
  }
}
