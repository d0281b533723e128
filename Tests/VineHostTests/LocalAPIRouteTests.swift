import Foundation
import Testing
import VineBase
import VineControl
import VineRouter

@testable import VineHost

/// The document says what the daemon answers, and nothing else.
@Suite struct LocalAPIRouteTests {
  @Test func `every route is in the OpenAPI document, and every route of the document is there`() throws {
    let views = Array(Router.views.keys) + [DoctorView.name, EventsView.name]
    let gets = views.map { "get \(LocalAPI.prefix)\($0)" } + ["get \(LocalAPI.metricsPath)"]
    let posts = LocalCommand.names.map { "post \(LocalAPI.prefix)\($0)" }
    #expect(try documented() == Set(gets + posts))
  }

  @Test(arguments: LocalCommand.names)
  func `every command is known to the one who carries it out`(name: String) throws {
    do { _ = try LocalCommand(name, body: Data("{}".utf8), Self.space()) } catch let failure as RequestFailure {
      #expect(!failure.message.hasPrefix("there is no command"))
    } catch {
      #expect(error is DecodingError, "a body without what the command needs")
    }
  }

  @Test(arguments: ["", "vine", "vine/create/", "VINE/create", "vine/burn", "../status"])
  func `no other command is known`(name: String) throws {
    let failure = try #require(throws: RequestFailure.self) {
      try LocalCommand(name, body: Data("{}".utf8), Self.space())
    }
    #expect(failure.message == "there is no command `\(name)`")
  }

  private static func space() throws -> SiteSpace { try SiteSpace(space: .standardSpace, mirrored: nil) }

  private func documented() throws -> Set<String> {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/reference/openapi.yaml"), encoding: .utf8)
    var routes: Set<String> = []
    var path: Substring?
    for line in text.split(separator: "\n") {
      if line.hasPrefix("components:") { break }
      if let match = line.wholeMatch(of: /\s{2}(\/\S+):/) { path = match.1 }
      if let path, let match = line.wholeMatch(of: /\s{4}(get|post|put|delete|patch|head):/) {
        routes.insert("\(match.1) \(path)")
      }
    }
    return routes
  }
}
