import CLinuxShim
import Glibc
import VineBase
import VineSession

/// Answers the question "does this address reach me?" with a probe from a port that nobody wrote to before, and with one over
/// a connection of its own, which no NAT and no firewall lets through that was not told to.
final class DialBacks {
  /// Connections that are on their way; those of more are not begun, and their askers ask again.
  static let pendingMax = 64
  static let patience = Duration.seconds(2)

  private struct Pending: ~Copyable {
    let socket: FileDescriptor
    let record: [UInt8]
    let until: Instant
  }

  /// A noncopyable element fits no array: each is in a box.
  private final class Box {
    let pending: Pending
    init(_ pending: consuming Pending) { self.pending = pending }
  }

  private var pending: [Box] = []

  func send(_ nonce: [UInt8], to endpoint: Endpoint, at now: Instant) {
    guard nonce.count == FrameSize.probeNonce else { return }
    let probe = [FrameKind.probe.rawValue, 0, 0, 0] + nonce
    let address = sockaddr_in(endpoint)
    if let socket = try? FileDescriptor(socket(AF_INET, Sockets.datagram, 0)) {
      // Lost is lost: the asker asks again.
      _ = address.withSockaddr { sendto(socket.raw, probe, probe.count, 0, $0, $1) }
    }
    guard pending.count < Self.pendingMax, let socket = try? FileDescriptor(socket(AF_INET, Sockets.stream, 0)) else {
      return
    }
    let result = address.withSockaddr { connect(socket.raw, $0, $1) }
    guard result == 0 || SystemError.last == .inProgress else { return }
    let record = [UInt8(probe.count >> 8), UInt8(probe.count & 0xFF)] + probe
    pending.append(Box(Pending(socket: socket, record: record, until: now + Self.patience)))
  }

  /// Called with each tick: what has come about is written to and closed.
  func sweep(at now: Instant) {
    pending.removeAll { box in
      guard box.pending.until > now else { return true }
      // Until it is connected: ENOTCONN or EAGAIN. Refused: another error, and it is over.
      let record = box.pending.record
      let count = Glibc.send(box.pending.socket.raw, record, record.count, Int32(MSG_NOSIGNAL))
      return count == record.count || count < 0 && errno != EAGAIN && errno != ENOTCONN
    }
  }
}
