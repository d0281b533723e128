import Foundation
import Testing

@Suite struct DocumentTests {
  @Test func `links in documents lead somewhere`() throws {
    #expect(Repository.documents.contains("README.md"))
    var findings: [Finding] = []
    for path in Repository.documents {
      let text = try #require(Repository.text(of: path))
      findings += Links.dead(in: text, of: path)
    }
    expectNone(findings)
  }

  @Test func `every dependency has its decision`() throws {
    let manifest = PackageManifest(try #require(Repository.text(of: "Package.swift")))
    let decisions = Repository.files(under: "docs/decisions", endingIn: ".md").compactMap { Repository.text(of: $0) }
      .joined(separator: "\n")
    #expect(manifest.packages.count >= 10)
    #expect(manifest.debianPackages.contains("libsodium-dev"))
    for name in manifest.packages + manifest.debianPackages {
      #expect(decisions.contains("`\(name)`"), "docs/decisions names no `\(name)`: why is it here, what was rejected?")
    }
  }

  @Test func `a decision says context, choice, what was rejected and what follows`() throws {
    let paths = Repository.files(under: "docs/decisions", endingIn: ".md").filter { !$0.hasSuffix("README.md") }
    #expect(!paths.isEmpty)
    for path in paths {
      let text = try #require(Repository.text(of: path))
      for heading in ["## Context", "## Choice", "## Rejected", "## Consequence"] {
        #expect(text.contains(heading), "\(path) has no \(heading)")
      }
    }
  }

  @Test func `the package list of the Makefile has every library that Package.swift links`() throws {
    let manifest = PackageManifest(try #require(Repository.text(of: "Package.swift")))
    let makefile = try #require(Repository.text(of: "Makefile"))
    for name in manifest.debianPackages { #expect(makefile.contains(name), "`make deps` does not install \(name)") }
  }

  @Test func `the changelog and the man pages speak of this version`() throws {
    let source = try #require(Repository.text(of: "Sources/VineControl/SoftwareVersion.swift"))
    let version = String(try #require(source.firstMatch(of: /current = "([^"]+)"/)).1)
    let pages = Repository.files(under: "docs/man", endingIn: "")
    #expect(pages.count >= 4)
    for path in ["CHANGELOG.md"] + pages {
      #expect(try #require(Repository.text(of: path)).contains(version), "\(path) does not name \(version)")
    }
  }
}

/// Links of Markdown documents within the repository.
enum Links {
  /// Targets that are missing: a file, or a heading of a file. The web is not asked.
  static func dead(in text: String, of path: String) -> [Finding] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
      line.matches(of: /\]\(([^()\s]+)\)/).map { String($0.1) }.filter { isDead($0, from: path) }
        .map { Finding(path: path, line: index + 1, text: "the link to \($0) is dead") }
    }
  }

  private static func isDead(_ target: String, from path: String) -> Bool {
    guard !target.contains("://"), !target.hasPrefix("mailto:") else { return false }
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    let file = parts[0].isEmpty ? path : folder.isEmpty ? parts[0] : "\(folder)/\(parts[0])"
    guard Repository.exists(file) else { return true }
    guard parts.count == 2 else { return false }
    return !anchors(of: Repository.text(of: file) ?? "").contains(parts[1])
  }

  /// Headings as the hosting sites name them: lower case, blanks to hyphens, other marks gone.
  static func anchors(of text: String) -> Set<String> {
    Set(
      text.matches(of: /(?m)^#+ +(.*)$/).map { match in
        String(
          match.1.lowercased().compactMap { character in
            character == " "
              ? "-" : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
          })
      })
  }
}
