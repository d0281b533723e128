import VineBase
import VineRaft

/// How long a group of five voters, 20 ms of round trip from one another, is without a decision when its leader ends.
public enum LeaderKill {
  /// - Returns: seconds from the leader's end until another one has committed an entry of its own term.
  public static func measure(seed: UInt64) -> Measurement {
    var settings = ConsensusSettings()
    (settings.founders, settings.sites) = (5, 2)
    (settings.latencyMin, settings.latencyMax) = (.milliseconds(10), .milliseconds(10))
    var world = ConsensusWorld(settings, seed: seed, bug: nil)
    var random = RandomSource(seed: seed)
    run(&world, until: (.seconds(5) + random.jitter(.seconds(1))).inNanoseconds) { _ in false }
    guard let leader = world.leader, let term = world.members[leader].raft?.term else { return nil }
    world.crash(leader)
    let killed = world.now
    run(&world, until: killed + Duration.seconds(30).inNanoseconds) { observation in
      if case .committed(_, _, let leading?, _) = observation { leading > term } else { false }
    }
    let passed = Double(world.now - killed) / 1_000_000_000
    return passed < 30 ? passed : nil
  }

  private static func run(
    _ world: inout ConsensusWorld, until end: Int64, _ holds: (ConsensusObservation) -> Bool
  ) {
    while world.step(until: end) {
      let isOver = world.observations.contains(where: holds)
      world.observations.removeAll(keepingCapacity: true)
      if isOver { return }
    }
  }
}
