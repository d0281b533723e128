extension DoctorView: Screen {
  public func lines(_ palette: Palette) -> [String] {
    let width = findings.map(\.check.count).max() ?? 0
    var lines: [String] = []
    for finding in findings {
      let check = Cell.printable(finding.check)
      let title = check + String(repeating: " ", count: max(width - check.count, 0))
      let evidence = finding.evidence.isEmpty ? "" : palette.paint(" (\(Cell.printable(finding.evidence)))", .faint)
      let (word, tint) = Self.word(finding.level)
      lines.append("\(palette.paint(word, tint))  \(title)  \(Cell.printable(finding.text))\(evidence)")
      if let mend = finding.mend { lines.append("         mend: \(palette.paint(Cell.printable(mend), .strong))") }
    }
    return lines + ["", summary(palette)]
  }

  private static func word(_ level: FindingLevel) -> (String, Tint) {
    switch level {
    case .ok: ("ok     ", .good)
    case .notice: ("notice ", .plain)
    case .warning: ("WARNING", .caution)
    case .error: ("ERROR  ", .bad)
    }
  }

  private func summary(_ palette: Palette) -> String {
    func count(_ level: FindingLevel) -> Int { findings.filter { $0.level == level }.count }
    let (errors, warnings) = (count(.error), count(.warning))
    guard errors + warnings > 0 else { return palette.paint("nothing is wrong", .good) }
    return palette.paint("\(errors) errors, \(warnings) warnings", errors > 0 ? .bad : .caution)
  }
}
