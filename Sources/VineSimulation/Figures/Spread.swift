import VineAddress
import VineBase
import VineGossip
import VineRegistry

/// One VR's record changes: how long until all have it, and how many copies of it each VR sent.
public enum Spread {
  /// Lone sites with a ViNe of their own, so that a new host changes one record and no other.
  public static func shape(count: Int) -> World.Shape {
    var shape = World.Shape(count: count)
    (shape.vines, shape.vineSize) = (min(32, count), 1)
    return shape
  }

  /// A mesh that has had so much loss for a while: its VRs know it from their probes.
  public static func accustomed(_ warm: World, lossPerCent: Int) -> World {
    var world = warm
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    world.run(.seconds(30))
    return world
  }

  /// - Returns: seconds until the last live VR had it, and copies of a record sent by each VR on average.
  public static func measure(_ used: World, seed: UInt64) -> (seconds: Measurement, copies: Double) {
    var world = used
    world.reseed(seed)
    var random = RandomSource(seed: seed)
    world.run(.seconds(2) + random.jitter(.seconds(8)))
    let number = random.int(in: 0..<world.vineMembers.count)
    let author = world.vineMembers[number][0]
    let before = world.version(of: author, at: author)
    let sent = world.live.map(world.payloadsSent)
    world.addHost(at: author, vine: number, number: 9)
    guard let version = world.version(of: author, at: author), before.map({ $0 < version }) ?? true else {
      return (nil, .infinity)
    }
    var waiting = world.live
    let time = world.run(atMost: .seconds(30), step: .milliseconds(10)) { world in
      waiting.removeAll { world.version(of: author, at: $0).map { !($0 < version) } ?? false }
      return waiting.isEmpty
    }
    // Late copies count, too.
    world.run(.seconds(2))
    // Whoever refuted an accusation meanwhile spread a record, too.
    let records = world.live.filter { world.version(of: $0, at: $0) != used.version(of: $0, at: $0) }.count
    let copies = zip(world.live, sent).reduce(0) { $0 + world.payloadsSent(by: $1.0) - $1.1 }
    return (time?.inSeconds, Double(copies) / Double(world.live.count * max(1, records)))
  }
}

extension World {
  /// The version of a VR's record that another one has, or it itself.
  func version(of index: Int, at holder: Int) -> RecordVersion? {
    router(holder).gossip.store[RecordKey(kind: .vr, id: node(index).bytes)]?.version
  }

  /// Puts a further host of the VR's block into a ViNe that its site takes part in.
  mutating func addHost(at index: Int, vine number: Int, number host: UInt32) {
    let router = routers[index]
    guard let block = router.directory.view.blocks(of: node(index)).first, let name = VineName("vine\(number)") else {
      return
    }
    request(.addHost(IPv4Address(rawValue: block.base.rawValue + host), name), at: index)
  }
}
