import ArgumentParser
import Foundation
import Synchronization
import VineSimulation

struct Consensus: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Voters alone: real consensus and registry under faults of disks, clocks, networks and members.",
    subcommands: [ConsensusRunCommand.self, ConsensusSweep.self, ConsensusBugs.self])
}

struct ConsensusRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs one group from one seed.")

  @Option(help: "Decides everything that chance decides.")
  var seed: UInt64 = 1
  @Option(help: "A historic bug to switch on; `vine-sim consensus bugs --list` names them.")
  var bug: String?
  @Flag(help: "One JSON document on standard output.")
  var json = false

  func validate() throws { _ = try ConsensusBug.find(bug) }

  func run() throws {
    let outcome = ConsensusRun.run(seed: seed, bug: try ConsensusBug.find(bug))
    if json {
      try Output.print(ConsensusRunView(seed: seed, bug: bug, outcome: outcome))
    } else {
      print(
        "seed \(seed): \(outcome.voters) VRs, \(outcome.events) events, \(outcome.elections) elections, "
          + "\(outcome.operations) requests, trace \(String(outcome.traceHash, radix: 16))")
      if let recovery = outcome.recovery { print("first decision \(recovery) s after the last fault") }
      if outcome.isUndecided { print("no verdict: too many disks are gone, or requests have too many orders") }
    }
    if let broken = outcome.broken {
      FileHandle.standardError.write(Data("FAILED seed \(seed): \(broken)\n".utf8))
      throw ExitCode.failure
    }
  }
}

struct ConsensusSweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Runs groups from many seeds, none of which may break a claim; measures recovery.")

  @Option(help: "First and last seed, as 1..100.")
  var seeds = "1..1000"
  @Option(help: "Runs at once.")
  var jobs = 1
  @Option(help: "Ends after so many minutes.")
  var minutes: Double?
  @Option(help: "Where the figures go; otherwise nowhere.")
  var report: String?
  @Flag(help: "One JSON document on standard output.")
  var json = false

  func validate() throws {
    guard SeedRange.parse(seeds) != nil else { throw ValidationError("--seeds is FIRST..LAST, as 1..100") }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs is 1 to 64") }
  }

  func run() throws {
    guard let range = SeedRange.parse(seeds) else { return }
    Interrupt.watch()
    let progress = Progress(total: range.count)
    let runs = Jobs.run(range, jobs: jobs, minutes: minutes, progress: progress, isLast: { $0.broken != nil }) {
      ConsensusRun.run(seed: $0)
    }
    progress.end()
    let failed = runs.filter { $0.outcome.broken != nil }
    let figures = Self.figures(runs.map(\.outcome)) + LeaderKillFigure.measure(jobs: jobs)
    if let report { try SimulationReport.write(figures, to: report, merge: true) }
    if json {
      try Output.print(SweepView(runs: runs.count, failed: failed.map(\.seed), figures: figures))
    } else {
      for figure in figures { print(figure.line) }
    }
    guard let first = failed.first, let broken = first.outcome.broken else { return }
    let replay = "replay: vine-sim consensus run --seed \(first.seed)\n"
    FileHandle.standardError.write(Data("FAILED seed \(first.seed): \(broken)\n\(replay)".utf8))
    throw ExitCode.failure
  }

  private static func figures(_ outcomes: [ConsensusRun.Outcome]) -> [Figure] {
    let undecided = outcomes.count(where: \.isUndecided)
    let decided = outcomes.filter { !$0.isUndecided }
    return [
      Figure(
        "consensus, runs that broke a claim", Double(outcomes.count { $0.broken != nil }), "runs", goal: 0,
        seeds: outcomes.count),
      Figure(
        "consensus, runs without a verdict", 100 * Double(undecided) / Double(max(outcomes.count, 1)), "%", goal: 2,
        seeds: outcomes.count),
      Figure(
        "consensus, last fault to next decision, p99", Statistics.percentile(99, decided.map(\.recovery)), "s",
        goal: 5, seeds: decided.count),
    ]
  }
}

