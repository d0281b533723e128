import ArgumentParser
import Foundation
import VineAddress
import VineBase
import VineDataPlane
import VineRouting

/// What it costs to decide where a packet goes, however large a ViNe is.
struct Lookups: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures decisions against GNDTs of many ranges.",
    discussion: "Each range is four addresses behind one of up to 4096 VRs; destinations are drawn from all of them.")

  @Option(help: "Ranges of the GNDT, 1 to 2000000; may be repeated.")
  var ranges = [4096, 1_000_000]

  @Option(help: "Seconds for each figure.")
  var seconds = 1.0

  @Flag(help: "Print JSON: a list of objects.")
  var json = false

  func validate() throws {
    guard ranges.allSatisfy({ (1...2_000_000).contains($0) }) else { throw ValidationError("--ranges is 1 to 2000000") }
    guard seconds > 0, seconds <= 60 else { throw ValidationError("--seconds is more than 0 and at most 60") }
  }

  func run() throws {
    let costs = try ranges.map(measure)
    if json {
      try Output.json(costs)
    } else {
      Output.write("ranges      outbound, ns  inbound, ns")
      for cost in costs {
        Output.write(String(format: "%-10d  %12.0f  %11.0f", cost.ranges, cost.outbound, cost.inbound))
      }
    }
  }

  private struct Cost: Encodable {
    let ranges: Int
    /// Nanoseconds a decision.
    let outbound, inbound: Double
  }

  private func measure(_ count: Int) throws -> Cost {
    let space = AddressRange(first: IPv4Address(rawValue: 0x0A00_0000), last: IPv4Address(rawValue: 0x0AFF_FFFF))
    let network = NetworkID(rawValue: 77)
    let table = try table(of: count, network, space)
    var random = RandomSource(seed: 5)
    // More than a processor's cache holds of the table, few enough to be no burden themselves.
    let addresses = (0..<65_536).map { _ in
      space.first.rawValue + UInt32(random.next() % UInt64(count)) * 8 + UInt32(random.next() % 4)
    }
    let own = space.first.rawValue
    let owners = addresses.map { address -> UInt32 in
      guard case .tunnel(_, let peer) = table.outbound(source: own, destination: address) else { return 0 }
      return peer
    }
    let (outbound, wrong) = time(addresses.count) { index in
      if case .drop = table.outbound(source: own, destination: addresses[index]) { 1 } else { 0 }
    }
    let (inbound, spoofed) = time(addresses.count) { index in
      let decision = table.inbound(
        network: network.rawValue, source: addresses[index], destination: own, from: owners[index])
      // What comes from this VR itself is nobody's to send.
      return decision == .drop(.spoofedSource) && owners[index] != 0 ? 1 : 0
    }
    guard wrong == 0, spoofed == 0 else {
      throw ValidationError("\(wrong) and \(spoofed) decisions were wrong: no figure")
    }
    return Cost(ranges: count, outbound: outbound, inbound: inbound)
  }

  private func time(_ count: Int, _ body: (Int) -> Int) -> (nanoseconds: Double, wrong: Int) {
    let start = MonotonicClock.now.nanoseconds
    let end = start + Int64(seconds * 1e9)
    var (done, wrong, now) = (0, 0, start)
    while now < end {
      for index in 0..<count { wrong += body(index) }
      done += count
      now = MonotonicClock.now.nanoseconds
    }
    return (Double(now - start) / Double(done), wrong)
  }

  /// This VR has the first range; the others are shared out evenly.
  private func table(of count: Int, _ network: NetworkID, _ space: AddressRange) throws -> ForwardingTable {
    guard let block = Block(base: space.first, prefixLength: 8) else { throw ValidationError("no space") }
    var gndt = GNDT(network: network, decision: 1)
    let nodeCount = min(count, 4096)
    for number in 0..<nodeCount {
      let (first, end) = (count * number / nodeCount, count * (number + 1) / nodeCount)
      let ranges = (first..<end).map { index in
        let base = space.first.rawValue + UInt32(index) * 8
        return AddressRange(first: IPv4Address(rawValue: base), last: IPv4Address(rawValue: base + 3))
      }
      gndt.set(AddressSet(ranges), changes: 1, of: Nodes.numbered(number))
    }
    var hosts = LNDT()
    hosts.add(space.first, to: network)
    return ForwardingTable(space: block, ownNode: Nodes.numbered(0), gateways: [], lndt: hosts, gndts: [gndt])
  }
}
