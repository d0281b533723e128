import Foundation
import Logging
import Testing
import VineAddress
import VineBase
import VineControl

@testable import VineHost

@Suite struct ReloadTests {
  private func parse(_ text: String) throws -> Configuration { try Configuration.parse(text, file: "config.yaml") }

  private func changes(_ old: String, _ new: String) throws -> Reload.Changes {
    Reload.Changes(from: try parse(old), to: try parse(new))
  }

  @Test func `policy, log level and endpoints change at once, the rest waits for a restart`() throws {
    let found = try changes(
      "lan: eth1",
      "{lan: eth2, policy: {refuseSites: [nwu]}, logLevel: debug, endpoints: [198.18.0.1], mirror: 10.116.0.0, port: 99}"
    )
    #expect(found.applied == ["endpoints", "logLevel", "policy"])
    #expect(found.waiting == ["lan", "mirror", "port"])
  }

  @Test func `endpoints that are taken out wait for a restart`() throws {
    let found = try changes("endpoints: [198.18.0.1]", "logLevel: notice")
    #expect(found.applied.isEmpty && found.waiting == ["endpoints"])
  }

  @Test func `the same file again changes nothing`() throws {
    let text = "{policy: {acceptSites: [pu]}, suites: [aes-256-gcm], leaveAlone: [172.17.0.0/16]}"
    let found = try changes(text, text)
    #expect(found.applied.isEmpty && found.waiting.isEmpty)
  }

  @Test func `a level that changes is that of every logger`() {
    let level = LogLevel(.notice)
    let logger = Logger(label: "a") { _ in LineLogHandler(level: level) }
    #expect(logger.logLevel == .notice)
    level.value = .debug
    #expect(logger.logLevel == .debug)
  }

  @Test func `a file with an error changes nothing and names line and column`() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("reload-\(UUID().uuidString).yaml").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "logLevel: debug\npolicy: {refuseSite: [a]}\n".write(toFile: path, atomically: true, encoding: .utf8)
    let level = LogLevel(.notice)
    let reload = Reload(
      path: path, current: Configuration(), loop: ControlLoop(), level: level,
      log: EventLog(logger: Logger(label: "a") { _ in SwiftLogNoOpLogHandler() }))
    let error = #expect(throws: HostError.self) { try reload.now() }
    #expect(error?.message.contains("\(path):2:") == true && error?.exitCode == 78)
    #expect(level.value == .notice)
    try "logLevel: debug\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try reload.now() == ReloadAnswer(changed: ["logLevel"], needRestart: []))
    #expect(level.value == .debug)
    #expect(try reload.now() == ReloadAnswer(changed: [], needRestart: []))
  }
}
