import VineBase

/// Whether two VRs behind NATs of given kinds come to a direct way, and how soon; a relay carries their packets until
/// then, and for good where there is none.
public enum Punching {
  public struct Outcome: Sendable {
    /// Seconds of traffic until both sides send directly; nil: not within `limit`.
    public let direct: Measurement
    /// Frames had a way all the time.
    public let isReached: Bool
  }

  static let limit = Duration.seconds(20)

  /// Two public VRs and two that are limited, at rest. One mesh serves all seeds of a pair of kinds.
  public static func warm(_ first: NAT.Kind, _ second: NAT.Kind) throws -> World {
    var shape = World.Shape(count: 5)
    shape.limitedPerCent = 40
    (shape.vines, shape.vineSize) = (1, 5)
    shape.natKinds = [first, second]
    var world = try World.known(shape, seed: 1)
    world.run(.seconds(30))
    return world
  }

  /// The limited VRs of `warm`.
  public static let ends = (3, 4)

  public static func measure(_ warm: World, seed: UInt64) -> Outcome {
    var world = warm
    world.reseed(seed)
    world.underlay.lossPerTenThousand = 100
    var isReached = true
    let start = world.now
    while world.now - start < limit.inNanoseconds {
      world.exchange(ends.0, ends.1)
      let found = world.run(atMost: .seconds(1), step: .milliseconds(10)) { world in
        let ways = [world.carrier(from: ends.0, to: ends.1), world.carrier(from: ends.1, to: ends.0)]
        if ways.contains(where: { $0 == nil }) { isReached = false }
        return ways.allSatisfy { if case .datagram? = $0 { true } else { false } }
      }
      if found != nil { return Outcome(direct: Double(world.now - start) / 1e9, isReached: isReached) }
    }
    return Outcome(direct: nil, isReached: isReached)
  }
}
