import Foundation
import Testing
import VineBase
import VineControl

@testable import VineHost

/// The real server on real sockets.
@Suite struct APIServerTests {
  @Test func `a request is answered and its connection ends`() async throws {
    try await withServer { path in
      let answer = try await ask(path, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(answer.hasSuffix("GET /v1/status 0"))
    }
  }

  @Test func `a body of 64 KiB is taken, and of one more byte its sender reads why not`() async throws {
    try await withServer { path in
      for (count, wanted) in [(64 << 10, "200"), ((64 << 10) + 1, "413"), (8 << 20, "413")] {
        let head = "POST /v1/vine/create HTTP/1.1\r\nContent-Length: \(count)\r\n\r\n"
        let answer = try await ask(path, head + String(repeating: "x", count: count))
        #expect(answer.hasPrefix("HTTP/1.1 \(wanted) "), "\(count) bytes: \(answer.prefix(80))")
      }
    }
  }

  @Test func `headers without an end cost no more than their limit`() async throws {
    try await withServer { path in
      let answer = try await ask(path, "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 100_000))
      #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer.prefix(80))")
    }
  }

  @Test func `who sends a byte now and then is ended, and others are answered meanwhile`() async throws {
    try await withServer(readingMax: .milliseconds(700)) { path in
      let drip = try Connection(path)
      defer { drip.close() }
      let begun = ContinuousClock.now
      var isEnded = false
      for byte in "GET /v1/status HTTP/1.1\r\nX: y\r\n".utf8 where !isEnded {
        isEnded = !drip.send([byte])
        try await Task.sleep(for: .milliseconds(60))
      }
      #expect(isEnded, "the drip went on for \(ContinuousClock.now - begun)")
      #expect(try await ask(path, "GET / HTTP/1.1\r\n\r\n").hasSuffix("GET / 0"))
    }
  }

  @Test func `a thousand connections that say nothing keep nobody out`() async throws {
    try await withServer { path in
      var silent: [Connection] = []
      defer { for one in silent { one.close() } }
      for _ in 0..<1000 {
        silent.append(try Connection(path))
        if silent.count % 100 == 0 {
          #expect(try await ask(path, "GET /v1/map HTTP/1.1\r\n\r\n").hasSuffix("GET /v1/map 0"))
        }
      }
      try await Task.sleep(for: .milliseconds(300))
      let open = silent.count { !$0.isEnded }
      #expect(open <= APIServer.connectionCountMax, "\(open) are open")
    }
  }

  @Test func `the socket is for its owner and group, and gone afterwards`() async throws {
    let path = Self.path()
    try await withServer(path: path) { path in
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o660)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `a path without a folder says so`() async throws {
    let server = APIServer(door: .unix(path: "/proc/no/such.sock", group: nil)) { _ in Self.answer("", 0) }
    let error = await #expect(throws: HostError.self) { try await server.run() }
    #expect(error?.exitCode == ExitStatus.permission.rawValue)
  }

  // MARK: Helpers

  private static func path() -> String { "/tmp/vine-api-\(UUID().uuidString.prefix(8)).sock" }

  private static func answer(_ line: String, _ count: Int) -> APIResponse {
    APIResponse(status: 200, contentType: "text/plain", body: Array("\(line) \(count)".utf8))
  }

  private func withServer(
    readingMax: Duration = .seconds(5), path: String = Self.path(), _ work: (String) async throws -> Void
  ) async throws {
    let server = APIServer(door: .unix(path: path, group: nil), readingMax: readingMax) { request in
      Self.answer("\(request.method) \(request.path)", request.body.count)
    }
    let running = Task { try await server.run() }
    for _ in 0..<500 where (try? Connection(path))?.close() == nil { try await Task.sleep(for: .milliseconds(10)) }
    do { try await work(path) } catch {
      running.cancel()
      throw error
    }
    running.cancel()
    try await running.value
  }

  /// Everything that comes back. On a thread of its own, as the calls block.
  private func ask(_ path: String, _ text: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            let connection = try Connection(path)
            defer { connection.close() }
            _ = connection.send(Array(text.utf8))
            return connection.rest()
          })
      }
    }
  }
}

/// A client that does what it likes.
private struct Connection: Sendable {
  private let file: Int32

  init(_ path: String) throws {
    file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      _ = Glibc.close(file)
      throw POSIXError(.ECONNREFUSED)
    }
  }

  /// - Returns: false once the other side has ended.
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  func rest() -> String {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(file, &buffer, buffer.count, 0)
      guard count > 0 else { return String(decoding: all, as: UTF8.self) }
      all += buffer[..<count]
    }
  }

  var isEnded: Bool {
    var byte: UInt8 = 0
    return recv(file, &byte, 1, Int32(MSG_DONTWAIT)) == 0
  }

  func close() { _ = Glibc.close(file) }
}
