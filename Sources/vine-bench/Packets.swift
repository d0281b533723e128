import ArgumentParser
import CAllocationCount
import Foundation
import VineDataPlane
import VineSession

/// What the hot path costs for each packet, without the kernel's part: time, heap, references.
struct Packets: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what the data path costs for each packet, without capture and injection.",
    discussion: """
      Packets of one site's host are decided, cut, sealed and sent over the loopback interface; received, opened, checked \
      and put together for the other site's. Figures are of one thread. Without capture and injection nothing leaves \
      the process but to itself.
      """)

  @Option(help: "Seconds for each figure.")
  var seconds = 0.5

  @Option(help: "How frames are protected: \(CipherSuite.allCases.map(\.name).joined(separator: ", ")).")
  var suite = CipherSuite.available[0].name

  @Flag(help: "Print JSON: a list of objects.")
  var json = false

  @Flag(help: "End with 1 if a packet costs an allocation or a reference.")
  var check = false

  func validate() throws {
    guard CipherSuite(named: suite) != nil else { throw ValidationError("unknown suite \(suite)") }
    guard seconds > 0, seconds <= 60 else { throw ValidationError("--seconds is more than 0 and at most 60") }
  }

  func run() throws {
    guard let suite = CipherSuite(named: suite) else { return }
    let bench = try PacketBench(suite: suite)
    let costs = try PacketBench.Load.allCases.map { try measure(bench, $0) }.flatMap { $0 }
    if json {
      try Output.json(costs)
    } else {
      Self.show(costs)
    }
    let dear = costs.filter { !$0.isFree }
    if check, !dear.isEmpty {
      let told = dear.map { "\($0.load) \($0.direction)" }.joined(separator: ", ")
      FileHandle.standardError.write(Data("vine-bench: packets cost allocations or references: \(told)\n".utf8))
      throw ExitCode(1)
    }
  }

  private func measure(_ bench: PacketBench, _ load: PacketBench.Load) throws -> [Cost] {
    // Caches, and what is made on first use.
    for _ in 0..<100 { _ = (bench.send(load), bench.receive()) }
    let drops = bench.dropCount
    var (out, back) = (Meter(), Meter())
    let end = MonotonicClock.now.nanoseconds + Int64(seconds * 1e9)
    while MonotonicClock.now.nanoseconds < end {
      for _ in 0..<20 {
        out.measure { bench.send(load) }
        back.measure { bench.receive() }
      }
    }
    guard out.packets > 0, back.packets == out.packets, bench.dropCount == drops else {
      throw ValidationError(
        "\(out.packets) packets left, \(back.packets) arrived, \(bench.dropCount - drops) were dropped: no figure")
    }
    return [out.cost(of: load, "outbound"), back.cost(of: load, "inbound")]
  }

  private static func show(_ costs: [Cost]) {
    func row(_ cells: [String]) -> String {
      zip(cells, [18, 10, 9, 13, 9, 10]).map { cell, width in
        let pad = String(repeating: " ", count: max(0, width - cell.count))
        return width == 18 || width == 10 && Double(cell) == nil ? cell + pad : pad + cell
      }.joined(separator: "  ")
    }
    Output.write(row(["packets", "direction", "ns each", "allocations", "retains", "releases"]))
    for cost in costs {
      Output.write(
        row(
          [cost.load, cost.direction]
            + [String(format: "%.0f", cost.nanoseconds)]
            + [cost.allocations, cost.retains, cost.releases].map { String(format: "%.4f", $0) }))
    }
  }
}

/// What one packet costs on average.
struct Cost: Codable {
  let load, direction: String
  let packets: Int
  let nanoseconds, allocations, retains, releases: Double

  /// What is asked once for a batch of 64 or a super-packet of 46, by the measuring itself for example, is not asked for
  /// each packet.
  var isFree: Bool { max(allocations, retains, releases) < 0.05 }
}

/// Sums over batches.
struct Meter {
  private(set) var packets = 0
  private var nanoseconds: Int64 = 0
  private var counts = vine_counts()

  mutating func measure(_ batch: () -> Int) {
    vine_count_references(1)
    let (before, start) = (vine_counts_now(), MonotonicClock.now.nanoseconds)
    packets += batch()
    let (after, stop) = (vine_counts_now(), MonotonicClock.now.nanoseconds)
    vine_count_references(0)
    nanoseconds += stop - start
    counts.allocations += after.allocations - before.allocations
    counts.retains += after.retains - before.retains
    counts.releases += after.releases - before.releases
  }

  func cost(of load: PacketBench.Load, _ direction: String) -> Cost {
    let each = 1 / Double(packets)
    return Cost(
      load: load.rawValue, direction: direction, packets: packets, nanoseconds: Double(nanoseconds) * each,
      allocations: Double(counts.allocations) * each, retains: Double(counts.retains) * each,
      releases: Double(counts.releases) * each)
  }
}
