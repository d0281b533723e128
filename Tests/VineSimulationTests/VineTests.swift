import Testing
import VineAddress
import VineBase
import VineRegistry
import VineRouter

@testable import VineSimulation

@Suite(.serialized) struct FirstPacketTests {
  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `a ViNe of three sites carries packets within half a second of its first command`(seed: UInt64) throws {
    let warm = try FirstPacket.warm(public: 6, limited: 0)
    let outcome = FirstPacket.measure(warm, seed: seed)
    #expect(outcome.refusals == 0, "each command finds what the one before did")
    let (first, all) = (try #require(outcome.first), try #require(outcome.all))
    #expect(first <= 0.5 && first <= all && all < 1)
  }

  @Test func `packets go nowhere before a ViNe has both hosts, and only in it`() throws {
    var world = try World.known(World.Shape(count: 5), seed: 3)
    world.run(.seconds(10))
    let (from, to) = (try #require(world.address(of: 9, at: 1)), try #require(world.address(of: 9, at: 2)))
    let name = try #require(VineName("new"))
    world.sendPacket(from: from, to: to, at: 1)
    var first = Operator(site: 1, commands: [.createVine(name), .addHost(from, name)])
    var second = Operator(site: 2, commands: [.joinVine(name)])
    for _ in 0..<200 {
      first.work(in: &world)
      second.work(in: &world)
      world.run(.milliseconds(10))
      world.sendPacket(from: from, to: to, at: 1)
    }
    #expect(first.isDone && second.isDone && world.deliveries.isEmpty, "the other host takes no part")
    world.request(.addHost(to, name), at: 2)
    world.run(.seconds(3))
    world.sendPacket(from: from, to: to, at: 1)
    // Nobody there has this address.
    world.sendPacket(from: IPv4Address(rawValue: from.rawValue + 1), to: to, at: 1)
    world.run(.seconds(1))
    #expect(world.deliveries.map(\.by) == [2] && world.deliveries.first?.packet.source == from)
  }

  @Test func `an operator gives a refused command again, and the next one after its answer`() throws {
    var world = try World.known(World.Shape(count: 3), seed: 4)
    world.run(.seconds(10))
    let (address, name) = (try #require(world.address(of: 9, at: 1)), try #require(VineName("late")))
    var second = Operator(site: 1, commands: [.joinVine(name), .addHost(address, name)])
    second.work(in: &world)
    world.run(.seconds(4))
    second.work(in: &world)
    #expect(!second.refusals.isEmpty && second.commands.count == 2)
    world.request(.createVine(name), at: 0)
    let done = world.run(atMost: .seconds(10)) { world in
      second.work(in: &world)
      return second.isDone
    }
    #expect(done != nil && world.router(1).hosts.hosts[address]?.count == 1)
  }
}

@Suite(.serialized) struct VineLoadTests {
  private var load: VineLoad {
    var load = VineLoad()
    (load.sites, load.vines, load.sitesPerVine, load.hostsPerSite) = (8, 24, 3, 4)
    return load
  }

  @Test func `ViNes made at all sites at once come out as registry and LNDTs say, also with loss`() throws {
    var load = load
    for (seed, loss) in [(1, 0), (2, 5)] as [(UInt64, Int)] {
      load.lossPerCent = loss
      var world = try load.warm(seed: seed)
      let outcome = load.make(in: &world, seed: seed)
      #expect(outcome.agreement != nil && outcome.told != nil)
      #expect(outcome.fault == nil && outcome.refusals == 0, "\(outcome.refusal ?? "")")
      #expect(world.router(0).directory.tables.count == 24)
      // Hosts next to one another are one range.
      #expect(outcome.entries <= 72 && outcome.entries >= 48)
      for change in 1...3 as ClosedRange<UInt64> { #expect(VineLoad.change(world, seed: change) != nil) }
    }
  }

  @Test func `the same seed makes the same ViNes`() throws {
    let warm = try load.warm(seed: 3)
    func hash() -> UInt64 {
      var world = warm
      _ = load.make(in: &world, seed: 9)
      return world.trace.hash
    }
    #expect(hash() == hash())
  }

  @Test func `a table that is not what the LNDTs say is noticed`() throws {
    var world = try load.warm(seed: 4)
    _ = load.make(in: &world, seed: 4)
    let model = try #require(TableModel(world))
    #expect(model.fault(in: world) == nil)
    // The model is of before; a host more is a difference.
    let network = try #require(world.router(3).directory.view.networks(of: world.node(3)).first)
    let name = try #require(world.router(3).directory.view.vines[network]?.name)
    world.request(.addHost(try #require(world.address(of: 30, at: 3)), name), at: 3)
    #expect(model.fault(in: world)?.contains("VR 3") == true)
    world.run(.seconds(3))
    #expect(TableModel(world)?.fault(in: world) == nil)
  }
}