struct ConsensusBugs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bugs", abstract: "Switches on one historic bug after the other, and says which seed finds it.")

  @Option(help: "First and last seed of each bug, as 1..10000.")
  var seeds = "1..10000"
  @Option(help: "Only these.")
  var only: [String] = []
  @Option(help: "Runs at once.")
  var jobs = 1
  @Option(help: "Where the figures go; otherwise nowhere.")
  var report: String?
  @Flag(help: "Lists the bugs.")
  var list = false
  @Flag(help: "One JSON document on standard output.")
  var json = false

  func validate() throws {
    guard SeedRange.parse(seeds) != nil else { throw ValidationError("--seeds is FIRST..LAST, as 1..10000") }
    guard (1...64).contains(jobs) else { throw ValidationError("--jobs is 1 to 64") }
    for name in only { _ = try ConsensusBug.find(name) }
  }

  func run() throws {
    let bugs = only.isEmpty ? ConsensusBug.all : ConsensusBug.all.filter { only.contains($0.name) }
    if list {
      for bug in bugs { print("\(bug.name): \(bug.summary)") }
      return
    }
    guard let range = SeedRange.parse(seeds) else { return }
    Interrupt.watch()
    var found: [BugView] = []
    let progress = Progress(total: bugs.count)
    for bug in bugs where !Interrupt.isAsked {
      let runs = Jobs.run(range, jobs: jobs, isLast: { $0.broken != nil }) { ConsensusRun.run(seed: $0, bug: bug) }
      let first = runs.first { $0.outcome.broken != nil }
      found.append(
        BugView(
          name: bug.name, summary: bug.summary, firstSeed: first?.seed, checker: first?.outcome.broken?.checker,
          what: first?.outcome.broken?.what))
      progress.step(bug.name)
      if !json { print(found[found.count - 1].line) }
    }
    progress.end()
    if let report { try SimulationReport.write(Self.figures(found, last: range.upperBound), to: report, merge: true) }
    if json { try Output.print(found) }
    if found.contains(where: { $0.firstSeed == nil }) { throw ExitCode.failure }
  }

  private static func figures(_ found: [BugView], last: UInt64) -> [Figure] {
    let caught = found.count { $0.firstSeed != nil }
    let count = Figure(
      "consensus, historic bugs that are found", Double(caught), "bugs", goal: 12, .higher, seeds: Int(last))
    return [count]
      + found.map { bug in
        Figure(
          "consensus bug \(bug.name), found by \(bug.checker ?? "nobody"), first seed",
          bug.firstSeed.map(Double.init) ?? .infinity, "seed", goal: 10_000,
          seeds: bug.firstSeed.map(Int.init) ?? Int(last))
      }
  }
}

extension ConsensusBug {
  fileprivate static func find(_ name: String?) throws -> ConsensusBug? {
    guard let name else { return nil }
    guard let bug = named(name) else {
      throw ValidationError("there is no bug \(name): choose \(all.map(\.name).joined(separator: ", "))")
    }
    return bug
  }
}

enum LeaderKillFigure {
  static func measure(jobs: Int) -> [Figure] {
    let times = Jobs.run(1...1000, jobs: jobs, isLast: { _ in false }) { LeaderKill.measure(seed: $0) }.map(\.outcome)
    return Figure.pair("leader kill to next commit, voters alone, 5 of them, RTT 20 ms", times, p50: 1, p99: 2)
  }
}

/// Runs of many seeds on several cores; what comes of it does not depend on how many.
enum Jobs {
  /// - Returns: in the order of the seeds, up to the first for which `isLast` holds.
  static func run<Outcome: Sendable>(
    _ seeds: ClosedRange<UInt64>, jobs: Int, minutes: Double? = nil, progress: Progress? = nil,
    isLast: @Sendable (Outcome) -> Bool, _ run: @Sendable (UInt64) -> Outcome
  ) -> [(seed: UInt64, outcome: Outcome)] {
    let end = minutes.map { Date().addingTimeInterval($0 * 60) }
    let state = Mutex<(next: UInt64, last: UInt64, runs: [(seed: UInt64, outcome: Outcome)])>(
      (seeds.lowerBound, seeds.upperBound, []))
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      while true {
        let seed: UInt64? = state.withLock { state in
          guard state.next <= state.last, !Interrupt.isAsked, end.map({ Date() < $0 }) ?? true else { return nil }
          defer { state.next += 1 }
          return state.next
        }
        guard let seed else { return }
        let outcome = run(seed)
        state.withLock { state in
          state.runs.append((seed, outcome))
          if isLast(outcome) { state.last = min(state.last, seed) }
        }
      }
    }
    return state.withLock { state in state.runs.sorted { $0.seed < $1.seed }.filter { $0.seed <= state.last } }
  }
}

enum SeedRange {
  static func parse(_ text: String) -> ClosedRange<UInt64>? {
    let ends = text.components(separatedBy: "..").compactMap(UInt64.init)
    return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
  }
}

private struct ConsensusRunView: Encodable {
  let schema = "vine-mesh.consensus-run/1"
  let seed: UInt64
  let bug: String?
  let passed: Bool
  let checker: String?
  let violation: String?
  let isUndecided: Bool
  let traceHash: String
  let voters: Int
  let events: Int
  let elections: Int
  let requests: Int
  let recoverySeconds: Double?

  init(seed: UInt64, bug: String?, outcome: ConsensusRun.Outcome) {
    (self.seed, self.bug, passed) = (seed, bug, outcome.broken == nil)
    (checker, violation) = (outcome.broken?.checker, outcome.broken?.description)
    (isUndecided, traceHash) = (outcome.isUndecided, String(outcome.traceHash, radix: 16))
    (voters, events, elections) = (outcome.voters, outcome.events, outcome.elections)
    (requests, recoverySeconds) = (outcome.operations, outcome.recovery)
  }
}

private struct SweepView: Encodable {
  let schema = "vine-mesh.consensus-sweep/1"
  let runs: Int
  let failed: [UInt64]
  let figures: [SimulationReport.Entry]

  init(runs: Int, failed: [UInt64], figures: [Figure]) {
    (self.runs, self.failed, self.figures) = (runs, failed, figures.map(SimulationReport.Entry.init))
  }
}

private struct BugView: Encodable {
  let name: String
  let summary: String
  /// Absent if no seed found it.
  let firstSeed: UInt64?
  let checker: String?
  let what: String?

  var line: String {
    guard let firstSeed, let checker else { return "NOT FOUND  \(name): \(summary)" }
    return "found by \(checker) with seed \(firstSeed): \(name): \(summary)"
  }
}
