/// Blanks comments and literals out of Swift source and keeps its lines, so that a ban finds code alone.
///
/// A reader of tokens, not of Swift: code inside interpolations is blanked too.
struct Blanker {
  private let text: [UInt8]
  private var position = 0
  private var result: [UInt8] = []

  init(_ text: String) {
    self.text = Array(text.utf8)
    result.reserveCapacity(self.text.count)
  }

  mutating func blanked() -> String {
    while position < text.count { step() }
    return String(decoding: result, as: UTF8.self)
  }

  private mutating func step() {
    if starts("//") { return blank(until: { $0.peek == newline }) }
    if starts("/*") { return blankBlockComment() }
    if let hashes = stringHashes() { return blankString(hashes) }
    if peek == backtick { return blankPair(backtick) }
    if startsRegex() { return blankPair(slash) }
    take()
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private func starts(_ prefix: StaticString, at offset: Int = 0) -> Bool {
    let start = position + offset
    guard start + prefix.utf8CodeUnitCount <= text.count else { return false }
    return (0..<prefix.utf8CodeUnitCount).allSatisfy { text[start + $0] == prefix.utf8Start[$0] }
  }

  private func startsHashes(_ count: Int, at offset: Int) -> Bool {
    text[min(position + offset, text.count)...].prefix(count).filter { $0 == hash }.count == count
  }

  private mutating func take() {
    if let peek { result.append(peek) }
    position += 1
  }

  /// Lines stay, everything else becomes a blank.
  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count {
      if let peek { result.append(peek == newline ? newline : space) }
      position += 1
    }
  }

  private mutating func blank(until isEnd: (Self) -> Bool) {
    while position < text.count, !isEnd(self) { blank() }
  }

  private mutating func blankBlockComment() {
    var depth = 0
    repeat {
      let step = starts("/*") ? 1 : starts("*/") ? -1 : 0
      depth += step
      blank(step == 0 ? 1 : 2)
    } while depth > 0 && position < text.count
  }

  /// The number of `#` before an opening quote; nil if no string begins here.
  private func stringHashes() -> Int? {
    let hashes = text[position...].prefix { $0 == hash }.count
    return starts("\"", at: hashes) ? hashes : nil
  }

  private mutating func blankString(_ hashes: Int) {
    let quote: StaticString = starts("\"\"\"", at: hashes) ? "\"\"\"" : "\""
    let width = quote.utf8CodeUnitCount
    blank(hashes + width)
    while position < text.count {
      if starts(quote), startsHashes(hashes, at: width) { return blank(width + hashes) }
      // The end of the line ends a string that nobody closed: the compiler will say so.
      if width == 1, peek == newline { return }
      guard peek == backslash, startsHashes(hashes, at: 1) else {
        blank()
        continue
      }
      let isInterpolation = starts("(", at: 1 + hashes)
      blank(2 + hashes)
      if isInterpolation { blankInterpolation() }
    }
  }

  private mutating func blankInterpolation() {
    var depth = 1
    while position < text.count, depth > 0 {
      if let hashes = stringHashes() {
        blankString(hashes)
        continue
      }
      depth += starts("(") ? 1 : starts(")") ? -1 : 0
      blank()
    }
  }

  /// A raw identifier or a regular expression literal, which do not go over the end of the line.
  private mutating func blankPair(_ mark: UInt8) {
    take()
    while let next = peek, next != mark, next != newline { blank(next == backslash ? 2 : 1) }
    if peek == mark { take() }
  }

  /// A slash after an opening bracket, a comma, `:` or `=` begins a literal unless a blank follows it.
  private func startsRegex() -> Bool {
    guard peek == slash, position + 1 < text.count, text[position + 1] > space else { return false }
    let before = text[..<position].last { $0 != space }
    return before.map { Array("(,:=[{\n".utf8).contains($0) } ?? true
  }
}

private let (newline, space, slash) = (UInt8(ascii: "\n"), UInt8(ascii: " "), UInt8(ascii: "/"))
private let (hash, backtick, backslash) = (UInt8(ascii: "#"), UInt8(ascii: "`"), UInt8(ascii: "\\"))
