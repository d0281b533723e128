extension ExplainView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    var table = Table("at", "rule", "version", "says")
    for step in steps {
      table.add(
        Cell(step.site), Cell(step.rule), Cell(step.version ?? "-"), Cell(step.text, step.passes ? .plain : .bad))
    }
    return table.lines(palette, ifEmpty: "no rule was met") + [""] + verdictLines(palette)
  }

  private func verdictLines(_ palette: Palette) -> [String] {
    let packet = "\(source) -> \(destination)"
    switch verdict {
    case .delivered:
      return [palette.paint("\(packet) is delivered\(vine.map { " in ViNe \(Cell.printable($0))" } ?? "")", .good)]
    case .unknown:
      let why = explanation.map { ": \(Cell.printable($0))" } ?? ""
      return [palette.paint("\(packet) leaves this site; whether it is delivered is not known\(why)", .caution)]
        + mends(palette)
    case .dropped:
      let why = [reason, explanation].compactMap { $0 }.map(Cell.printable).joined(separator: ": ")
      return [palette.paint("\(packet) is dropped: \(why)", .bad)] + mends(palette)
    }
  }

  private func mends(_ palette: Palette) -> [String] {
    guard let mend, !mend.isEmpty else { return [] }
    return ["  mend: \(palette.paint(Cell.printable(mend), .strong))"]
  }
}
