import ArgumentParser
import Foundation
import VineSimulation

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Runs one scenario from one seed.")

  @Option(help: "The scenario: \(Scenario.all.map(\.name).joined(separator: ", ")).")
  var scenario = "mixed"
  @Option(help: "Decides everything that chance decides.")
  var seed: UInt64 = 1
  @Option(help: "VRs; otherwise as many as the seed says.")
  var nodes: Int?
  @Option(help: "Prints so many of the last events.")
  var trace = 0
  @Flag(help: "One JSON document on standard output.")
  var json = false

  func validate() throws {
    _ = try Scenario.find(scenario)
    if let nodes, !(2...4096).contains(nodes) { throw ValidationError("--nodes is 2 to 4096") }
  }

  func run() throws {
    let scenario = try Scenario.find(scenario)
    let outcome = try scenario.run(seed: seed, count: nodes, keepTrace: max(trace, 400))
    if json {
      try Output.print(RunView(scenario: scenario.name, seed: seed, outcome: outcome))
    } else {
      print(
        "\(scenario.name), seed \(seed): \(outcome.count) VRs, \(outcome.events) events, "
          + "trace \(String(outcome.traceHash, radix: 16))")
      for line in outcome.recent.suffix(trace) { print(line.text) }
      if let agreement = outcome.agreement { print("agreement \(agreement) s after the last fault") }
    }
    if let violation = outcome.violation {
      Failure(scenario: scenario, seed: seed, nodes: nodes, outcome: outcome, violation: violation).report()
      throw ExitCode.failure
    }
  }
}

struct Sweep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs scenarios from many seeds, up to the first that fails.")

  @Option(help: "One scenario, or all.")
  var scenario = "all"
  @Option(help: "First and last seed, as 1..100.")
  var seeds = "1..20"
  @Option(help: "Ends after so many minutes.")
  var minutes: Double?

  func validate() throws {
    if scenario != "all" { _ = try Scenario.find(scenario) }
    guard range != nil else { throw ValidationError("--seeds is FIRST..LAST, as 1..100") }
  }

  private var range: ClosedRange<UInt64>? { SeedRange.parse(seeds) }

  func run() throws {
    guard let range else { return }
    let scenarios = scenario == "all" ? Scenario.all : [try Scenario.find(scenario)]
    let progress = Progress(total: range.count * scenarios.count)
    let end = minutes.map { Date().addingTimeInterval($0 * 60) }
    var done = 0
    for seed in range {
      for scenario in scenarios {
        if let end, Date() > end { break }
        let outcome = try scenario.run(seed: seed, keepTrace: 400)
        if let violation = outcome.violation {
          progress.end()
          Failure(scenario: scenario, seed: seed, nodes: nil, outcome: outcome, violation: violation).report()
          throw ExitCode.failure
        }
        done += 1
        progress.step("\(scenario.name) seed \(seed)")
      }
    }
    progress.end()
    print("\(done) runs of \(scenarios.count) scenarios passed")
  }
}

struct Regressions: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Runs the seeds that once went wrong.")

  func run() throws {
    var failed = 0
    for regression in Regression.all {
      let scenario = try Scenario.find(regression.scenario)
      let outcome = try scenario.run(seed: regression.seed, count: regression.count, keepTrace: 400)
      print("\(outcome.violation == nil ? "passed" : "FAILED")  \(scenario.name) seed \(regression.seed)")
      guard let violation = outcome.violation else { continue }
      failed += 1
      Failure(
        scenario: scenario, seed: regression.seed, nodes: regression.count, outcome: outcome, violation: violation
      ).report()
    }
    if failed > 0 { throw ExitCode.failure }
  }
}

extension Scenario {
  static func find(_ name: String) throws -> Scenario {
    guard let scenario = named(name) else {
      throw ValidationError("there is no scenario \(name): choose \(all.map(\.name).joined(separator: ", "))")
    }
    return scenario
  }
}

/// What is printed of a run that broke a claim: the claim, how to see it again, and what came last.
struct Failure {
  let scenario: Scenario
  let seed: UInt64
  let nodes: Int?
  let outcome: Scenario.Outcome
  let violation: Violation

  func report() {
    var text = "FAILED \(scenario.name) seed \(seed): \(violation)\n"
    for line in outcome.recent.suffix(30) { text += "  \(line.text)\n" }
    let size = nodes.map { " --nodes \($0)" } ?? ""
    text += "replay: vine-sim run --scenario \(scenario.name) --seed \(seed)\(size) --trace 400\n"
    FileHandle.standardError.write(Data(text.utf8))
    let diagram = "vine-sim-\(scenario.name)-\(seed).mermaid"
    let lines = outcome.recent.suffix(60).map(\.mermaid).joined(separator: "\n")
    do {
      try "sequenceDiagram\n\(lines)\n".write(toFile: diagram, atomically: true, encoding: .utf8)
      FileHandle.standardError.write(Data("sequence diagram: \(diagram)\n".utf8))
    } catch {
      FileHandle.standardError.write(Data("no sequence diagram: \(error.localizedDescription)\n".utf8))
    }
  }
}

private struct RunView: Encodable {
  let schema = "vine-mesh.simulation-run/1"
  let scenario: String
  let seed: UInt64
  let passed: Bool
  let violation: String?
  let traceHash: String
  let nodes: Int
  let events: Int
  let agreementSeconds: Double?

  init(scenario: String, seed: UInt64, outcome: Scenario.Outcome) {
    (self.scenario, self.seed, passed) = (scenario, seed, outcome.violation == nil)
    violation = outcome.violation?.description
    traceHash = String(outcome.traceHash, radix: 16)
    (nodes, events, agreementSeconds) = (outcome.count, outcome.events, outcome.agreement)
  }
}
