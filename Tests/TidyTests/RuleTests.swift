import Testing

/// The rules themselves: each finds what it bans, and leaves alone what only looks like it.
@Suite struct RuleTests {
  @Test(arguments: [
    ("try!", "let a = try! b()", "let a = try b()"), ("as!", "a as! B", "a as? B"),
    ("print", "print(a)", "screen.print(a); blueprint(a)"),
    ("Date()", "let a = Date()", "Date(timeIntervalSince1970: a)"),
    ("clock", "ContinuousClock().now", "let clock = instant"),
    ("randomness", "Int.random(in: 0..<4)", "Int.random(in: 0..<4, using: &source)"),
    ("unchecked", "final class A: @unchecked Sendable {}", "struct A: Sendable {}"),
  ])
  func `a ban finds its like and nothing else`(name: String, bad: String, good: String) throws {
    let ban = try #require(Ban.all.first { $0.name == name })
    #expect(ban.findings(in: core(bad)).map(\.line) == [1])
    #expect(ban.findings(in: core(good)).isEmpty)
    #expect(ban.findings(in: core("// \(bad)\nlet a = \"\(bad)\"")).isEmpty)
    #expect(ban.findings(in: core("// tidy allows \(name): a reason\n\(bad)")).isEmpty)
  }

  @Test func `every ban is tried`() { #expect(Ban.all.count == 7) }

  @Test func `shells may read the clock and executables may print`() throws {
    let clock = try #require(Ban.all.first { $0.name == "clock" })
    let print = try #require(Ban.all.first { $0.name == "print" })
    #expect(clock.findings(in: SourceFile(path: "Sources/VineHost/A.swift", text: "ContinuousClock()")).isEmpty)
    #expect(print.findings(in: SourceFile(path: "Sources/vine-mesh/A.swift", text: "print(a)")).isEmpty)
  }

  @Test(arguments: [
    "let a: [Int: String] = [:]\nfor (b, c) in a {", "var a = Set<Int>()\nlet b = a.map { $0 }",
    "let a: Set<Int>\nfor b in self.a where b > 0 {", "var a: [NodeID: Int]\na.values.forEach { }",
  ])
  func `iteration of a hashed collection is found`(text: String) {
    #expect(HashedOrder.findings(in: core(text)).map(\.line) == [2])
  }

  @Test(arguments: [
    "let a: [Int: String] = [:]\nfor b in a.keys.sorted() {", "let a: [Int] = []\nfor b in a {",
    "let a: [Int: String] = [:]\nlet b = a[3]", "let a: SortedMap<Int, Int>\nfor b in a {",
  ])
  func `lookups and sorted iteration are left alone`(text: String) {
    #expect(HashedOrder.findings(in: core(text)).isEmpty)
  }

  @Test func `literals and comments are blanked and lines are kept`() {
    let text = """
      let a = "x\\(f("y)"))z" // end
      /* one /* two */
      three */ let b = #"raw " quote"# + c
      func `a name`() { /regex "/ }
      """
    let code = SourceFile(path: "Sources/VineGossip/A.swift", text: text).code
    #expect(code.count == 4)
    #expect(code[0].trimmed == "let a =")
    #expect(code[1].trimmed.isEmpty)
    #expect(code[2].filter { $0 != " " } == "letb=+c")
    #expect(code[3].filter { $0 != " " } == "func``(){//}")
  }

  @Test func `imports are read with their attributes`() {
    let file = core("import VineBase\n@testable import A\npublic import B\nimport struct C.D\n// import E\n")
    #expect(file.imports.map(\.module) == ["VineBase", "A", "B", "C"])
  }

  @Test func `a core may import its dependencies alone`() {
    let manifest = PackageManifest(
      """
      let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
      .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
      core("VineGossip"), core("VineIdentity", ["CSodium", crypto]),
      """)
    #expect(manifest.packages == ["swift-crypto"])
    #expect(manifest.cores["VineIdentity"] == ["VineBase", "CSodium", "Crypto"])
    #expect(manifest.findings(in: core("import VineBase\nimport Foundation")).map(\.line) == [2])
    let identity = SourceFile(
      path: "Sources/VineIdentity/A.swift", text: "import Crypto\nimport Foundation\nimport X509")
    #expect(manifest.findings(in: identity).map(\.line) == [3])
  }

  @Test func `a test without an expectation is found`() {
    let text = "@Test func `a`() {\n  run()\n}\n@Test(arguments: [1])\nfunc `b`(c: Int) {\n  #expect(c == 1)\n}\n"
    let file = SourceFile(path: "Tests/A/B.swift", text: text)
    #expect(TestsWithoutClaims.findings(in: file).map(\.line) == [1])
  }

  @Test func `a dead link is found and a living one is not`() {
    let text = "[a](Package.swift) [b](https://example.org/x) [c](no-such-file.md)\n[d](README.md#no-such-heading)"
    #expect(Links.dead(in: text, of: "CHANGELOG.md").map(\.line) == [1, 2])
    #expect(Links.anchors(of: "## One idea: who owns `what`?") == ["one-idea-who-owns-what"])
  }

  private func core(_ text: String) -> SourceFile { SourceFile(path: "Sources/VineGossip/A.swift", text: text) }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
