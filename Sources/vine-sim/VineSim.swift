import ArgumentParser
import VineBase
import VineSimulation

@main
struct VineSim: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "vine-sim")
  @Option var nodes = 100
  @Option var loss = 5
  @Option var seeds = 20
  @Option var only = "spread"
  func run() throws {
    let clock = ContinuousClock()
    let t0 = clock.now
    if only == "joinwhy" {
      var w = try Upheaval.joining(count: nodes, seed: 1)
      for second in 0..<25 {
        w.run(.seconds(1))
        let counts = w.live.map { w.router($0).gossip.store.count }.sorted()
        print(second, "live", w.live.count, "records", counts.first as Any, counts[counts.count / 2], counts.last as Any, "filling", w.live.filter { w.router($0).gossip.isFilling }.count, "sent0", w.bytes(of: 0).sent, clock.now - t0)
        print("   ", w.census.named.map { "\($0.0) \($0.1.messages)/\($0.1.bytes / 1000)k" }.joined(separator: " "))
        w.census = Census()
      }
      return
    }
    if only == "join" {
      for seed in 1...UInt64(seeds) { print(try Upheaval.join(count: nodes, seed: seed), clock.now - t0) }
      return
    }
    var world = try World.known(Spread.shape(count: nodes), seed: 1)
    world.run(.seconds(15))
    let ok = world.run(atMost: .seconds(60), step: .seconds(1)) { $0.isConnected && $0.rootsAgree }
    print("warm", ok as Any, clock.now - t0)
    switch only {
    case "spread":
      let r = (1...UInt64(seeds)).map { Spread.measure(world, seed: $0, lossPerCent: loss) }
      print("p50", Statistics.percentile(50, r.map(\.seconds)), "p99", Statistics.percentile(99, r.map(\.seconds)), "copies", r.map(\.copies).max() as Any)
    case "crash":
      let r = (1...UInt64(seeds)).map { Liveness.crash(world, seed: $0, lossPerCent: loss) }
      print("p50", Statistics.percentile(50, r), "p99", Statistics.percentile(99, r))
    case "idle": print(Liveness.idle(world, seed: 1, lossPerCent: loss, for: .seconds(Int64(seeds))))
    case "why":
      for index in 0..<nodes { world.crash(index) }
      for index in 0..<nodes { world.start(index, after: .milliseconds(Int64(index * 1000 / nodes))) }
      for second in 0..<45 {
        world.run(.seconds(1))
        let roots = Set(world.live.map { world.router($0).gossip.store.root })
        let dead = world.verdicts.filter { $0.state == .dead }.count, suspect = world.verdicts.filter { $0.state == .suspect }.count
        print(second, "roots", roots.count, "connected", world.isConnected, "dead", dead, "suspect", suspect, "conn", world.live.reduce(0) { $0 + world.router($1).peers.connected.count } / nodes, "bytes/VR", (0..<nodes).reduce(0) { $0 + world.bytes(of: $1).sent } / nodes)
        world.forgetVerdicts()
      }
    case "restart": for seed in 1...UInt64(seeds) { print(Upheaval.restart(world, seed: seed, lossPerCent: loss)) }
    case "heal":
      let split = Upheaval.partitioned(world, seed: 3, for: .seconds(600))
      print("split", clock.now - t0)
      let r = (1...UInt64(seeds)).map { Upheaval.heal(split, seed: $0, lossPerCent: loss) }
      print(r)
    default: break
    }
    print(clock.now - t0)
  }
}
