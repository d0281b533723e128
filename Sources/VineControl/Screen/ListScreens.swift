extension PeersView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("site", "VR", "state", "role", "path", "cipher", ">RTT", ">heard", ">sent", ">received")
    for peer in peers {
      table.add(
        Cell(peer.site), Cell(Phrase.node(peer.node)), Cell(peer.state.rawValue, peer.state.tint),
        Cell(peer.role.rawValue), Cell(peer.route, peer.path == .none ? .bad : .plain), Cell(peer.cipher ?? "-"),
        Cell(Measure.optional(peer.rttMs, "ms")), Cell(Measure.optionalDuration(peer.heardSecondsAgo)),
        Cell(Measure.bytes(peer.sentBytes)), Cell(Measure.bytes(peer.receivedBytes)))
    }
    return table.lines(palette, ifEmpty: "no other VR is known")
  }
}

extension PeerLine {
  fileprivate var route: String { via.isEmpty ? path.rawValue : "\(path.rawValue) \(via)" }
}

extension MemberCondition {
  fileprivate var tint: Tint {
    switch self {
    case .up: .good
    case .suspect, .unknown: .caution
    case .down: .bad
    }
  }
}

extension VinesView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table(
      "ViNe", ">id", "created by", "sites", "takes part", ">own hosts", ">ranges", ">addresses", "digest", "agreement")
    for vine in vines {
      let isReached = vine.agreement.laggards.isEmpty && vine.disputedAddresses == 0
      table.add(
        Cell(vine.name), "\(vine.networkId)", Cell(vine.creator), Cell(Phrase.names(vine.participants)),
        Cell(vine.takesPart ? "yes" : "no"), "\(vine.localHosts.count)", "\(vine.gndtEntries)",
        "\(vine.gndtAddresses)", Cell(vine.agreement.shortDigest),
        Cell(vine.agreement.sentence + vine.dispute, isReached ? .plain : .caution))
    }
    return table.lines(palette, ifEmpty: "the mesh has no ViNe; make one with `vine-mesh vine create <name>`")
  }

  /// One ViNe in full, for `vine-mesh vine show`; nil if there is none of this name.
  public func detail(of name: String) -> VinesView? {
    let found = vines.filter { $0.name == name }
    return found.isEmpty ? nil : VinesView(vines: found)
  }
}

extension VineLine {
  fileprivate var dispute: String {
    disputedAddresses == 0
      ? "" : "; \(Phrase.plural(Int(clamping: disputedAddresses), "address", "addresses")) disputed"
  }
}

extension GNDTView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    guard !tables.isEmpty else { return [palette.paint("this site takes part in no ViNe: it has no GNDT", .faint)] }
    return Array(
      tables.map { gndt in
        var table = Table("addresses", "site", "VR")
        for entry in gndt.entries {
          let addresses = entry.first == entry.last ? entry.first : "\(entry.first) - \(entry.last)"
          table.add(Cell(addresses), Cell(entry.site), Cell(Phrase.node(entry.node)))
        }
        let title =
          "GNDT of \(Cell.printable(gndt.name)) (id \(gndt.networkId)), \(gndt.version), digest \(gndt.digest)"
        return [palette.paint(title, .strong)] + table.lines(palette, ifEmpty: "no host takes part yet")
      }.joined(separator: [""]))
  }
}

extension LNDTView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("host", "ViNes")
    for host in hosts { table.add(Cell(host.address), Cell(host.vines.joined(separator: ","))) }
    return table.lines(
      palette, ifEmpty: "no host; add one with `vine-mesh host add <address> --vine <name>`")
  }
}

extension BlocksView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("block", "site", "VR", "own", "counts in")
    for block in blocks {
      table.add(
        Cell(block.block), Cell(block.site), Cell(Phrase.node(block.node)), Cell(block.isOwn ? "yes" : "no"),
        Cell(block.vine ?? "all ViNes"))
    }
    var kept: [String] = []
    if !keptFree.isEmpty {
      var table = Table("kept free", ">for another", "why")
      for line in keptFree {
        table.add(Cell(line.block), Cell(line.secondsLeft.map(Measure.duration) ?? "-"), Cell(line.why))
      }
      kept = [""] + table.lines(palette, ifEmpty: "")
    }
    return table.lines(palette, ifEmpty: "no block is given out") + kept
      + [palette.paint("\(freeAddresses) addresses of \(space) are free", .faint)]
  }
}

extension DropsView: Screen {
  /// Only the reasons that had a drop; `--json` has them all.
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("reason", ">total", ">last minute", "last packet", "meaning", "mend")
    for drop in drops where drop.total > 0 {
      let total = Cell("\(drop.total)", drop.lastMinute > 0 ? .caution : .plain)
      table.add(
        Cell(drop.reason), total, "\(drop.lastMinute)", Cell(drop.example), Cell(drop.explanation), Cell(drop.mend))
    }
    return table.lines(palette, ifEmpty: "nothing dropped since the daemon's start")
  }
}

extension DropReasonLine {
  /// As `vine-mesh explain` takes it.
  fileprivate var example: String {
    guard let lastSource, let lastDestination else { return "-" }
    let age = lastSecondsAgo.map { ", \(Measure.duration($0)) ago" } ?? ""
    return "\(lastSource) \(lastDestination)\(age)"
  }
}
