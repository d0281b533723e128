import Foundation
import VineSimulation

/// reports/simulation.json (schema `vine-mesh.report/1`).
struct SimulationReport: Codable {
  struct Entry: Codable {
    let name: String
    /// Absent if a run did not come to its end.
    let value: Double?
    let unit: String
    let goal: Double
    let better: String
    let seeds: Int

    init(_ figure: Figure) {
      (name, unit, goal, seeds) = (figure.name, figure.unit, figure.goal, figure.seeds)
      value = figure.value.isFinite ? figure.value : nil
      better = figure.better.rawValue
    }

    var isMet: Bool { value.map { better == "lower" ? $0 <= goal : $0 >= goal } ?? false }
  }

  var schema = "vine-mesh.report/1"
  var suite = "simulation"
  var passed = 0
  var failed = 0
  var skipped = 0
  var figures: [Entry] = []

  /// - Parameter merge: keeps what the file has under other names.
  static func write(_ figures: [Figure], to path: String, merge: Bool) throws {
    var report = SimulationReport()
    let url = URL(fileURLWithPath: path)
    if merge, let known = try? JSONDecoder().decode(SimulationReport.self, from: Data(contentsOf: url)) {
      let names = Set(figures.map(\.name))
      report.figures = known.figures.filter { !names.contains($0.name) }
    }
    report.figures += figures.map(Entry.init)
    report.passed = report.figures.count(where: \.isMet)
    report.failed = report.figures.count - report.passed
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try encoder.encode(report).write(to: url, options: .atomic)
  }
}
