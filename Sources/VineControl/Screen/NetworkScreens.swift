extension VotersView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("site", "VR", "part", "state", ">log agrees to", "why")
    for voter in voters {
      table.add(
        Cell(voter.site), Cell(Phrase.node(voter.node)),
        Cell(voter.isLeader ? "leader" : voter.isLearner ? "learner" : "voter"),
        Cell(voter.isUp ? "up" : "down", Phrase.tint(voter.isUp)), Cell(voter.matchIndex.map(String.init) ?? "-"),
        Cell(voter.why))
    }
    let quorumText = hasQuorum ? "quorum \(quorum) reached" : "quorum \(quorum) not reached: nothing can be decided"
    let position = "this VR: \(state.rawValue), term \(term), committed \(commitIndex), applied \(appliedIndex)"
    return table.lines(palette, ifEmpty: "no voter is known")
      + ["", palette.paint(position, .faint), palette.paint(quorumText, Phrase.tint(hasQuorum))]
  }
}

extension LinksView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table(
      "from", "to", "path", ">RTT", ">loss", ">bandwidth", ">sure", ">measured", ">MTU", "last error")
    for link in links {
      let path = link.path.map { kind in
        [kind.rawValue, link.via ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
      }
      let error = link.lastError.map { what in
        what + (link.lastErrorSecondsAgo.map { ", \(Measure.duration($0)) ago" } ?? "")
      }
      table.add(
        Cell(link.from), Cell(link.to), Cell(path ?? "-"), Cell(Measure.optional(link.rttMs, "ms")),
        Cell(Measure.optional(link.lossPercent, "%")), Cell(Measure.optional(link.bandwidthMbps, "Mbit/s")),
        Cell(link.confidencePercent.map { "\($0) %" } ?? "-"),
        Cell(link.measuredSecondsAgo.map { "\(Measure.duration($0)) ago" } ?? "-"),
        Cell(link.innerMtu.map(String.init) ?? "-"), Cell(error ?? "-"))
    }
    return table.lines(palette, ifEmpty: "no link is known")
  }
}

extension RelayView: Screen {
  public func lines(_ palette: Palette) -> [String] { lines(palette, why: false) }

  /// - Parameter why: with what each peer gets through each candidate, and by how much the best one is better.
  public func lines(_ palette: Palette, why: Bool) -> [String] {
    var parts = [["role: \(role.rawValue), \(Cell.printable(roleReason))"]]
    if let nat {
      let seen = seenAs.isEmpty ? "" : "; seen as \(seenAs.map(Cell.printable).joined(separator: ", "))"
      parts[0].append("NAT: \(Cell.printable(nat))\(seen)")
    }
    if role == .limited {
      parts[0].append("queue-VR: \(Cell.printable(queueVR?.sentence ?? "none chosen"))")
      if let standby { parts[0].append("standby: \(Cell.printable(standby))") }
      if let pinned { parts[0].append("pinned to \(Cell.printable(pinned)): `vine-mesh relay unpin` lets it choose") }
    }
    if !candidates.isEmpty { parts.append(candidateTable.lines(palette, ifEmpty: "")) }
    if why { parts.append(reasons(palette)) }
    var table = Table("serves", "VR", "channel", ">frames", ">bytes")
    for line in served {
      table.add(
        Cell(line.site), Cell(Phrase.node(line.node)),
        Cell(line.channelOpen ? "open" : "closed", Phrase.tint(line.channelOpen, otherwise: .caution)),
        "\(line.forwardedFrames)", Cell(Measure.bytes(line.forwardedBytes)))
    }
    parts.append(table.lines(palette, ifEmpty: "serves no limited-VR"))
    return Array(parts.joined(separator: [""]))
  }

  private var candidateTable: Table {
    var table = Table("candidate", "VR", "endpoint", "chosen", ">bandwidth", ">measured", "note")
    for line in candidates {
      table.add(
        Cell(line.site), Cell(Phrase.node(line.node)), Cell(line.endpoint), Cell(line.isChosen ? "yes" : "no"),
        Cell(Measure.optional(line.bandwidthMbps, "Mbit/s")),
        Cell(line.measuredSecondsAgo.map { "\(Measure.duration($0)) ago" } ?? "-"), Cell(line.note))
    }
    return table
  }

