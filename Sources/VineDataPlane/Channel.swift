import CLinuxShim
import Glibc
import VineBase
import VineRouting

/// One TCP connection that carries records. It knows nothing of sessions.
final class Channel {
  enum State { case connecting, open }

  let number: ChannelID
  let remote: Endpoint
  let isDialled: Bool
  let began: Instant
  let socket: FileDescriptor
  private(set) var state: State
  /// A frame of a session was opened on it.
  var isAuthenticated = false
  /// Bytes were written since the last flush.
  var isDirty = false
  /// The kernel's buffer is full; it tells when there is room.
  private(set) var isBlocked = false
  private(set) var sent = Traffic()
  private(set) var received = Traffic()
  private var incoming: RecordBuffer
  private var outgoing: RecordBuffer

  /// Read in one go; 128 KiB hold about 90 full records.
  private static let readBuffer = 128 << 10
  /// Reads for one event, so that one channel does not keep the others waiting: 0.5 MiB.
  private static let readsMax = 4

  init(
    _ number: ChannelID, _ socket: consuming FileDescriptor, remote: Endpoint, isDialled: Bool, limit: ByteCount,
    at now: Instant
  ) {
    (self.number, self.remote, self.isDialled) = (number, remote, isDialled)
    began = now
    self.socket = socket
    state = isDialled ? .connecting : .open
    incoming = RecordBuffer(capacity: Self.readBuffer)
    outgoing = RecordBuffer(capacity: limit.bytes)
  }

  var waiting: Int { outgoing.count }
  var room: Int { outgoing.room }

  /// The result of a connect that was under way.
  /// - Throws: why there is no connection.
  func connected() throws(SystemError) {
    let error = SystemError(code: vine_socket_error(socket.raw))
    guard error.code == 0 else { throw error }
    state = .open
  }

  /// - Returns: false if the buffer is full.
  func write(_ frame: UnsafeRawBufferPointer) -> Bool {
    guard outgoing.append(record: frame) else { return false }
    sent.add(frame.count)
    return true
  }

  /// Gives the kernel what it takes.
  /// - Throws: if the connection is gone.
  func flush() throws(SystemError) {
    isDirty = false
    isBlocked = false
    while !outgoing.isEmpty {
      let bytes = outgoing.bytes
      let count = Glibc.send(socket.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count > 0 {
        outgoing.removed(count)
        continue
      }
      switch SystemError.last {
      case .interrupted: continue
      case .again:
        isBlocked = true
        return
      default: throw .last
      }
    }
  }

  /// Why a channel ended.
  enum End: Error {
    case closedByPeer
    case malformed
    case system(SystemError)

    var reason: String {
      switch self {
      case .closedByPeer: "closed by the other side"
      case .malformed: "the other side sent no record of a VR"
      case .system(let error): "\(error)"
      }
    }
  }

  /// Hands each record that is there to `body`, which may change its bytes.
  func read(_ body: (UnsafeMutableRawBufferPointer) -> Void) throws(End) {
    for _ in 0..<Self.readsMax {
      let free = incoming.free()
      let count = recv(socket.raw, free.baseAddress, free.count, 0)
      guard count > 0 else {
        guard count < 0 else { throw .closedByPeer }
        let error = SystemError.last
        if error == .again || error == .interrupted { return }
        throw .system(error)
      }
      incoming.added(count)
      do throws(Records.Malformed) {
        while let record = try incoming.firstRecord() {
          received.add(record.count)
          body(record)
          incoming.removed(Records.lengthByteCount + record.count)
        }
      } catch { throw .malformed }
      if count < free.count { return }
    }
  }
}
