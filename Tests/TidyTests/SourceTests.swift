import Testing

/// Habits that a compiler does not hold (CONTRIBUTING.md). A finding names its place and what to write instead;
/// `// tidy allows <rule>: <reason>` on the line, or above it, is an exception that a reviewer sees.
@Suite struct SourceTests {
  @Test func `the repository is found`() {
    #expect(Repository.swiftFiles.contains { $0.path == "Sources/VineBase/NodeID.swift" })
    #expect(Repository.swiftFiles.count > 20)
  }

  @Test(arguments: Ban.all.map(\.name))
  func `nobody writes what is banned`(name: String) throws {
    let ban = try #require(Ban.all.first { $0.name == name })
    expectNone(Repository.swiftFiles.flatMap(ban.findings))
  }

  @Test func `cores never iterate in hashed order`() throws {
    let manifest = try manifest()
    let cores = Repository.swiftFiles.filter { !$0.isTest && manifest.cores[$0.target] != nil }
    expectNone(cores.flatMap(HashedOrder.findings))
  }

  @Test func `pure cores import what Package.swift gives them and nothing else`() throws {
    let manifest = try manifest()
    #expect(manifest.cores.count >= 11)
    expectNone(Repository.swiftFiles.flatMap(manifest.findings))
  }

  @Test func `no work is left in comments`() {
    expectNone(
      Repository.swiftFiles.flatMap { file in
        zip(file.lines, file.code).enumerated().compactMap { index, pair in
          guard pair.0.utf8.count > 6, pair.0 != pair.1, Self.cues.contains(where: pair.0.contains),
            pair.0.contains(/\/\/.*\b(?:TO[D]O|FIX[M]E|XX[X])\b/)
          else { return nil }
          return Finding(path: file.path, line: index + 1, text: "do it, or file an issue")
        }
      })
  }

  private static let cues = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

  /// At 400 lines look for the second idea; at 600 there are two.
  @Test func `no file is longer than 600 lines`() {
    let long = Repository.swiftFiles.filter { $0.lines.count > 600 }
    expectNone(long.map { Finding(path: $0.path, line: 600, text: "\($0.lines.count) lines: split it by idea") })
  }

  @Test func `every test can fail`() {
    expectNone(Repository.swiftFiles.filter(\.isTest).flatMap(TestsWithoutClaims.findings))
  }

  private func manifest() throws -> PackageManifest {
    PackageManifest(try #require(Repository.text(of: "Package.swift")))
  }
}

func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
  for finding in findings { Issue.record("\(finding)", sourceLocation: sourceLocation) }
  #expect(findings.isEmpty, sourceLocation: sourceLocation)
}
