/// Memory and traffic stay within what the number of VRs explains.
public struct Bounds: Checker {
  public let claim = "sessions, records and traffic stay bounded"
  /// Two for each ring, as many again that come and go, and the VRs behind which there are hosts.
  private let sessionsMax: Int
  private let recordsMax: Int
  private let bytesPerSecondMax: Int
  private var bytes: [Int] = []

  /// - Parameter decisions: facts that a scenario's own commands may come to.
  public init(count: Int, vines: Int, decisions: Int = 0) {
    sessionsMax = max(60, count)
    recordsMax = 1 + 5 * count + vines * (count + 1) + decisions
    bytesPerSecondMax = 2_000_000
  }

  public mutating func check(_ world: World) -> String? {
    let now = (0..<world.count).map { world.bytes(of: $0).sent + world.bytes(of: $0).received }
    defer { bytes = now }
    for index in world.live {
      let router = world.router(index)
      if router.peers.connected.count > sessionsMax {
        return "VR \(index) has \(router.peers.connected.count) sessions"
      }
      if router.gossip.store.count > recordsMax { return "VR \(index) holds \(router.gossip.store.count) records" }
      if bytes.count == now.count, now[index] - bytes[index] > bytesPerSecondMax {
        return "VR \(index) sent and received \(now[index] - bytes[index]) bytes in a second"
      }
    }
    return nil
  }
}
