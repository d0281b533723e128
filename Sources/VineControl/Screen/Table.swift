/// What a text means; how that looks is the palette's business.
public enum Tint: Sendable, Hashable {
  case plain, good, caution, bad, faint, strong
}

/// How tints look: colours on a terminal that wants them, nothing anywhere else.
public struct Palette: Sendable, Hashable {
  public let hasColour: Bool

  public static let plain = Palette(hasColour: false)
  public static let colour = Palette(hasColour: true)

  func paint(_ text: String, _ tint: Tint) -> String {
    guard hasColour, tint != .plain, !text.isEmpty else { return text }
    let code =
      switch tint {
      case .plain: "0"
      case .good: "32"
      case .caution: "33"
      case .bad: "31"
      case .faint: "2"
      case .strong: "1"
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}

/// A text with its meaning.
struct Cell: Sendable, Hashable, ExpressibleByStringInterpolation {
  let text: String
  let tint: Tint

  init(_ text: String, _ tint: Tint = .plain) {
    self.text = text.isEmpty ? "-" : Cell.printable(text)
    self.tint = tint
  }

  init(stringLiteral value: String) { self.init(value) }

  /// Control characters could move the cursor or change colours: names and reasons come from other machines.
  static func printable(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "?" : Character($0) })
  }
}

/// Rows under titles, columns two spaces apart, as wide as their widest text.
struct Table {
  struct Column {
    let title: String
    let isNumber: Bool
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  /// - Parameter titles: one a column; a leading `>` aligns the column to the right, for numbers.
  init(_ titles: String...) {
    columns = titles.map { title in
      title.hasPrefix(">")
        ? Column(title: String(title.dropFirst()), isNumber: true) : Column(title: title, isNumber: false)
    }
  }

  mutating func add(_ cells: Cell...) {
    precondition(cells.count == columns.count, "a row has \(cells.count) cells for \(columns.count) columns")
    rows.append(cells)
  }

  /// Titles and rows, or the one line that says why there is none.
  func lines(_ palette: Palette, ifEmpty: String) -> [String] {
    guard !rows.isEmpty else { return [palette.paint(ifEmpty, .faint)] }
    let titles = columns.map { Cell($0.title, .faint) }
    let widths = columns.indices.map { column in
      ([titles] + rows).map { $0[column].text.count }.max() ?? 0
    }
    return ([titles] + rows).map { row in line(row, widths, palette) }
  }

  private func line(_ row: [Cell], _ widths: [Int], _ palette: Palette) -> String {
    var parts: [String] = []
    for (column, cell) in row.enumerated() {
      let gap = String(repeating: " ", count: widths[column] - cell.text.count)
      let text = palette.paint(cell.text, cell.tint)
      let isLast = column == row.count - 1
      parts.append(columns[column].isNumber ? gap + text : isLast ? text : text + gap)
    }
    return parts.joined(separator: "  ")
  }
}
