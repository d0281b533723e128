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
    world.run(.seconds(20)); print("conn", world.isConnected, world.rootsAgree, world.live.count)
    world.underlay.lossPerTenThousand = UInt64(loss * 100)
    world.reseed(7)
    world.trace.kept = 400000
    let t2 = clock.now
    let b0 = world.bytes(of: 0)
    world.run(.seconds(30))
    let total = (0..<nodes).reduce(0) { $0 + world.bytes(of: $1).sent + world.bytes(of: $1).received }
    print("idle 30 s: wall", clock.now - t2, "events", world.eventCount, "B/s per VR", Double(total) / Double(nodes) / 30, "hash", world.trace.hash, b0)
    for v in world.verdicts.filter({ $0.state == .suspect }).prefix(6) { print(v.at, v.by, v.about) ; print(world.router(v.by).peers.connected.contains(world.node(v.about))) }
    if let v = world.verdicts.first(where: { $0.state == .suspect }) { for l in world.trace.recent where (l.to == v.about || l.from == v.about) && l.at < v.at && l.at > v.at - 3_500_000_000 { print(Double(l.at)/1e9, l.from, l.to, l.bytes.count, l.bytes.prefix(24)) } }
    if let v = world.verdicts.first(where: { $0.state == .suspect }) { print(world.router(v.about).peers.all, world.router(v.about).nextWakeup, world.isLive(v.about)) }
    print("verdicts", world.verdicts.count, world.verdicts.filter { $0.state == .dead }.count)
  }
}
