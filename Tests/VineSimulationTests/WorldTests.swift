import Testing
import VineAddress
import VineBase
import VineGossip

@testable import VineSimulation

@Suite(.serialized) struct WorldTests {
  private func mesh(_ count: Int, seed: UInt64 = 1) throws -> World {
    var shape = World.Shape(count: count)
    (shape.vines, shape.vineSize) = (2, 3)
    var world = try World.known(shape, seed: seed)
    world.run(.seconds(8))
    return world
  }

  @Test func `the same seed gives the same trace, another seed another one`() throws {
    func hash(_ seed: UInt64) throws -> UInt64 {
      var world = try mesh(6, seed: seed)
      world.underlay.lossPerTenThousand = 1000
      world.run(.seconds(10))
      return world.trace.hash
    }
    let first = try hash(5)
    #expect(try hash(5) == first)
    #expect(try hash(6) != first)
  }

  @Test func `a copy of a mesh goes its own way and leaves the first alone`() throws {
    let warm = try mesh(6)
    func fork(_ seed: UInt64) -> UInt64 {
      var world = warm
      world.reseed(seed)
      world.run(.seconds(5))
      return world.trace.hash
    }
    let first = fork(1)
    #expect(fork(2) != first)
    #expect(fork(1) == first)
  }

  @Test func `a mesh at rest is connected and agrees`() throws {
    let world = try mesh(8)
    #expect(world.isConnected && world.rootsAgree)
    #expect(Agreement().check(world) == nil)
  }

  @Test func `a crashed VR is found dead by all, and nobody else is`() throws {
    var world = try mesh(8)
    world.crash(3)
    let node = world.node(3)
    let time = world.run(atMost: .seconds(30), step: .milliseconds(100)) { world in
      world.live.allSatisfy { world.router($0).gossip.member(node)?.state == .dead }
    }
    #expect(time != nil)
    #expect(world.verdicts.filter { $0.state == .dead }.allSatisfy { $0.about == 3 })
    #expect(LiveMembers().check(world) == nil)
  }

  @Test func `a VR that was held up for a second is not held for dead`() throws {
    var world = try mesh(8)
    for index in [1, 2, 3, 4] {
      world.stall(index, for: .milliseconds(1200))
      world.run(.seconds(4))
    }
    #expect(!world.verdicts.contains { $0.state == .dead })
  }

  @Test func `a drifting clock shows another time and hurts nobody`() throws {
    var world = try mesh(6)
    let before = world.vrs[2].local(world.now).nanoseconds
    world.setClock(of: 2, driftPartsPerMillion: 100_000)
    #expect(abs(world.vrs[2].local(world.now).nanoseconds - before) < 1000)
    world.run(.seconds(10))
    let shown = world.vrs[2].local(world.now).nanoseconds - before
    #expect((10_990_000_000...11_010_000_000).contains(shown))
    #expect(!world.verdicts.contains { $0.state == .dead })
  }

  @Test func `sites join through the founder and own blocks`() throws {
    let join = try Upheaval.join(count: 8, seed: 3)
    #expect(join.joined == 8 && join.seconds != nil)
  }

  @Test func `messages are counted by kind and records by number`() {
    #expect(Payloads.count(in: [0x0A, 6, 0x32, 4, 0x0A, 0, 0x0A, 0]) == 2)
    #expect(Payloads.count(in: [0x0A, 4, 0x0A, 2, 8, 1]) == 0)
    #expect(Payloads.count(in: []) == 0 && Payloads.count(in: [0x0A, 200]) == 0)
  }

  @Test func `a percentile is the nearest rank, and a run without an end is the worst`() {
    #expect(Statistics.percentile(99, (1...100).map { Double($0) }) == 99)
    #expect(Statistics.percentile(50, [3, 1, 2]) == 2)
    #expect(Statistics.percentile(99, [1, nil]) == .infinity && Statistics.percentile(50, []) == .infinity)
  }
}

@Suite(.serialized) struct CheckerTests {
  private func mesh() throws -> World {
    var world = try World.known(World.Shape(count: 5), seed: 2)
    world.run(.seconds(8))
    return world
  }

  @Test func `agreement wants every VR running, connected, known and held for alive`() throws {
    var world = try mesh()
    #expect(Agreement().check(world) == nil)
    world.crash(2)
    #expect(Agreement().check(world)?.contains("do not run") == true)
    world.run(.seconds(30))
    world.start(2)
    #expect(Agreement().check(world) != nil)
  }

  @Test func `a living VR that somebody holds for dead is noticed`() throws {
    var world = try mesh()
    #expect(LiveMembers().check(world) == nil)
    world.partition { $0 == 4 ? 1 : 0 }
    world.run(.seconds(60))
    #expect(LiveMembers().check(world) != nil)
  }

  @Test func `more sessions, records or bytes than the mesh explains are noticed`() throws {
    let world = try mesh()
    var wide = Bounds(count: 5, vines: 0)
    #expect(wide.check(world) == nil)
    var narrow = Bounds(count: 1, vines: 0)
    #expect(narrow.check(world)?.contains("records") == true)
  }

  @Test func `a record that goes back is noticed, one of another life is not`() throws {
    let early = try mesh()
    var late = early
    late.crash(1)
    late.start(1)
    late.run(.seconds(10))
    var checker = RisingVersions()
    #expect(checker.check(late) == nil)
    #expect(checker.check(early)?.contains("went from") == true)
    var lives = RisingVersions()
    _ = lives.check(early)
    #expect(lives.check(late) == nil)
  }

  @Test func `blocks of an honest mesh have one owner each`() throws {
    #expect(SoleOwners().check(try mesh()) == nil)
    let texts = [
      ["172.16.0.0/24", "172.16.1.0/24"], ["172.16.0.0/24", "172.16.0.128/25"], ["172.16.1.0/24", "172.16.0.0/15"],
    ]
    let overlaps = texts.map { SoleOwners.overlap($0.compactMap(Block.init)) != nil }
    #expect(overlaps == [false, true, true])
  }
}

@Suite(.serialized) struct ScenarioTests {
  @Test(arguments: Regression.all.indices)
  func `a seed that once went wrong goes well`(index: Int) throws {
    let regression = Regression.all[index]
    let scenario = try #require(Scenario.named(regression.scenario))
    let outcome = try scenario.run(seed: regression.seed, count: regression.count)
    #expect(outcome.violation == nil)
  }

  @Test func `a scenario is decided by its seed`() throws {
    let scenario = try #require(Scenario.named("mixed"))
    let hashes = try (0..<2).map { _ in try scenario.run(seed: 9, count: 6).traceHash }
    #expect(hashes[0] == hashes[1])
  }
}
