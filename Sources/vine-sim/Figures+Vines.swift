import VineBase
import VineSimulation

/// The parts about ViNes.
extension Figures {
  /// From `vine create` at one site to packets between the hosts of three.
  func create() throws -> [Figure] {
    let kinds = [("public sites", 16, 0), ("100 public sites", 100, 0), ("sites, half of them behind NAT", 8, 8)]
    var figures: [Figure] = []
    for (name, open, limited) in kinds where !Interrupt.isAsked {
      let warm = try FirstPacket.warm(public: open, limited: limited)
      let title = "a ViNe of 3 of \(limited == 0 ? "\(open) public sites" : "\(open + limited) \(name)"), RTT 50 ms"
      let runs = each(title) { FirstPacket.measure(warm, seed: $0) }
      guard !runs.isEmpty else { continue }
      figures += Figure.pair("\(title): first packet", runs.map(\.first), p50: 0.5, p99: 0.5)
      figures += Figure.pair("\(title): packets between all", runs.map(\.all), p50: 0.5, p99: 0.5)
      figures += Figure.pair("\(title): commands answered", runs.map(\.commands), p50: 0.5, p99: 0.5)
      figures.append(
        Figure(
          "\(title): commands given again", Double(runs.reduce(0) { $0 + $1.refusals }), "commands", goal: 0,
          seeds: runs.count))
    }
    return figures
  }

  /// A thousand ViNes, and one change more.
  func vines() throws -> [Figure] {
    let load = VineLoad()
    var made = try load.warm(seed: 1)
    let outcome = load.make(in: &made, seed: 1)
    let name = "\(load.vines) ViNes over \(load.sites) sites"
    print("\(name): commands took \(outcome.commands ?? .infinity) s; \(outcome.refusal ?? "none was refused")")
    print("\(name): \(outcome.fault ?? "every table is what registry and LNDTs say")")
    var figures = [
      Figure("\(name), from the last command to equal GNDTs", outcome.agreement ?? .infinity, "s", goal: 5, seeds: 1),
      Figure("\(name), until every VR sees that all agree", outcome.told ?? .infinity, "s", goal: 30, seeds: 1),
      Figure("\(name), VRs with a table that is not right", outcome.fault == nil ? 0 : 1, "VRs", goal: 0, seeds: 1),
      Figure("\(name), commands given again", Double(outcome.refusals), "commands", goal: 0, seeds: 1),
      Figure("\(name), traffic per VR, rx + tx", outcome.bytesPerVR, "B", goal: 100_000_000, seeds: 1),
      Figure("\(name), ranges in all GNDTs", Double(outcome.entries), "ranges", goal: 4000, seeds: 1),
      Figure(
        "\(name), ranges in the largest forwarding table", Double(outcome.forwardingEntriesMax), "ranges", goal: 200,
        seeds: 1),
      Figure("\(name), longest record", Double(outcome.recordBytesMax), "B", goal: 2400, seeds: 1),
    ]
    guard outcome.agreement != nil else { return figures }
    let changes = each("one more site in a ViNe") { VineLoad.change(made, seed: $0) }
    figures += Figure.pair("\(name), one more site with a host known to all", changes, p50: 1, p99: 2)
    return figures
  }
}
