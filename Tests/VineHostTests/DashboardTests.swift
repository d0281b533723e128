import Testing
import VineBase
import VineControl
import VineDashboard

@testable import VineHost

@Suite struct DashboardTests {
  private static let door = Endpoint(address: IPv4Address(rawValue: 0x7F00_0001), port: 8247)

  @Test(arguments: ["127.0.0.1:8247", "localhost:8247", "LOCALHOST:8247", "127.8.8.8:8247"])
  func `the page is there for whoever asks this machine`(host: String) async {
    let response = await answer("GET", "/", host: host)
    #expect(response.status == 200)
    #expect(response.headers.contains { $0.hasPrefix("Content-Security-Policy: default-src 'none'") })
    #expect(String(decoding: response.body, as: UTF8.self).contains("<title>"))
  }

  /// What a foreign page's name resolves to says nothing of whose page it is.
  @Test(arguments: [
    nil, "", "evil.example:8247", "127.0.0.1.evil.example:8247", "127.0.0.1", "127.0.0.1:80", "localhost", "[::1]:8247",
    "127.0.0.1:8247:8247", "10.0.0.1:8247",
  ])
  func `no other name is answered`(host: String?) async {
    for path in ["/", "/v1/status"] {
      let response = await answer("GET", path, host: host)
      #expect(response.status == 421)
      #expect(!String(decoding: response.body, as: UTF8.self).contains("looked"))
    }
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "get"])
  func `nothing is changed here`(method: String) async {
    #expect(await answer(method, "/v1/vine/create").status == 405)
  }

  @Test func `views are those of the local API, but for what asks the site's hosts`() async {
    #expect(await answer("GET", "/v1/status").body == Array("looked".utf8))
    #expect(await answer("GET", "/v1/doctor").status == 404)
    #expect(await answer("GET", "/metrics").status == 404)
    #expect(await answer("GET", "/../etc/passwd").status == 404)
  }

  @Test func `the page asks for nothing that is not in it`() throws {
    let files = DashboardPage.files
    let texts = files.mapValues { String(decoding: $0.bytes, as: UTF8.self) }
    let index = try #require(texts["/"])
    for path in index.matches(of: /(?:href|src)="(\/[^"]*)"/).map({ String($0.1) }) {
      #expect(files[path] != nil, "index.html asks for \(path)")
    }
    for (path, text) in texts where path.hasSuffix(".js") {
      for other in text.matches(of: /from "\.(\/[^"]+)"/).map({ String($0.1) }) {
        #expect(files[other] != nil, "\(path) imports \(other)")
      }
      #expect(!text.contains("innerHTML"), "\(path) makes markup of texts")
    }
    for (path, text) in texts {
      #expect(!text.contains(/https?:\/\/(?!www\.w3\.org)/), "\(path) names another machine")
    }
  }

  @Test(arguments: ["127.0.0.1:8247", "127.0.0.2:1"])
  func `a loopback address and port are taken`(text: String) { #expect(Dashboard.door(text) != nil) }

  @Test(arguments: [
    "0.0.0.0:8247", "192.168.1.1:8247", "127.0.0.1", "localhost:8247", "127.0.0.1:0", "8247", "[::1]:8247",
  ])
  func `nothing else is, and the error says so`(text: String) throws {
    let error = #expect(throws: HostError.self) { try Configuration.parse("dashboard: \"\(text)\"\n", file: "c.yaml") }
    #expect(error?.message == "c.yaml:1:12: the value of `dashboard` is not \(Dashboard.expectation)")
    #expect(error?.exitCode == ExitStatus.configuration.rawValue)
  }

  private func answer(_ method: String, _ path: String, host: String? = "127.0.0.1:8247") async -> APIResponse {
    await Dashboard.answer(APIRequest(method: method, path: path, host: host), Self.door) { _ in
      APIResponse(status: 200, body: Array("looked".utf8))
    }
  }
}
