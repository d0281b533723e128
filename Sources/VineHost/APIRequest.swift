import Foundation
import VineBase
import VineControl

/// One request of the local API: what its line, its host and its body say.
struct APIRequest: Hashable, Sendable {
  var method: String
  /// Without the query.
  var path: String
  /// What is behind the path's `?`, as it was sent.
  var query = ""
  /// The Host header, for what listens on a port.
  var host: String?
  var body: [UInt8] = []
}

extension APIRequest {
  /// Names and values of the query, in their order; `%20` is a blank there, and what is no such escape is as it was sent.
  var queryItems: [(name: String, value: String)] {
    query.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
        $0.removingPercentEncoding ?? String($0)
      }
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
  }
}

/// An answer of the local API; its connection ends with it.
struct APIResponse: Hashable, Sendable {
  var status: Int
  var contentType = "application/json"
  /// Further header lines, without their ends.
  var headers: [String] = []
  var body: [UInt8]

  /// The answer on the wire.
  /// - Parameter withoutBody: for HEAD: the same lines and no more.
  func bytes(withoutBody: Bool = false) -> [UInt8] {
    let lines =
      [
        "HTTP/1.1 \(status) \(Self.phrase(status))", "Content-Type: \(contentType)", "Content-Length: \(body.count)",
        "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Connection: close",
      ] + headers
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (withoutBody ? [] : body)
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 421: "Misdirected Request"
    case 431: "Request Header Fields Too Large"
    case 503: "Service Unavailable"
    default: "Error"
    }
  }

  /// An `ErrorView`.
  static func refusal(_ status: Int, _ message: String, mend: String, _ exit: ExitStatus = .usage) -> APIResponse {
    let view = ErrorView(error: message, mend: mend, exitCode: exit)
    return APIResponse(status: status, body: Array((try? view.document()) ?? Data()))
  }
}

/// Reads one HTTP/1.1 request as its bytes come in, and holds no more of it than its limits allow.
///
/// What it takes is a request line, headers and a body of a told length. It reads no chunks and no second request, since
/// a connection is for one request (RFC 9112, 9.6).
struct RequestReader: Sendable {
  /// Line and headers. A browser sends about 1 KiB; who sends more than this is refused with 431.
  static let headByteCountMax = 8 << 10

  enum Progress: Hashable, Sendable {
    case incomplete
    case complete(APIRequest)
    /// What is wrong with it; nothing more is to be read.
    case refused(APIResponse)
  }

  private enum Part {
    case head([UInt8])
    case body(APIRequest, byteCount: Int)
    case over
  }

  private var part = Part.head([])

  /// - Parameter bytes: the next ones, any number.
  mutating func take(_ bytes: some Sequence<UInt8>) -> Progress {
    switch part {
    case .over: return .incomplete
    case .head(var head):
      head += bytes
      guard let end = Self.end(of: head) else {
        part = .head(head)
        return head.count > Self.headByteCountMax ? refuse(431, "the request's headers are too long") : .incomplete
      }
      guard end.line <= Self.headByteCountMax else { return refuse(431, "the request's headers are too long") }
      return read(head[..<end.line], then: head[end.body...])
    case .body(var request, let byteCount):
      request.body += bytes
      guard request.body.count >= byteCount else {
        part = .body(request, byteCount: byteCount)
        return .incomplete
      }
      request.body.removeLast(request.body.count - byteCount)
      part = .over
      return .complete(request)
    }
  }

  /// Where the headers end and the body begins.
  private static func end(of head: [UInt8]) -> (line: Int, body: Int)? {
    guard head.count >= 4 else { return nil }
    for index in 3..<head.count where head[index] == 0x0A {
      if head[index - 1] == 0x0D, head[index - 2] == 0x0A, head[index - 3] == 0x0D { return (index - 3, index + 1) }
    }
    return nil
  }

  private mutating func read(_ head: ArraySlice<UInt8>, then rest: ArraySlice<UInt8>) -> Progress {
    guard head.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 }) else {
      return refuse(400, "the request's headers have bytes that are no text")
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, ["HTTP/1.1", "HTTP/1.0"].contains(words[2]), words[1].hasPrefix("/"), !words[0].isEmpty
    else { return refuse(400, "the request is no HTTP/1.1") }
    let path = words[1].prefix { $0 != "?" }
    var request = APIRequest(
      method: String(words[0]), path: String(path), query: String(words[1].dropFirst(path.count + 1)))
    var byteCount = 0
    var seen: [String] = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
        return refuse(400, "a header of the request has no name")
      }
      let name = line[..<colon].lowercased()
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      guard ["host", "content-length", "transfer-encoding"].contains(name) else { continue }
      // Two of one are read differently by different readers.
      guard !seen.contains(name) else { return refuse(400, "the request has two headers `\(name)`") }
      seen.append(name)
      switch name {
      case "host": request.host = value
      case "content-length":
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
          return refuse(400, "the length of the request's body is no number")
        }
        // A number too large for an integer is too large for a body.
        byteCount = Int(value) ?? Int.max
        guard byteCount <= LocalCommand.bodyByteCountMax else { return refuse(413, LocalCommand.tooLong.message) }
      default: return refuse(400, "a request's body is sent with its length, not in chunks")
      }
    }
    part = .body(request, byteCount: byteCount)
    return take(rest)
  }

  private mutating func refuse(_ status: Int, _ message: String) -> Progress {
    part = .over
    return .refused(.refusal(status, message, mend: "see `vine-mesh --help`"))
  }
}
