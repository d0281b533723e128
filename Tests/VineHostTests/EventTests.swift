import Foundation
import Logging
import Testing
import VineControl

@testable import VineHost

/// The repository, from where this file is.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

func documentText(_ path: String) throws -> String {
  try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
}

/// Rows of a document's tables whose first cell is a name in backquotes: that name, then the other cells as they are.
func tableRows(_ path: String) throws -> [[String]] {
  try documentText(path).split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
    let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    return [cells[0].replacingOccurrences(of: "`", with: "")] + cells.dropFirst()
  }
}

@Suite struct EventTests {
  private func ring(_ count: Int) -> EventRing {
    var ring = EventRing()
    for number in 0..<count {
      let kind: EventKind = number.isMultiple(of: 2) ? .memberChanged : .rulesMissing
      ring.add(kind, "\(number)", ["site": "uf"], unixSeconds: Double(number))
    }
    return ring
  }

  private func query(_ change: (inout EventsQuery) -> Void) -> EventsQuery {
    var query = EventsQuery()
    change(&query)
    return query
  }

  @Test func `every event that code can tell is documented with its level, and none that it can't`() throws {
    let rows = try tableRows("docs/reference/events.md").filter { $0.count >= 3 }
    #expect(rows.map { $0[0] }.sorted() == EventKind.allCases.map(\.rawValue).sorted())
    for row in rows {
      #expect(EventKind(rawValue: row[0])?.level.rawValue == row[1], "\(row[0])")
      #expect(!row[2].isEmpty)
    }
  }

  @Test func `nothing is logged past the ids`() throws {
    let folder = repository.appendingPathComponent("Sources/VineHost")
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift") {
      let text = try documentText("Sources/VineHost/\(file)")
      let calls = text.matches(of: /logger\.(trace|debug|info|notice|warning|error|critical|log)\(/).count
      #expect(calls == (file == "EventLog.swift" ? 1 : 0), "\(file)")
    }
  }

  @Test func `what is told is in the log with its id, and in the store from info on`() async {
    let log = EventLog(logger: Logger(label: "a") { _ in SwiftLogNoOpLogHandler() })
    log.tell(.memberChanged, "pu is down", ["site": "pu"])
    log.tell(.recordAccepted, "record 1.2")
    let view = await log.store.answer(EventsQuery())
    #expect(view.events.map(\.event) == ["member.changed"] && view.events.first?.fields == ["site": "pu"])
    #expect(log.store.counts == [.memberChanged: 1])
  }

  @Test func `the oldest event goes when there are too many, and who missed it is told`() {
    let all = ring(EventRing.countMax + 5)
    let view = all.view(query { $0.after = 2 })
    #expect(view.events.count == EventRing.countMax && view.events.first?.sequence == 6)
    #expect(view.forgotten == 3 && view.lastSequence == UInt64(EventRing.countMax + 5))
    #expect(all.view(query { $0.after = 5 }).forgotten == 0)
    #expect(all.view(EventsQuery()).forgotten == 0)
  }

  @Test func `only what comes after is shown, and all of a daemon that started since`() {
    #expect(ring(4).view(query { $0.after = 3 }).events.map(\.sequence) == [4])
    #expect(ring(4).view(query { $0.after = 4 }).events.isEmpty)
    #expect(ring(4).view(query { $0.after = 90 }).events.count == 4)
  }

  @Test func `kinds, level and time choose`() {
    let all = ring(6)
    #expect(all.view(query { $0.kinds = ["rules"] }).events.map(\.message) == ["1", "3", "5"])
    #expect(all.view(query { $0.kinds = ["rules.missing", "member"] }).events.count == 6)
    #expect(all.view(query { $0.level = .error }).events.map(\.message) == ["1", "3", "5"])
    #expect(all.view(query { $0.sinceUnixSeconds = 4 }).events.map(\.message) == ["4", "5"])
    #expect(EventsQuery.isKind("rules") && EventsQuery.isKind("rules.missing"))
    #expect(!EventsQuery.isKind("rule") && !EventsQuery.isKind("") && !EventsQuery.isKind("rules."))
  }

  @Test func `a query is read back from its URL, and a wrong one is refused`() throws {
    let asked = query {
      ($0.after, $0.sinceUnixSeconds, $0.kinds, $0.level, $0.waitSeconds) = (
        7, 1.5, ["rules", "member.changed"], .error, 20
      )
    }
    let back = try EventsQuery(asked.items)
    #expect(back == asked)
    let wrong = [
      ("after", "-1"), ("since", "now"), ("since", "nan"), ("kind", "nothing"), ("level", "loud"), ("wait", "31"),
      ("wait", "-1"), ("what", "1"),
    ]
    for item in wrong { #expect(throws: EventsQuery.QueryError.self) { try EventsQuery([item]) } }
  }

  @Test func `who waits gets the event that comes, and nothing when none comes`() async throws {
    let log = EventLog(logger: Logger(label: "a") { _ in SwiftLogNoOpLogHandler() })
    let nothing = await log.store.answer(query { $0.waitSeconds = 0.2 })
    #expect(nothing.events.isEmpty && nothing.lastSequence == 0)
    async let answer = log.store.answer(query { $0.waitSeconds = 20 })
    try await Task.sleep(for: .milliseconds(50))
    log.tell(.rulesMissing, "gone")
    #expect(await answer.events.map(\.message) == ["gone"])
  }

  @Test func `an event is one line for people and one document for programs`() throws {
    let event = EventLine(
      sequence: 3, unixSeconds: 1_700_000_000, event: "member.changed", level: .warning, message: "pu is down",
      fields: ["site": "pu"])
    #expect(event.line(.plain) == "2023-11-14T22:13:20Z warning member.changed         pu is down")
    #expect(
      String(decoding: try event.document(), as: UTF8.self)
        == #"{"event":"member.changed","fields":{"site":"pu"},"level":"warning","message":"pu is down","schema":"vine-mesh.event/1","sequence":3,"unixSeconds":1700000000}"#
    )
  }
}
