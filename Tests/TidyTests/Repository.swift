import Foundation

/// The files of the repository, found from this file's own place.
enum Repository {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Swift files written by people, by path: generated code has no style to hold.
  static let swiftFiles: [SourceFile] = ["Sources", "Tests", "Fuzz"].flatMap { files(under: $0, endingIn: ".swift") }
    .filter { !$0.contains("/Generated/") }
    .compactMap { path in text(of: path).map { SourceFile(path: path, text: $0) } }

  /// Documents for people, by path.
  static let documents: [String] =
    (try? FileManager.default.contentsOfDirectory(atPath: root.path)
    .filter { $0.hasSuffix(".md") }.sorted()).map { $0 + files(under: "docs", endingIn: ".md") } ?? []

  /// Paths relative to the root, sorted; hidden folders are left out.
  static func files(under folder: String, endingIn suffix: String) -> [String] {
    let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.allObjects ?? []
    return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) && !"/\($0)".contains("/.") }
      .map { "\(folder)/\($0)" }.sorted()
  }

  static func text(of path: String) -> String? {
    try? String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }
}

/// One Swift file: its lines, and the same lines without comments and literals.
struct SourceFile: Sendable {
  let path: String
  let lines: [String]
  /// As many lines as `lines`: comments, string and regular expression literals and raw identifiers are blank.
  let code: [String]
  private let allCode: String

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var blanker = Blanker(text)
    allCode = blanker.blanked()
    code = allCode.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Lines of code with one of `cues`, numbered from 1. Regular expressions are slow: they see these lines alone.
  func lines(with cues: [String]) -> [(number: Int, code: String)] {
    guard cues.contains(where: { allCode.range(of: $0, options: .literal) != nil }) else { return [] }
    return code.enumerated().compactMap { index, line in
      cues.contains { line.range(of: $0, options: .literal) != nil } ? (index + 1, line) : nil
    }
  }

  /// The target that the file belongs to: `VineGossip` of `Sources/VineGossip/Gossip.swift`.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
  var isTest: Bool { path.hasPrefix("Tests/") }

  /// Modules that the file imports, with their lines.
  var imports: [(module: String, line: Int)] {
    lines(with: ["import "]).compactMap { number, line in
      guard let match = line.firstMatch(of: /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)?import\s+(?:\w+\s+)?(\w+)/) else {
        return nil
      }
      return (String(match.1), number)
    }
  }

  /// Whether line `number` (from 1) or the one above it carries `tidy allows <rule>: <reason>` in a comment.
  func allows(_ rule: String, line number: Int) -> Bool {
    [number - 1, number - 2].contains { index in
      lines.indices.contains(index) && lines[index].contains("// tidy allows \(rule): ")
    }
  }
}

/// What is wrong somewhere, in the form that editors and terminals make a link of.
struct Finding: Sendable, Hashable, CustomStringConvertible {
  let path: String
  let line: Int
  let text: String

  var description: String { "\(path):\(line): \(text)" }
}
