extension StatusView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    let parts = [facts(palette), blockLines(palette), vineLines(palette), dropLines(palette), healthLines(palette)]
    return Array(parts.joined(separator: [""]))
  }

  /// Whether anything is broken; then the exit code of `vine-mesh status` is 1.
  public var isHealthy: Bool { !health.contains { $0.level == .error } }

  private func facts(_ palette: Palette) -> [String] {
    var facts: [(name: String, Cell)] = [
      ("mesh", Cell("\(mesh.name) (\(mesh.meshId)), space \(mesh.space)\(mirrored)")),
      (
        "VR", Cell("\(site), \(Phrase.node(node)), vine-mesh \(softwareVersion), up \(Measure.duration(uptimeSeconds))")
      ),
      ("role", Cell("\(role.rawValue): \(roleReason)", role == .unknown ? .caution : .plain)),
      ("reached at", Cell(endpoints.isEmpty ? "no public endpoint" : endpoints.joined(separator: ", "))),
    ]
    if let queueVR {
      facts.append(("queue-VR", Cell(queueVR.sentence, queueVR.connected ? .plain : .bad)))
    } else if role == .limited {
      facts.append(("queue-VR", Cell("none chosen", .bad)))
    }
    facts.append(("VRs", vrCell))
    facts.append(("consensus", consensus.cell))
    facts.append(("certificate", certificate.cell))
    if let dataPlane {
      facts.append(("capture", Cell(dataPlane.capture)))
      facts.append(("injection", Cell(dataPlane.injection)))
      facts.append(("sealing", Cell(dataPlane.cryptography)))
    }
    if let failOver { facts.append(("fail-over", failOver.cell)) }
    if let policy { facts.append(("policy", Cell(policy))) }
    let width = facts.map(\.name.count).max() ?? 0
    return facts.map { name, cell in
      let title = name + String(repeating: " ", count: width - name.count)
      return "\(palette.paint(title, .faint))  \(palette.paint(cell.text, cell.tint))"
    }
  }

  private var mirrored: String {
    guard let routes = mesh.routes, routes != [mesh.space] else { return "" }
    return ", seen here as \(routes.joined(separator: ", "))"
  }

  private var vrCell: Cell {
    let suspected = vrs.suspect == 0 ? "" : ", \(vrs.suspect) suspected"
    return Cell("\(Phrase.count(vrs.up, of: vrs.known)) up\(suspected)", Phrase.tint(vrs.up == vrs.known))
  }

  private func blockLines(_ palette: Palette) -> [String] {
    var table = Table("own block", "gateway", ">hosts")
    for own in ownBlocks {
      let block = own.mirror.map { "\(own.block), here \($0)" } ?? own.block
      table.add(Cell(block), Cell(own.gateway), Cell(Phrase.count(own.hosts, of: own.hostsMax)))
    }
    return table.lines(palette, ifEmpty: "no own block")
  }

  private func vineLines(_ palette: Palette) -> [String] {
    var table = Table("ViNe", ">id", ">own hosts", "digest", "agreement")
    for vine in vines {
      table.add(
        Cell(vine.name), "\(vine.networkId)", "\(vine.localHosts)", Cell(vine.agreement.shortDigest),
        Cell(vine.agreement.count, Phrase.tint(vine.agreement.laggards.isEmpty, otherwise: .caution)))
    }
    return table.lines(palette, ifEmpty: "this site takes part in no ViNe")
  }

  private func dropLines(_ palette: Palette) -> [String] {
    var table = Table("dropped in the last minute", ">packets")
    for drop in drops { table.add(Cell(drop.reason), "\(drop.packets)") }
    return table.lines(palette, ifEmpty: "nothing dropped in the last minute")
  }

  private func healthLines(_ palette: Palette) -> [String] {
    guard !health.isEmpty || !convergence.converged else { return [palette.paint("healthy and converged", .good)] }
    let reasons = convergence.waitingFor.isEmpty ? ["the mesh to settle"] : convergence.waitingFor
    let waiting = reasons.map { palette.paint("waiting for: \(Cell.printable($0))", .caution) }
    return health.flatMap { $0.lines(palette) } + (convergence.converged ? [] : waiting)
  }
}

extension HealthLine {
  fileprivate func lines(_ palette: Palette) -> [String] {
    let told = palette.paint("\(level.rawValue): \(Cell.printable(text))", level == .error ? .bad : .caution)
    return mend.isEmpty ? [told] : [told, "  mend: \(palette.paint(Cell.printable(mend), .strong))"]
  }
}

extension ConsensusLine {
  fileprivate var cell: Cell {
    let part =
      switch (state, leader) {
      case (.leader, _): "leader"
      case (.follower, let leader?): "follower of \(leader)"
      case (.observer, let leader?): "observer, leader \(leader)"
      default: "\(state.rawValue), no leader"
      }
    let quorumText = hasQuorum ? "" : ", no quorum: nothing can be decided"
    let text = "\(part), term \(term), \(Phrase.count(votersUp, of: voters)) voters up (quorum \(quorum))\(quorumText)"
    return Cell(text, Phrase.tint(hasQuorum))
  }
}

extension CertificateLine {
  /// Certificates are renewed well before their last week.
  fileprivate var cell: Cell { Cell(Measure.days(daysLeft), daysLeft <= 0 ? .bad : daysLeft < 7 ? .caution : .plain) }
}

extension FailOverLine {
  fileprivate var cell: Cell {
    guard isAgreed else { return Cell("\(other) does not agree to be this site's other VR", .caution) }
    return switch (isFirst, standsIn) {
    case (true, false): Cell("\(other) stands by for this VR")
    case (true, true): Cell("\(other) stands in for this VR", .caution)
    case (false, false): Cell("stands by for \(other)")
    case (false, true): Cell("stands in for \(other), which is silent", .caution)
    }
  }
}
