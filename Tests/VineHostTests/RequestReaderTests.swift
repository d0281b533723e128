import Foundation
import Testing
import VineControl

@testable import VineHost

@Suite struct RequestReaderTests {
  private static let get = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
  private static let post = "POST /v1/vine/create HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{\"name\":\"abcde\"}"

  @Test(arguments: [1, 2, 3, 7, 4096])
  func `a request is the same however its bytes are cut`(size: Int) throws {
    #expect(read(Self.get, by: size) == .complete(APIRequest(method: "GET", path: "/v1/status", host: "localhost")))
    let body = Array("{\"name\":\"abcde\"}".utf8)
    let wanted = APIRequest(method: "POST", path: "/v1/vine/create", host: "x", body: body)
    #expect(read(Self.post, by: size) == .complete(wanted))
  }

  @Test func `what follows the body is none of the request`() {
    guard case .complete(let request) = read(Self.post + "GET / HTTP/1.1\r\n\r\n", by: 4096) else {
      Issue.record("not complete")
      return
    }
    #expect(request.body.count == 16)
  }

  @Test func `the query is no part of the path`() throws {
    let text = "GET /v1/map?a=/b&c%20d=%zz&&e HTTP/1.0\r\n\r\n"
    let request = APIRequest(method: "GET", path: "/v1/map", query: "a=/b&c%20d=%zz&&e")
    #expect(read(text, by: 4096) == .complete(request))
    #expect(request.queryItems.map(\.name) == ["a", "c d", "e"])
    #expect(request.queryItems.map(\.value) == ["/b", "%zz", ""])
  }

  @Test(arguments: [
    "GET /\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET http://evil/ HTTP/1.1\r\n\r\n", " / HTTP/1.1\r\n\r\n", "\r\n\r\n",
    "GET /  HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET /\u{0} HTTP/1.1\r\n\r\n",
    "GET /ä HTTP/1.1\r\n\r\n",
  ])
  func `what is no plain request is refused`(text: String) { #expect(status(text) == 400) }

  @Test func `headers without an end are refused at their limit`() {
    let long = "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: RequestReader.headByteCountMax)
    #expect(status(long) == 431)
    #expect(status(long + "\r\n\r\n") == 431)
    let most = "GET / HTTP/1.1\r\nX: "
    let fits = most + String(repeating: "a", count: RequestReader.headByteCountMax - most.utf8.count) + "\r\n\r\n"
    #expect(status(fits) == nil)
  }

  @Test(arguments: [(LocalCommand.bodyByteCountMax, nil), (LocalCommand.bodyByteCountMax + 1, 413)] as [(Int, Int?)])
  func `a body is read up to its limit`(count: Int, wanted: Int?) {
    let head = "POST /v1/vine/create HTTP/1.1\r\nContent-Length: \(count)\r\n\r\n"
    #expect(status(head + String(repeating: "x", count: count)) == wanted)
  }

  @Test func `a length beyond all numbers is too long, and not a trap`() {
    #expect(status("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n") == 413)
  }

  @Test func `nothing is read behind a refusal`() {
    var reader = RequestReader()
    #expect(reader.take("GET\r\n\r\n".utf8) != .incomplete)
    #expect(reader.take(Self.get.utf8) == .incomplete)
  }

  @Test func `an answer names its length and ends the connection`() {
    let response = APIResponse(status: 200, body: Array("{}".utf8))
    let text = String(decoding: response.bytes(), as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(text.contains("\r\nContent-Length: 2\r\n"))
    #expect(text.contains("\r\nConnection: close\r\n"))
    #expect(text.hasSuffix("\r\n\r\n{}"))
    #expect(String(decoding: response.bytes(withoutBody: true), as: UTF8.self).hasSuffix("\r\n\r\n"))
  }

  /// Of a refusal.
  private func status(_ text: String) -> Int? {
    guard case .refused(let response) = read(text, by: 4096) else { return nil }
    return response.status
  }

  private func read(_ text: String, by size: Int) -> RequestReader.Progress {
    var reader = RequestReader()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let progress = reader.take(rest.prefix(size))
      guard progress == .incomplete else { return progress }
      rest = rest.dropFirst(size)
    }
    return .incomplete
  }
}
