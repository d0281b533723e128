import VineBase
import VineRegistry
import VineRouter

/// A VR's key is revoked: how long until no live VR has a session with it, or would take one.
public enum Revoked {
  /// - Returns: seconds from `vine-mesh peer revoke` at some VR until the last other one has shut the revoked one out.
  public static func measure(_ warm: World, seed: UInt64, lossPerCent: Int) -> Measurement {
    var world = warm
    world.reseed(seed)
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    var random = RandomSource(seed: seed)
    world.run(.seconds(3) + random.jitter(.seconds(5)))
    let (victim, asker) = (random.int(in: 1..<world.count), random.int(in: 1..<world.count))
    guard victim != asker, let site = SiteName("site\(victim)") else {
      return measure(warm, seed: seed + 1_000_003, lossPerCent: lossPerCent)
    }
    let node = world.node(victim)
    world.request(.revoke(site), at: asker)
    var waiting = world.live.filter { $0 != victim }
    return world.run(atMost: .seconds(60), step: .milliseconds(20)) { world in
      waiting.removeAll { index in
        let router = world.router(index)
        return router.directory.view.isRevoked(node) && !router.peers.isConnected(node)
      }
      return waiting.isEmpty
    }?.inSeconds
  }
}
