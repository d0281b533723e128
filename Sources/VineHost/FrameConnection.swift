import Foundation
import VineBase
import VineControl

/// A TCP connection that carries frames as records ([length u16][frame]), blocking with a deadline: for `join`,
/// which has one thing to do and waits for it.
struct FrameConnection {
  private let descriptor: Int32
  let deadline: Instant
  private let endpoint: Endpoint
  private var buffer: [UInt8] = []

  init(to endpoint: Endpoint, deadline: Instant) throws(HostError) {
    self.endpoint = endpoint
    self.deadline = deadline
    descriptor = socket(
      AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = endpoint.port.bigEndian
    address.sin_addr.s_addr = endpoint.address.rawValue.bigEndian
    let socket = descriptor
    let started = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    do throws(HostError) {
      guard started == 0 || errno == EINPROGRESS else { throw unreachable(errno) }
      try needs(Int16(POLLOUT))
      var (code, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
      guard code == 0 else { throw unreachable(code) }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  func close() { _ = Glibc.close(descriptor) }

  mutating func write(_ frame: [UInt8]) throws(HostError) {
    var left = ArraySlice(
      [UInt8(truncatingIfNeeded: frame.count >> 8), UInt8(truncatingIfNeeded: frame.count)] + frame)
    while !left.isEmpty {
      let count = left.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count > 0 {
        left = left.dropFirst(count)
      } else if errno == EAGAIN {
        try needs(Int16(POLLOUT))
      } else {
        throw unreachable(errno)
      }
    }
  }

  mutating func read() throws(HostError) -> [UInt8] {
    guard let frame = try read(before: deadline) else { throw timedOut }
    return frame
  }

  /// - Returns: nil if no frame came until then; one may still come later.
  mutating func read(before time: Instant) throws(HostError) -> [UInt8]? {
    while true {
      if buffer.count >= 2 {
        let length = Int(buffer[0]) << 8 | Int(buffer[1])
        if buffer.count >= 2 + length {
          defer { buffer.removeFirst(2 + length) }
          return Array(buffer[2..<(2 + length)])
        }
      }
      guard waits(for: Int16(POLLIN), until: min(time, deadline)) else {
        guard Clock.now < deadline else { throw timedOut }
        return nil
      }
      var chunk = [UInt8](repeating: 0, count: 16384)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count != 0 else {
        throw HostError(
          "the VR at \(endpoint) closed the connection", mend: "see its log, then try again", .failed,
          isPassing: true)
      }
      if count > 0 { buffer += chunk[..<count] } else if errno != EAGAIN { throw unreachable(errno) }
    }
  }

  private func needs(_ events: Int16) throws(HostError) {
    guard waits(for: events, until: deadline) else { throw timedOut }
  }

  /// - Returns: whether the socket was ready in time.
  private func waits(for events: Int16, until time: Instant) -> Bool {
    let left = (time - Clock.now).inMilliseconds
    guard left > 0 else { return false }
    var descriptors = pollfd(fd: descriptor, events: events, revents: 0)
    return poll(&descriptors, 1, Int32(min(left, 1e9)) + 1) > 0
  }

  private var timedOut: HostError {
    HostError(
      "no answer from \(endpoint) in time", mend: "check that it runs, and that TCP port \(endpoint.port) gets through",
      .notConverged, isPassing: true)
  }

  private func unreachable(_ code: Int32) -> HostError {
    HostError(
      "cannot reach the VR at \(endpoint): \(String(cString: strerror(code)))",
      mend: "check that it runs, and that TCP port \(endpoint.port) gets through", .failed)
  }
}
