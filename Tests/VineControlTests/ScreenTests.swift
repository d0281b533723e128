import Foundation
import Testing
import VineControl

/// Screens against recorded text in docs/screens, which the documentation shows; `REWRITE=1` records anew.
@Suite struct ScreenTests {
  static let screens: [(name: String, view: any Screen)] = [
    ("status-uf", Figure3.atUF), ("status-pu", Figure3.atPU), ("peers", Figure3.peers), ("vines", Figure3.vines),
    ("gndt", Figure3.gndt), ("lndt", Figure3.lndt), ("blocks", Figure3.blocks), ("voters", Figure3.voters),
    ("links", Figure3.links), ("relay", Figure3.relay), ("queues", Figure3.queues), ("certs", Figure3.certs),
    ("drops", Figure3.drops), ("explain", Figure3.explained), ("explain-drop", Figure3.refused),
    ("doctor", Figure3.examined), ("map", Figure3.map),
  ]

  @Test(arguments: screens.map(\.name))
  func `a screen is as recorded`(name: String) throws {
    let screen = try #require(Self.screens.first { $0.name == name }).view
    let file = Self.folder.appending(path: "\(name).txt")
    if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
      try Data(screen.text().utf8).write(to: file)
    }
    #expect(screen.text() == String(decoding: try Data(contentsOf: file), as: UTF8.self))
  }

  @Test(arguments: screens.map(\.name))
  func `a screen is the same with and without colour but for the colours`(name: String) throws {
    let screen = try #require(Self.screens.first { $0.name == name }).view
    let coloured = screen.text(.colour)
    #expect(coloured.contains("\u{1B}["))
    #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == screen.text())
    #expect(!screen.text().contains("\u{1B}"))
  }

  @Test func `status fits one terminal`() {
    let lines = Figure3.atUF.lines(.plain)
    #expect(lines.count <= 24)
    #expect(lines.allSatisfy { $0.count <= 100 })
  }

  @Test func `no line ends in a blank`() {
    for (name, view) in Self.screens {
      #expect(view.lines(.plain).allSatisfy { $0.last != " " }, "\(name)")
    }
  }

  @Test func `only an error makes a VR unhealthy`() {
    #expect(!Figure3.atUF.isHealthy)
    var warned = Figure3.atUF
    warned.health.removeFirst()
    #expect(warned.isHealthy)
  }

  @Test func `an unsettled mesh is never called well`() {
    var view = Figure3.atPU
    #expect(view.text().contains("healthy and converged"))
    view.convergence = Convergence(converged: false)
    #expect(!view.text().contains("healthy and converged"))
  }

  @Test func `a name from another machine cannot steer the terminal`() {
    var view = Figure3.peers
    view.peers[0].site = "nwu\u{1B}[2J\n"
    #expect(!view.text().contains("\u{1B}"))
    #expect(view.lines(.plain).allSatisfy { !$0.contains("\n") })
  }

  @Test func `a ViNe is shown alone by its name`() {
    #expect(Figure3.vines.detail(of: "physics")?.vines.map(\.networkId) == [1])
    #expect(Figure3.vines.detail(of: "chemistry") == nil)
  }

  @Test func `agreement names who is behind and who is down, and of many only some`() {
    #expect(Figure3.physics.sentence == "3/3 VRs at v7.4")
    #expect(
      Figure3.biology.sentence == "1/3 VRs at v17.42, behind: osaka (v17.40, 12 s), nwu (silent); down: pu")
    var large = Figure3.biology
    large.laggards = (1...60).map {
      GNDTLaggard(site: "s\($0)", node: "", reason: $0 % 2 == 0 ? .ahead : .differs, version: "v18.3")
    }
    #expect(large.sentence.contains("ahead: s2 (v18.3), s4 (v18.3), s6 (v18.3), s8 (v18.3) and 26 more"))
    #expect(large.sentence.contains("another table: s1 (v18.3)") && large.sentence.count < 250)
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/screens").standardizedFileURL
}

@Suite struct MeasureTests {
  @Test(arguments: [
    (0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (60, "1 min"), (125, "2 min 5 s"),
    (3600, "1 h"), (11_400, "3 h 10 min"), (86_400, "1 d"), (349_200, "4 d 1 h"), (-5, "-5.0 s"), (.nan, "-"),
  ])
  func `a duration has its two largest units`(seconds: Double, text: String) {
    #expect(Measure.duration(seconds) == text)
  }

  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (1_500_000, "1.5 MB"),
      (.max, "18.4 EB"),
    ] as [(UInt64, String)])
  func `bytes have a decimal unit`(count: UInt64, text: String) { #expect(Measure.bytes(count) == text) }

  @Test(arguments: [(0.04, "0.0"), (0.05, "0.1"), (-0.26, "-0.3"), (63.1, "63.1"), (1e300, "-"), (-.infinity, "-")])
  func `a decimal never traps`(value: Double, text: String) { #expect(Measure.decimal(value) == text) }
}
