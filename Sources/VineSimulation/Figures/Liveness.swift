import VineBase
import VineGossip

/// Crashes, and the lack of them.
public enum Liveness {
  /// - Returns: seconds from the crash of one VR until every live VR holds it for dead.
  public static func crash(_ warm: World, seed: UInt64, lossPerCent: Int) -> Measurement {
    var world = warm
    world.reseed(seed)
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    var random = RandomSource(seed: seed)
    world.run(.seconds(3) + random.jitter(.seconds(10)))
    let victim = random.int(in: 1..<world.count)
    let node = world.node(victim)
    world.crash(victim)
    var waiting = world.live
    return world.run(atMost: .seconds(120), step: .milliseconds(50)) { world in
      waiting.removeAll { world.router($0).gossip.member(node)?.state == .dead }
      return waiting.isEmpty
    }?.inSeconds
  }

  public struct Idle: Sendable {
    /// Received and sent, for each VR and second, with the headers of IP and UDP.
    public let bytesPerSecond: Double
    /// Verdicts on VRs that lived: pairs of a VR and one that held it for dead.
    public let wronged: Int
    /// VRs that were held for dead by anybody.
    public let victims: Int
    public let virtualSeconds: Double
    public let suspicions: Int
  }

  public static func idle(_ warm: World, seed: UInt64, lossPerCent: Int, for duration: Duration) -> Idle {
    var world = warm
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    // By then the founder has found voters beside it, and all know them.
    world.run(.seconds(60))
    world.reseed(seed)
    let bytes = world.bytesOfAll
    let end = world.now + duration.inNanoseconds
    var (wronged, suspicions) = (0, 0)
    var victims: Set<Int> = []
    // In pieces, so that the list of verdicts stays short.
    while world.now < end {
      world.run(.nanoseconds(min(end - world.now, 10_000_000_000)))
      for verdict in world.verdicts where verdict.state != .alive {
        if verdict.state == .suspect { suspicions += 1 }
        if verdict.state == .dead, world.isLive(verdict.about) {
          wronged += 1
          victims.insert(verdict.about)
        }
      }
      world.forgetVerdicts()
    }
    let rate = Double(world.bytesOfAll - bytes) / Double(world.live.count) / duration.inSeconds
    return Idle(
      bytesPerSecond: rate, wronged: wronged, victims: victims.count, virtualSeconds: duration.inSeconds,
      suspicions: suspicions / max(1, world.live.count))
  }
}

extension World {
  var bytesOfAll: Int { vrs.reduce(0) { $0 + $1.bytesSent + $1.bytesReceived } }
}