  private func reasons(_ palette: Palette) -> [String] {
    var table = Table("through", "peer", ">gets", "narrowest link")
    for line in candidates {
      for pair in line.pairs {
        table.add(
          Cell(line.site), Cell(pair.peer), Cell(Measure.optional(pair.bandwidthMbps, "Mbit/s")),
          Cell(pair.narrowest == "own" ? "\(line.site) to this VR" : "\(pair.peer) to \(line.site)"))
      }
    }
    guard let first = candidates.first, candidates.count > 1 else {
      return table.lines(palette, ifEmpty: "nothing to choose between")
    }
    let rule = "the best is the one through which the worst-served peer gets most, then the second worst"
    let verdict =
      margin.map { "\(first.site) is \(Measure.decimal($0)) times as good where it first differs; a move takes 1.25" }
      ?? "nothing tells them apart"
    return table.lines(palette, ifEmpty: "no peers are known") + ["", rule, Cell.printable(verdict)]
  }
}

extension QueuesView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var captured = Table("NFQUEUE", ">captured", ">dropped by the kernel", ">injected")
    captured.add(
      "\(capture.queueNumber)", "\(capture.capturedPackets)",
      Cell("\(capture.kernelDroppedPackets)", capture.kernelDroppedPackets > 0 ? .caution : .plain),
      "\(capture.injectedPackets)")
    var table = Table(
      "queue for", "VR", ">frames", ">bytes", ">limit", ">oldest", ">forwarded", ">expired", ">overflow")
    for queue in relay {
      table.add(
        Cell(queue.site), Cell(Phrase.node(queue.node)), "\(queue.queuedFrames)",
        Cell(Measure.bytes(UInt64(max(0, queue.queuedBytes)))), Cell(Measure.bytes(UInt64(max(0, queue.limitBytes)))),
        Cell(Measure.optional(queue.oldestMs, "ms")), "\(queue.forwardedFrames)", "\(queue.expiredFrames)",
        "\(queue.overflowFrames)")
    }
    return captured.lines(palette, ifEmpty: "") + [""]
      + table.lines(palette, ifEmpty: "queues for no limited-VR")
  }
}

extension CertsView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("certificate", "subject", ">valid")
    for (name, line) in [("this VR", own), ("authority", authority)] {
      let tint: Tint = line.daysLeft <= 0 ? .bad : line.daysLeft < 7 ? .caution : .plain
      table.add(Cell(name), Cell(line.subject), Cell(Measure.days(line.daysLeft), tint))
    }
    let renewal = (Double(renewsUnixSeconds) - Double(own.expiresUnixSeconds)) / 86_400 + own.daysLeft
    let when = renewal > 0 ? "in \(renewal < 2 ? Measure.duration(renewal * 86_400) : "\(Int(renewal)) days")" : "now"
    let by = signers.isEmpty ? "nobody" : signers.map(Cell.printable).joined(separator: ", ")
    return table.lines(palette, ifEmpty: "") + [
      "mesh \(Cell.printable(meshId)); \(whereKeyIs)", "renewed \(when) by \(by)",
    ] + (problem.map { ["not renewed yet: \(Cell.printable($0))"] } ?? [])
  }

  private var whereKeyIs: String {
    switch authorityKey {
    case .elsewhere: "the authority's key is not on this machine"
    case .plain: "the authority's key is on this machine, without a passphrase: `vine-mesh ca protect`"
    case .locked: "the authority's key is on this machine, locked: `vine-mesh ca unlock`"
    case .unlocked: "the authority's key is on this machine, under a passphrase and in use"
    }
  }
}

extension MapView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("site", "VR", "state", "role", "from here", "queue-VR", "votes", "ViNes", "blocks")
    for vr in vrs {
      let way = [vr.path?.rawValue ?? "", vr.via ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
      table.add(
        Cell(vr.site), Cell(Phrase.node(vr.node)), Cell(vr.state.rawValue, Phrase.tint(vr.state == .up)),
        Cell(vr.role.rawValue), Cell(vr.isSelf ? "this VR" : way), Cell(vr.queueVR ?? "-"),
        Cell(vr.isLeader ? "leads" : vr.isVoter ? "yes" : "-"),
        Cell(vr.vines.isEmpty ? "-" : vr.vines.joined(separator: ",")),
        Cell(vr.blocks.isEmpty ? "-" : vr.blocks.joined(separator: ",")))
    }
    var measured = Table("between", "and", ">bandwidth")
    for link in links {
      measured.add(Cell(link.from), Cell(link.to), Cell(Measure.optional(link.bandwidthMbps, "Mbit/s")))
    }
    return table.lines(palette, ifEmpty: "no VR is known") + [""]
      + measured.lines(palette, ifEmpty: "no link is measured yet")
  }
}
