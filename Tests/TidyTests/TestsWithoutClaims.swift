/// Tests that cannot fail: no expectation anywhere in their body.
enum TestsWithoutClaims {
  /// A helper counts if its name begins as an expectation's does: `expectRoundTrip(`, `checkInvariants(`.
  static func findings(in file: SourceFile) -> [Finding] {
    file.lines(with: ["@Test"]).map { $0.number - 1 }.compactMap { start in
      guard file.code[start].contains(/^\s*@Test\b/), let body = body(from: start, in: file.code) else { return nil }
      let claim = /#expect|#require|Issue\.record|\bconfirmation\(|\b_?(?:expect|check|verify|assert|require)\w*[(<]/
      guard !body.contains(where: { $0.contains(claim) }) else { return nil }
      return Finding(path: file.path, line: start + 1, text: "this test expects nothing, so it cannot fail")
    }
  }

  /// Lines from `func` to the bracket that closes its body; nil if there is none, as on a suite.
  private static func body(from start: Int, in code: [String]) -> ArraySlice<String>? {
    guard let function = code[start...].prefix(12).firstIndex(where: { $0.contains(/\bfunc\b/) }) else { return nil }
    var depth = 0
    var hasOpened = false
    for index in function..<code.count {
      for character in code[index] {
        if character == "{" { (depth, hasOpened) = (depth + 1, true) }
        if character == "}" { depth -= 1 }
      }
      if hasOpened, depth == 0 { return code[function...index] }
    }
    return nil
  }
}
