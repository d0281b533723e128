import FlyingFox
import FlyingSocks
import Foundation
import Testing
import VineControl

@Suite struct ControlClientTests {
  @Test func `a view comes over the socket`() async throws {
    try await withDaemon(
      answering: { request in
        #expect(request.method == .GET)
        #expect(request.path == "/v1/status")
        return try HTTPResponse(statusCode: .ok, body: Figure3.atUF.document())
      },
      do: { client in
        let view = try await client.view(StatusView.self)
        #expect(view == Figure3.atUF)
        let document = try await client.document("status")
        #expect(try document == Figure3.atUF.document())
      })
  }

  @Test func `a document larger than any buffer comes whole`() async throws {
    let hosts = (0..<20_000).map { LNDTHost(address: "172.16.\($0 / 250).\($0 % 250)", vines: ["physics"]) }
    let large = LNDTView(hosts: hosts)
    try await withDaemon(
      answering: { _ in try HTTPResponse(statusCode: .ok, body: large.document()) },
      do: { client in
        let view = try await client.view(LNDTView.self)
        #expect(view == large)
      })
  }

  @Test func `a command carries its body`() async throws {
    try await withDaemon(
      answering: { request in
        #expect(request.method == .POST)
        #expect(request.path == "/v1/vine/create")
        let body = try JSON.decode(VineBody.self, from: try await request.bodyData)
        return try HTTPResponse(statusCode: .ok, body: VineAnswer(name: body.name, networkId: 7).document())
      },
      do: { client in
        let answer: VineAnswer = try await client.post("vine/create", VineBody(name: "physics"))
        #expect(answer == VineAnswer(name: "physics", networkId: 7))
      })
  }

  @Test func `a refusal is told in the daemon's words with its exit code`() async throws {
    let refusal = ErrorView(error: "no quorum", mend: "vine-mesh status voters", exitCode: .notConverged)
    try await withDaemon(
      answering: { _ in try HTTPResponse(statusCode: .serviceUnavailable, body: refusal.document()) },
      do: { client in
        await #expect(throws: ControlError(message: "no quorum", mend: "vine-mesh status voters", exitCode: 4)) {
          try await client.view(StatusView.self)
        }
      })
  }

  @Test(arguments: [HTTPStatusCode.notFound, .ok])
  func `an answer that is no document is a question of versions`(status: HTTPStatusCode) async throws {
    try await withDaemon(
      answering: { _ in HTTPResponse(statusCode: status, body: Data("<html>".utf8)) },
      do: { client in
        let error = await failure(of: client)
        #expect(error?.exitCode == 1)
        #expect(error?.mend.contains("vine-mesh version") == true)
      })
  }

  @Test func `a daemon that does not answer is given up after the timeout`() async throws {
    try await withDaemon(
      timeout: .milliseconds(200),
      answering: { _ in
        try await Task.sleep(for: .seconds(60))
        return HTTPResponse(statusCode: .ok)
      },
      do: { client in
        let error = await failure(of: client)
        #expect(error?.exitCode == ExitStatus.notConverged.rawValue)
        #expect(error?.message.contains("0.2 s") == true)
      })
  }

  @Test func `no daemon behind the socket is exit code 3`() async {
    let error = await failure(of: ControlClient(socket: "/nonexistent/vine.sock"))
    #expect(error?.exitCode == 3)
    #expect(error?.mend.contains("start vine-meshd") == true)
  }

  @Test func `a file that nobody listens on is exit code 3`() async throws {
    let path = temporarySocket()
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    #expect(await failure(of: ControlClient(socket: path))?.exitCode == 3)
    try FileManager.default.removeItem(atPath: path)
  }

  @Test func `a path that no socket can have is a usage error`() async {
    let long = "/tmp/" + String(repeating: "x", count: 120)
    #expect(await failure(of: ControlClient(socket: long))?.exitCode == 64)
    #expect(await failure(of: ControlClient(socket: ""))?.exitCode == 64)
  }

  // MARK: Helpers

  private func failure(of client: ControlClient) async -> ControlError? {
    do throws(ControlError) {
      _ = try await client.view(StatusView.self)
      return nil
    } catch {
      return error
    }
  }

  private func temporarySocket() -> String {
    "/tmp/vine-control-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8)).sock"
  }

  /// Runs `body` beside a server on a socket of its own.
  private func withDaemon(
    timeout: Duration = .seconds(60),
    answering answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse,
    do body: (ControlClient) async throws -> Void
  ) async throws {
    let path = temporarySocket()
    let server = HTTPServer(address: .unix(path: path), logger: .disabled, handler: ClosureHTTPHandler(answer))
    let running = Task { try await server.run() }
    defer {
      running.cancel()
      try? FileManager.default.removeItem(atPath: path)
    }
    try await server.waitUntilListening(timeout: 30)
    try await body(ControlClient(socket: path, timeout: timeout))
    await server.stop()
  }
}
