import ArgumentParser
import VineBase
import VineSimulation

@main
struct VineSim: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "vine-sim")
  @Option var nodes = 100
  @Option var loss = 5
  func run() throws {
    let clock = ContinuousClock()
    let t0 = clock.now
    var world = try World.known(World.Shape(count: nodes), seed: 1)
    print("made", clock.now - t0)
    let t1 = clock.now
    let after = world.run(atMost: .seconds(60), step: .milliseconds(500)) { $0.isConnected && $0.rootsAgree }
    print("connected after", after as Any, "wall", clock.now - t1, "events", world.eventCount)
    world.run(.seconds(20))
    world.underlay.lossPerTenThousand = UInt64(loss * 100)
    world.reseed(7)
    let t2 = clock.now
    let b0 = world.bytes(of: 0)
    world.run(.seconds(30))
    let total = (0..<nodes).reduce(0) { $0 + world.bytes(of: $1).sent + world.bytes(of: $1).received }
    print("idle 30 s: wall", clock.now - t2, "events", world.eventCount, "B/s per VR", Double(total) / Double(nodes) / 30, "hash", world.trace.hash, b0)
    print("verdicts", world.verdicts.count, world.verdicts.filter { $0.state == .dead }.count)
  }
}
