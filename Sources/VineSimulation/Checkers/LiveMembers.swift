import VineGossip

/// Nobody holds a VR for dead that runs and can be reached.
public struct LiveMembers: Checker {
  public let claim = "a VR that runs and can be reached is not held for dead"

  public init() {}

  public func check(_ world: World) -> String? {
    for verdict in world.verdicts where verdict.state == .dead && world.isLive(verdict.about) {
      return "VR \(verdict.by) held VR \(verdict.about) for dead"
    }
    return nil
  }
}
