import FlyingFox
import FlyingSocks
import Foundation
import VineBase

/// Asks the daemon over its Unix socket: one connection and one request a call.
public struct ControlClient: Sendable {
  public let socket: String
  public let timeout: Duration

  /// Bytes of a socket's path that every part below takes; the kernel's own limit is 107.
  public static let socketPathMax = 100

  public init(socket: String, timeout: Duration = .seconds(10)) {
    self.socket = socket
    self.timeout = timeout
  }

  /// The view that GET answers at `/v1/<name>`.
  public func view<Answer: View>(_: Answer.Type = Answer.self) async throws(ControlError) -> Answer {
    try Self.read(await document(Answer.name))
  }

  /// A view's document as the daemon wrote it, keys that this client does not know included.
  public func document(_ name: String) async throws(ControlError) -> Data {
    try await exchange(.GET, "/v1/\(name)", body: Data())
  }

  /// What the daemon remembers, or waits for. `timeout` is to be longer than the query waits.
  public func events(_ query: EventsQuery) async throws(ControlError) -> EventsView {
    try Self.read(await exchange(.GET, "/v1/\(EventsView.name)", query: query.items, body: Data()))
  }

  /// Has a command carried out: `post("vine/create", VineBody(name: "physics"))`.
  public func post<Answer: View>(
    _ command: String, _ body: some Encodable & Sendable, _: Answer.Type = Answer.self
  ) async throws(ControlError) -> Answer {
    guard let bytes = try? JSON.encode(body) else {
      throw ControlError("the request cannot be written as JSON", mend: "check its numbers", .usage)
    }
    return try Self.read(await exchange(.POST, "/v1/\(command)", body: bytes))
  }

  /// `/metrics` in Prometheus text.
  public func metrics() async throws(ControlError) -> String {
    String(decoding: try await exchange(.GET, "/metrics", body: Data()), as: UTF8.self)
  }

  // MARK: One exchange

  private func exchange(
    _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [], body: Data
  ) async throws(ControlError) -> Data {
    guard (1...Self.socketPathMax).contains(socket.utf8.count) else {
      let mend = "give --socket a path of at most \(Self.socketPathMax) bytes"
      throw ControlError("the socket's path has \(socket.utf8.count) bytes", mend: mend, .usage)
    }
    let (status, answer): (Int, Data)
    do {
      (status, answer) = try await withDeadline { try await send(method, path, query, body: body, to: socket) }
    } catch SocketError.failed(_, EACCES, _) where maySee {
      guard method == .GET else {
        throw ControlError(
          "permission: you're in the read-only group of \(socket)",
          mend: "run the command as root, or as a member of the socket's own group", .permission)
      }
      do {
        (status, answer) = try await withDeadline { try await send(method, path, query, body: body, to: readingSocket) }
      } catch {
        throw explain(error)
      }
    } catch {
      throw explain(error)
    }
    guard status < 400 else { throw Self.refusal(status, answer) }
    return answer
  }

  private var readingSocket: String { MeshPaths.readingSocket(of: socket) }

  /// Whether this user may look, though not do everything.
  private var maySee: Bool { access(readingSocket, W_OK) == 0 }

  private func send(
    _ method: HTTPMethod, _ path: String, _ query: [(name: String, value: String)], body: Data, to socket: String
  ) async throws -> (Int, Data) {
    var client = HTTPClient()
    let headers: [HTTPHeader: String] = [
      .host: "localhost", .contentType: "application/json", .connection: "close",
    ]
    let request = HTTPRequest(
      method: method, version: .http11, path: path, query: query.map { .init(name: $0.name, value: $0.value) },
      headers: headers, body: body)
    let response = try await client.sendHTTPRequest(request, to: .unix(path: socket))
    return (response.statusCode.code, try await response.bodyData)
  }

  /// Runs `work`, or throws `TimedOut` once `timeout` has passed.
  private func withDeadline(
    _ work: @escaping @Sendable () async throws -> (Int, Data)
  ) async throws -> (Int, Data) {
    let limit = timeout
    return try await withThrowingTaskGroup(of: (Int, Data).self) { group in
      group.addTask(operation: work)
      group.addTask {
        try await Task.sleep(for: limit)
        throw TimedOut()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw TimedOut() }
      return first
    }
  }

  private struct TimedOut: Error {}

  // MARK: Errors

  private func explain(_ error: any Error) -> ControlError {
    switch error {
    case let error as ControlError: error
    case is TimedOut, SocketError.timeout:
      ControlError(
        "vine-meshd did not answer on \(socket) within \(Measure.duration(timeout.inSeconds))",
        mend: "give a longer --timeout, or look at the daemon's log", .notConverged)
    case SocketError.failed(_, let number, let text): explain(number, text)
    default:
      ControlError(
        "vine-meshd closed \(socket) without an answer", mend: "look at the daemon's log and try again")
    }
  }

  /// By errno of the connection attempt.
  private func explain(_ number: Int32, _ text: String) -> ControlError {
    switch number {
    case ENOENT, ECONNREFUSED, ENOTDIR:
      ControlError(
        "vine-meshd is not running at \(socket)", mend: "start vine-meshd, or name its --socket", .notRunning)
    case EACCES, EPERM:
      ControlError(
        "no permission to use \(socket)", mend: "run the command as root, or as a member of the socket's group",
        .permission)
    default:
      ControlError("cannot talk to vine-meshd at \(socket): \(text)", mend: "check --socket")
    }
  }

  /// The daemon's own words, or the status where an answer has none.
  private static func refusal(_ status: Int, _ body: Data) -> ControlError {
    guard let told = try? ErrorView.read(body) else {
      let mend = "run vine-mesh and vine-meshd of the same version (`vine-mesh version`)"
      return ControlError("vine-meshd answered HTTP \(status)", mend: mend)
    }
    return ControlError(message: told.error, mend: told.mend, exitCode: told.exitCode)
  }

  private static func read<Answer: View>(_ body: Data) throws(ControlError) -> Answer {
    do {
      return try Answer.read(body)
    } catch {
      let mend = "run vine-mesh and vine-meshd of the same version (`vine-mesh version`)"
      throw ControlError("vine-meshd's answer is no \(Answer.schema) document", mend: mend)
    }
  }
}
