/// Fits a screen to a terminal that is narrower than it.
public enum Fold {
  /// The indent where none follows from the line, and the least room that text is given beside a deeper one.
  private static let indent = 4
  private static let roomMin = 20

  /// Breaks lines at blanks and goes on below the column that the text is in. A line that begins with a blank has a command
  /// that somebody copies: it stays whole.
  /// - Parameter width: columns of the terminal. Colours take none.
  public static func lines(_ lines: [String], width: Int) -> [String] {
    lines.flatMap { $0.first == " " ? [$0] : fold(line: $0, width: max(width, roomMin)) }
  }

  /// What takes one column, and the colours that change before it.
  private struct Letter {
    var colours: String
    let character: Character

    var isBlank: Bool { character == " " }
  }

  private static func fold(line: String, width: Int) -> [String] {
    let (letters, end) = letters(of: line)
    guard letters.count > width else { return [line] }
    let deep = lastColumn(of: letters, before: width)
    let indent = width - deep >= roomMin ? deep : Self.indent
    var folded: [String] = []
    var start = 0
    while start < letters.count {
      let margin = folded.isEmpty ? 0 : indent
      var stop = min(start + width - margin, letters.count)
      // Not before the text begins: a word that is too long is broken.
      let least = start + (folded.isEmpty ? indent : 0)
      if stop < letters.count, let blank = (least..<stop + 1).last(where: { $0 > least && letters[$0].isBlank }) {
        stop = blank
      }
      var next = stop
      while next < letters.count, letters[next].isBlank { next += 1 }
      while stop > start + 1, letters[stop - 1].isBlank { stop -= 1 }
      let text = letters[start..<stop].map { $0.colours + String($0.character) }.joined()
      // Blanks at the break are left out, the colours that change at them are not.
      folded.append(String(repeating: " ", count: margin) + text + letters[stop..<next].map(\.colours).joined())
      start = next
    }
    folded[folded.count - 1] += end
    return folded
  }

  /// Where the last column of a table begins that begins before `limit`: columns are two blanks apart.
  private static func lastColumn(of letters: [Letter], before limit: Int) -> Int {
    let starts = (2..<max(limit, 3)).filter {
      !letters[$0].isBlank && letters[$0 - 1].isBlank && letters[$0 - 2].isBlank
    }
    return starts.last ?? indent
  }

  /// - Returns: the letters, and the colours that change behind the last one.
  private static func letters(of line: String) -> (letters: [Letter], end: String) {
    var (letters, colours, isEscape): ([Letter], String, Bool) = ([], "", false)
    for character in line {
      if isEscape || character == "\u{1B}" {
        colours.append(character)
        isEscape = character != "m"
      } else {
        letters.append(Letter(colours: colours, character: character))
        colours = ""
      }
    }
    return (letters, colours)
  }
}
