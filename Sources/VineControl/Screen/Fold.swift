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

  /// What takes one column, with the colours that change before it.
  private struct Letter {
    var text: String
    let isBlank: Bool
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
      if stop < letters.count,
        let blank = (start..<stop + 1).last(where: { letters[$0].isBlank && $0 > start + (folded.isEmpty ? indent : 0) }
        )
      {
        stop = blank
      }
      folded.append(String(repeating: " ", count: margin) + letters[start..<stop].map(\.text).joined())
      start = stop
      while start < letters.count, letters[start].isBlank { start += 1 }
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

  /// - Returns: the letters, and what changes colours behind the last one.
  private static func letters(of line: String) -> (letters: [Letter], end: String) {
    var (letters, colour, isEscape): ([Letter], String, Bool) = ([], "", false)
    for character in line {
      if isEscape || character == "\u{1B}" {
        colour.append(character)
        isEscape = character != "m"
      } else {
        letters.append(Letter(text: colour + String(character), isBlank: character == " "))
        colour = ""
      }
    }
    return (letters, colour)
  }
}
