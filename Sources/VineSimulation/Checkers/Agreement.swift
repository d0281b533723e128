import VineBase
import VineGossip

/// What must be true some time after the last fault: everybody knows the same and nobody is missed.
public struct Agreement: Checker {
  public let claim = "after the faults all VRs agree"

  public init() {}

  public func check(_ world: World) -> String? {
    let live = world.live
    guard live.count == world.count else { return "\(world.count - live.count) VRs do not run" }
    guard let first = live.first else { return nil }
    for index in live where !world.isConnected(index) { return world.lacking(index) }
    let root = world.router(first).gossip.store.root
    for index in live where world.router(index).gossip.store.root != root {
      return "VR \(index) and VR \(first) hold different records"
    }
    for index in live {
      for member in world.router(index).gossip.allMembers where member.state != .alive {
        return "VR \(index) holds \(member.node) for \(member.state)"
      }
      let key = RecordKey(kind: .vr, id: world.node(index).bytes)
      guard world.router(first).gossip.store[key] != nil else { return "nobody has the record of VR \(index)" }
    }
    let tables = world.router(first).directory.tables
    for index in live {
      for (network, table) in world.router(index).directory.tables where tables[network]?.digest != table.digest {
        return "VR \(index) and VR \(first) have different GNDTs of ViNe \(network)"
      }
    }
    return nil
  }
}
