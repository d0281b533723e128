import FlyingSocks
import Foundation
import Synchronization
import VineBase
import VineControl

/// Where the local API is asked.
enum APIDoor: Hashable, Sendable {
  /// A Unix socket for its owner and a group; nil: the group that the daemon runs with.
  case unix(path: String, group: gid_t?)
  /// A port of this machine alone.
  case loopback(Endpoint)
}

/// Serves one door: one request a connection, within limits, so that who asks slowly or much takes nothing from others.
struct APIServer: Sendable {
  /// Connections at a time. One more ends the oldest that is not being answered: an honest one is answered in
  /// milliseconds, so that it is seldom the oldest.
  static let connectionCountMax = 64
  /// From the connection to the last byte of the request: a person with a shell is quick enough.
  static let readingMax = Duration.seconds(5)
  /// From the answer's first byte to its last.
  static let writingMax = Duration.seconds(10)
  /// Read and thrown away of a request that is refused before its end, so that its sender gets to read why.
  static let lingerByteCountMax = 4 << 20

  let door: APIDoor
  var readingMax = Self.readingMax
  let answer: @Sendable (APIRequest) async -> APIResponse

  /// Serves until cancelled; a socket is removed then.
  /// - Throws: `HostError` if the door cannot be opened.
  func run() async throws {
    let listener = try open()
    defer {
      try? listener.close()
      if case .unix(let path, _) = door { unlink(path) }
    }
    let pool = SocketPool(queue: ePoll(maxEvents: 20))
    try await pool.prepare()
    let connections = Connections(readingMax: readingMax)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await pool.run() }
        group.addTask { try await connections.endLate() }
        group.addTask { try await accept(on: listener, pool, connections) }
        try await group.next()
        group.cancelAll()
      }
    } catch {
      guard !Task.isCancelled else { return }
      throw HostError("the local API ended: \(error)", mend: "look at the log and start vine-meshd again", .failed)
    }
  }

  private func accept(on listener: Socket, _ pool: some AsyncSocketPool, _ connections: Connections) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      while !Task.isCancelled {
        do {
          let socket = Socket(file: try listener.accept().file)
          _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
          guard (try? socket.setFlags(.nonBlocking)) != nil, let number = connections.begin(socket.file.rawValue) else {
            try? socket.close()
            continue
          }
          group.addTask {
            await serve(socket, number, pool, connections)
            connections.end(number)
            try? socket.close()
          }
        } catch SocketError.blocked {
          try await pool.suspendSocket(listener, untilReadyFor: .connection)
        } catch {
          // No more files, say: others close theirs.
          try await Task.sleep(for: .milliseconds(100))
        }
      }
    }
  }

  // MARK: One connection

  private func serve(_ socket: Socket, _ number: UInt64, _ pool: some AsyncSocketPool, _ connections: Connections)
    async
  {
    var reader = RequestReader()
    while true {
      guard let bytes = await read(socket, pool) else { return }
      switch reader.take(bytes) {
      case .incomplete: continue
      case .complete(let request):
        connections.become(.answering, number)
        let response = await answer(request)
        connections.become(.writing, number)
        _ = await write(response.bytes(withoutBody: request.method == "HEAD"), to: socket, pool)
      case .refused(let response):
        connections.become(.writing, number)
        guard await write(response.bytes(), to: socket, pool) else { return }
        await linger(socket, pool)
      }
      return
    }
  }

  /// - Returns: nil at the end of the connection.
  private func read(_ socket: Socket, _ pool: some AsyncSocketPool) async -> [UInt8]? {
    while true {
      do { return try socket.read(atMost: 4096) } catch SocketError.blocked {} catch { return nil }
      do { try await pool.suspendSocket(socket, untilReadyFor: .read) } catch {
        // What came before the end is still to be read.
        return try? socket.read(atMost: 4096)
      }
    }
  }

  private func write(_ bytes: [UInt8], to socket: Socket, _ pool: some AsyncSocketPool) async -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { send(socket.file.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent > 0 {
        rest = rest.dropFirst(sent)
      } else {
        guard errno == EAGAIN || errno == EINTR,
          (try? await pool.suspendSocket(socket, untilReadyFor: .write)) != nil
        else { return false }
      }
    }
    return true
  }

  private func linger(_ socket: Socket, _ pool: some AsyncSocketPool) async {
    shutdown(socket.file.rawValue, Int32(SHUT_WR))
    var byteCount = 0
    while byteCount < Self.lingerByteCountMax, let bytes = await read(socket, pool) { byteCount += bytes.count }
  }

  // MARK: The door

  private func open() throws(HostError) -> Socket {
    switch door {
    case .unix(let path, let group): return try open(path, group)
    case .loopback(let endpoint):
      do {
        let socket = try Socket(domain: AF_INET, type: .stream)
        _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
        try socket.setValue(true, for: .localAddressReuse)
        try socket.bind(to: .inet(ip4: endpoint.address.description, port: endpoint.port))
        try socket.listen()
        try socket.setFlags(.nonBlocking)
        return socket
      } catch {
        throw HostError(
          "cannot listen on \(endpoint): \(error)", mend: "give `dashboard` another port", .configuration)
      }
    }
  }

  private func open(_ path: String, _ group: gid_t?) throws(HostError) -> Socket {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    unlink(path)
    do {
      let socket = try Socket(domain: AF_UNIX, type: .stream)
      _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
      // Nobody but the owner may connect before the group is set: Linux gives the file the mode that the socket has.
      fchmod(socket.file.rawValue, 0o600)
      try socket.bind(to: .unix(path: path))
      if let group, chown(path, uid_t.max, group) != 0 { throw SocketError.makeFailed("chown") }
      guard chmod(path, 0o660) == 0 else { throw SocketError.makeFailed("chmod") }
      try socket.listen()
      try socket.setFlags(.nonBlocking)
      return socket
    } catch {
      throw HostError(
        "cannot listen on \(path): \(error)",
        mend: "check the folder and the groups of `api`, or move the socket with --socket", .permission)
    }
  }
}

