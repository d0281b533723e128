import VineBase
import VineRouter
import VineWire

@testable import VineSimulation

extension Door {
  /// Three sites, one of them behind a NAT, on virtual time: `[mode u8]`, then `[step u8]` and what the step needs.
  ///
  /// If all VRs are honest and only the underlay and the operators do what they like, the mesh's rules hold at any time
  /// and all agree some time after the last fault. If somebody lies, nobody traps and nothing grows without bound.
  static let routerPlay = Door(name: "RouterPlay") { bytes in
    var play = RouterPlay(Script(bytes))
    return play.run()
  }

  /// Control messages of a VR that has a session and means harm, one after the other: `[length u16][message]` each.
  static let peerMessage = Door(name: "PeerMessage") { bytes in
    var (script, world) = (Script(bytes), Mesh.warm)
    var count = 0
    while !script.isEmpty, count < 8 {
      let choice = script.byte()
      let (to, from) = choice & 1 == 0 ? (0, 1) : (1, 0)
      world.input(
        .control(script.chunk(), from: world.node(from), via: Mesh.carrier(of: from), localIndex: 1), to: to)
      if choice & 2 != 0 { world.run(.milliseconds(10 * Int(choice))) }
      count += 1
    }
    return Mesh.excess(world)
  }
}

/// The mesh that plays begin with, and what no play may do to it.
enum Mesh {
  static let count = 3
  /// What nobody's tables pass, whatever is said to a mesh of three.
  private static let (peersMax, membersMax, recordsMax, eventsMax) = (16, 16, 600, 20_000)

  static let warm: World = {
    var shape = World.Shape(count: count)
    (shape.limitedPerCent, shape.vines, shape.vineSize) = (34, 1, count)
    do {
      var world = try World.known(shape, seed: 7, remembers: false)
      world.run(.seconds(40))
      guard Agreement().check(world) == nil else { fatalError("the mesh does not agree before the play") }
      return world
    } catch { fatalError("no mesh: \(error)") }
  }()

  static func carrier(of index: Int) -> Carrier { .datagram(warm.vrs[index].endpoint) }

  static func excess(_ world: World) -> String? {
    if world.queue.count > eventsMax { return "\(world.queue.count) events are under way" }
    for index in world.live {
      let router = world.router(index)
      if router.peers.all.count > peersMax { return "VR \(index) knows \(router.peers.all.count) peers" }
      if router.gossip.allCount > membersMax { return "VR \(index) has \(router.gossip.allCount) members" }
      if router.gossip.store.count > recordsMax { return "VR \(index) holds \(router.gossip.store.count) records" }
      if router.directory.tables.count > recordsMax { return "VR \(index) has \(router.directory.tables.count) GNDTs" }
    }
    return nil
  }
}
