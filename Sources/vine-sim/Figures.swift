import ArgumentParser
import Foundation
import Synchronization
import VineBase
import VineSimulation

struct Figures: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how the mesh does, each figure over many seeds.",
    discussion: "Latency is 5 to 80 ms one way. Ctrl-C ends after the run under way and keeps what was measured.")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case spread, idle, crash, wronged, revoke, join, restart, heal, speed, decisions, punching, create, vines

    /// Measured in meshes of its own, whatever sizes are asked for.
    var isOfItsOwn: Bool { [.decisions, .punching, .create, .vines].contains(self) }
  }

  @Option(help: "Parts: \(Part.allCases.map(\.rawValue).joined(separator: ", ")); otherwise all.")
  var only: [Part] = []
  @Option(help: "Sizes of the mesh.")
  var nodes: [Int] = [100, 1000, 4096]
  @Option(help: "Seeds of each figure.")
  var seeds = 100
  @Option(help: "Losses in per cent; otherwise those that the part is about.")
  var loss: [Int] = []
  @Option(help: "Length of the run that counts living VRs held for dead, and of the partition, in virtual minutes.")
  var minutes = 60
  @Option(help: "Where the report goes.")
  var report = "reports/simulation.json"
  @Flag(help: "Keeps figures of other names that the report has.")
  var merge = false

  func validate() throws {
    guard seeds > 0, minutes > 0 else { throw ValidationError("--seeds and --minutes are at least 1") }
    guard nodes.allSatisfy({ (10...4096).contains($0) }) else { throw ValidationError("--nodes is 10 to 4096") }
    guard loss.allSatisfy({ (0...50).contains($0) }) else { throw ValidationError("--loss is 0 to 50") }
  }

  func run() throws {
    Interrupt.watch()
    let parts = only.isEmpty ? Part.allCases : only
    var figures: [Figure] = []
    let sized = parts.filter { !$0.isOfItsOwn }
    for count in nodes where !sized.isEmpty && !Interrupt.isAsked {
      let warm = sized.allSatisfy { $0 == .join } ? nil : try warmMesh(count)
      for part in sized where !Interrupt.isAsked {
        let measured = try measure(part, count, warm)
        for figure in measured { print(figure.line) }
        figures += measured
        try SimulationReport.write(figures, to: report, merge: merge)
      }
    }
    for part in parts where part.isOfItsOwn && !Interrupt.isAsked {
      let measured = try measure(part)
      for figure in measured { print(figure.line) }
      figures += measured
      try SimulationReport.write(figures, to: report, merge: merge)
    }
    print("report: \(report)")
  }

  private func warmMesh(_ count: Int) throws -> World {
    var world = try World.known(Spread.shape(count: count), seed: 1)
    world.run(.seconds(20))
    guard world.run(atMost: .seconds(120), step: .seconds(1), until: { $0.isConnected && $0.rootsAgree }) != nil else {
      throw ValidationError("a mesh of \(count) VRs did not come to rest")
    }
    return world
  }

  private func measure(_ part: Part, _ count: Int, _ warm: World?) throws -> [Figure] {
    switch (part, warm) {
    case (.join, _): try join(count)
    case (.spread, let warm?): losses(count == 4096 ? [5, 20] : [5]).flatMap { spread(warm, $0) }
    case (.idle, let warm?): idle(warm)
    case (.crash, let warm?): losses([1, 5]).flatMap { crash(warm, $0) }
    case (.wronged, let warm?): losses([5, 20]).flatMap { wronged(warm, $0) }
    case (.revoke, let warm?): losses([1, 5]).flatMap { revoke(warm, $0) }
    case (.restart, let warm?): restart(warm)
    case (.heal, let warm?): heal(warm)
    case (.speed, let warm?): speed(warm)
    case (_, nil), (.decisions, _), (.punching, _), (.create, _), (.vines, _): []
    }
  }

  /// A part that has meshes of its own.
  private func measure(_ part: Part) throws -> [Figure] {
    switch part {
    case .decisions: try decisions()
    case .punching: try punching()
    case .create: try create()
    case .vines: try vines()
    case .spread, .idle, .crash, .wronged, .revoke, .join, .restart, .heal, .speed: []
    }
  }

  private func losses(_ usual: [Int]) -> [Int] { loss.isEmpty ? usual : loss }

  /// Measures from each seed, until Ctrl-C.
  func each<Value>(_ what: String, _ measure: (UInt64) throws -> Value) rethrows -> [Value] {
    let progress = Progress(total: seeds)
    var values: [Value] = []
    for seed in 1...UInt64(seeds) where !Interrupt.isAsked {
      values.append(try measure(seed))
      progress.step(what)
    }
    progress.end()
    return values
  }

  private func spread(_ warm: World, _ loss: Int) -> [Figure] {
    let name = "one record to all live VRs, \(warm.count) VRs, \(loss) % loss"
    let used = Spread.accustomed(warm, lossPerCent: loss)
    let runs = each(name) { Spread.measure(used, seed: $0) }
    guard !runs.isEmpty else { return [] }
    let goal = loss > 5 ? 3.5 : warm.count <= 100 ? 1.8 : warm.count <= 1000 ? 2.2 : 2.6
    let times = runs.map(\.seconds)
    return [
      Figure("\(name), p99", Statistics.percentile(99, times), "s", goal: goal, seeds: runs.count),
      Figure("\(name), p50", Statistics.percentile(50, times), "s", goal: goal, seeds: runs.count),
      Figure(
        "payload copies sent per VR per record, \(warm.count) VRs, \(loss) % loss, p99",
        Statistics.percentile(99, runs.map { Optional($0.copies) }), "copies", goal: 2.5, seeds: runs.count),
    ]
  }

  private func idle(_ warm: World) -> [Figure] {
    let run = Liveness.idle(warm, seed: 1, lossPerCent: 5, for: .seconds(120))
    return [
      Figure("idle traffic per VR, rx + tx, \(warm.count) VRs", run.bytesPerSecond, "B/s", goal: 400, seeds: 1)
    ]
  }

  private func crash(_ warm: World, _ loss: Int) -> [Figure] {
    let name = "crash known by all, \(warm.count) VRs, \(loss) % loss"
    let goal: Double = loss > 1 ? 20 : warm.count <= 100 ? 10 : warm.count <= 1000 ? 12 : 15
    return pair(name, p50: goal, p99: goal) { Liveness.crash(warm, seed: $0, lossPerCent: loss) }
  }

  private func revoke(_ warm: World, _ loss: Int) -> [Figure] {
    let name = "revoked VR shut out by all, \(warm.count) VRs, \(loss) % loss"
    return pair(name, p50: 5, p99: 5) { Revoked.measure(warm, seed: $0, lossPerCent: loss) }
  }

  private func wronged(_ warm: World, _ loss: Int) -> [Figure] {
    let run = Liveness.idle(warm, seed: 2, lossPerCent: loss, for: .seconds(60) * minutes)
    let hours = run.virtualSeconds / 3600 * Double(warm.count)
    let name = "live VRs declared dead, \(warm.count) VRs, \(loss) % loss, \(minutes) min"
    return [
      loss <= 5
        ? Figure(name, Double(run.victims), "VRs", goal: 0, seeds: 1)
        : Figure("\(name), per 1000 VR-hours", Double(run.victims) * 1000 / hours, "VRs", goal: 1, seeds: 1)
    ]
  }

  private func join(_ count: Int) throws -> [Figure] {
    let name = "mass join through one bootstrap peer, \(count) VRs"
    let runs = try each(name) { try Upheaval.join(count: count, seed: $0) }
    return [
      Figure(
        "\(name), p99", Statistics.percentile(99, runs.map(\.seconds)), "s", goal: count <= 1000 ? 20 : 60,
        seeds: runs.count),
      Figure(
        "\(name), share of the bytes that the bootstrap sends, p99",
        Statistics.percentile(99, runs.map { Optional($0.bootstrapShare * 100) }), "%", goal: 25, seeds: runs.count),
    ]
  }

  private func restart(_ warm: World) -> [Figure] {
    let name = "all VRs restarted at once, \(warm.count) VRs"
    let runs = each(name) { Upheaval.restart(warm, seed: $0, lossPerCent: 1) }
    guard !runs.isEmpty else { return [] }
    return [
      Figure("\(name), p99", Statistics.percentile(99, runs.map(\.seconds)), "s", goal: 60, seeds: runs.count),
      Figure(
        "\(name), members resurrected", Double(runs.map(\.resurrected).reduce(0, +)), "VRs", goal: 0,
        seeds: runs.count),
      Figure(
        "\(name), busiest second of a VR", Double(runs.map(\.peakBytesPerSecond).max() ?? 0), "B/s",
        goal: 10_000_000, seeds: runs.count),
    ]
  }

  private func heal(_ warm: World) -> [Figure] {
    let split = Upheaval.partitioned(warm, seed: 3, for: .seconds(60) * minutes)
    let length = minutes == 60 ? "an hour" : "\(minutes) min"
    let name = "heal of a 50/50 partition of \(length), \(warm.count) VRs"
    let times = each(name) { Upheaval.heal(split, seed: $0, lossPerCent: 1) }
    return [
      Figure(
        "\(name), p99", Statistics.percentile(99, times), "s", goal: warm.count <= 1000 ? 10 : 20,
        seeds: times.count)
    ]
  }

  private func decisions() throws -> [Figure] {
    let near = try Decisions.warm(roundTrip: .milliseconds(20), public: 8, limited: 0)
    let parted = try Decisions.parted(roundTrip: .milliseconds(100))
    let far = try Decisions.warm(roundTrip: .milliseconds(100), public: 8, limited: 8)
    return pair("leader killed until the next commit, 5 voters, RTT 20 ms", p50: 1, p99: 2) {
      Decisions.leaderKill(near, seed: $0)
    }
      + pair("block for a site behind NAT, 5 voters, RTT 100 ms", p50: 0.3, p99: 1) {
        Decisions.allocation(far, seed: $0)
      }
      + pair("join on a minority side with a delegate, RTT 100 ms", p50: 2, p99: 2) {
        Decisions.minorityJoin(parted, seed: $0)
      }
      + pair("voter killed until all know who votes in its place, RTT 100 ms", p50: 30, p99: 30) {
        Decisions.replacement(far, seed: $0)
      }
  }

  /// Each pair of NAT kinds once: a direct way where the kinds admit one, the relay without a gap everywhere.
  private func punching() throws -> [Figure] {
    var figures: [Figure] = []
    for (place, first) in NAT.Kind.all.enumerated() {
      for second in NAT.Kind.all[place...] where !Interrupt.isAsked {
        let name = "\(first) and \(second) NAT"
        let warm = try Punching.warm(first, second)
        let runs = each(name) { Punching.measure(warm, seed: $0) }
        guard !runs.isEmpty else { continue }
        let share = { (count: Int) in Double(count) * 100 / Double(runs.count) }
        let direct = share(runs.count { $0.direct != nil })
        figures.append(
          first.admits(second)
            ? Figure("\(name): direct way", direct, "%", goal: 100, .higher, seeds: runs.count)
            : Figure("\(name): direct way that cannot be", direct, "%", goal: 0, seeds: runs.count))
        if first.admits(second) {
          figures.append(
            Figure(
              "\(name): until direct, p99", Statistics.percentile(99, runs.map(\.direct)), "s", goal: 3,
              seeds: runs.count))
        }
        figures.append(
          Figure(
            "\(name): a way at all times", share(runs.count(where: \.isReached)), "%", goal: 100, .higher,
            seeds: runs.count))
      }
    }
    return figures
  }

  private func pair(
    _ name: String, p50: Double, p99: Double, _ measure: (UInt64) -> Double?
  ) -> [Figure] {
    Figure.pair(name, each(name) { measure($0) }, p50: p50, p99: p99)
  }

  private func speed(_ warm: World) -> [Figure] {
    let began = Self.processorSeconds
    _ = Liveness.idle(warm, seed: 4, lossPerCent: 5, for: .seconds(60))
    // Five seconds of warming up are simulated, too.
    let ratio = 65 / (Self.processorSeconds - began)
    return [
      Figure(
        "simulator speed, \(warm.count) VRs, virtual seconds per second of one core", ratio, "s/s",
        goal: warm.count <= 1000 ? 20 : 3, .higher, seeds: 1)
    ]
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension Figure {
  /// Times in seconds, and a goal for the most of them and for the median.
  static func pair(_ name: String, _ times: [Double?], p50: Double, p99: Double) -> [Figure] {
    [
      Figure("\(name), p99", Statistics.percentile(99, times), "s", goal: p99, seeds: times.count),
      Figure("\(name), p50", Statistics.percentile(50, times), "s", goal: p50, seeds: times.count),
    ]
  }

  var line: String {
    let shown = value.isFinite ? String(format: abs(value) < 1 ? "%.3f" : "%.2f", value) : "none"
    let sign = better == .lower ? "<=" : ">="
    return "\(isMet ? "met   " : "MISSED") \(name): \(shown) \(unit) (goal \(sign) \(goal)), seeds \(seeds)"
  }
}

/// Ctrl-C: the run under way is finished, the report written.
enum Interrupt {
  private static let asked = Atomic<Bool>(false)
  static var isAsked: Bool { asked.load(ordering: .relaxed) }

  static func watch() {
    signal(SIGINT) { _ in Interrupt.asked.store(true, ordering: .relaxed) }
  }
}