/// The connections of one door, and how long each may take.
private final class Connections: Sendable {
  enum State { case reading, answering, writing }

  private struct Connection {
    let file: Int32
    var state: State
    var since: Instant
  }

  private struct Table {
    var all: [UInt64: Connection] = [:]
    var next: UInt64 = 0
  }

  private let table = Mutex(Table())
  private let readingMax: Duration

  init(readingMax: Duration) { self.readingMax = readingMax }

  /// - Returns: nil if all that there may be are being answered.
  func begin(_ file: Int32) -> UInt64? {
    let now = Clock.now
    return table.withLock { table in
      if table.all.count >= APIServer.connectionCountMax {
        let oldest = table.all.filter { $0.value.state != .answering }.min { $0.key < $1.key }
        guard let oldest else { return nil }
        shutdown(oldest.value.file, Int32(SHUT_RDWR))
        table.all[oldest.key] = nil
      }
      table.next += 1
      table.all[table.next] = Connection(file: file, state: .reading, since: now)
      return table.next
    }
  }

  func become(_ state: State, _ number: UInt64) {
    let now = Clock.now
    table.withLock { table in
      table.all[number]?.state = state
      table.all[number]?.since = now
    }
  }

  /// To be called before the file is closed, so that no other one with its number is ended.
  func end(_ number: UInt64) { table.withLock { $0.all[number] = nil } }

  /// Ends what takes too long, until cancelled.
  func endLate() async throws {
    while true {
      try await Task.sleep(for: .milliseconds(250))
      let now = Clock.now
      table.withLock { table in
        for connection in table.all.values where isLate(connection, now) {
          shutdown(connection.file, Int32(SHUT_RDWR))
        }
      }
    }
  }

  private func isLate(_ connection: Connection, _ now: Instant) -> Bool {
    switch connection.state {
    case .reading: now - connection.since > readingMax
    case .answering: false
    case .writing: now - connection.since > APIServer.writingMax
    }
  }
}
