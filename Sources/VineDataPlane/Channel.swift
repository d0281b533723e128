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
  /// Whose session's frame was opened on it.
  var peer: NodeTag?
  /// Bytes were written since the last flush.
  var isDirty = false
  /// The kernel's buffer is full; it tells when there is room.
  private(set) var isBlocked = false
  private(set) var sent = Traffic()
  private(set) var received = Traffic()
  private var incoming: RecordBuffer
  private var outgoing: OutgoingRecords
  /// What waits behind `outgoing`; made when the kernel first takes no more.
  private var backlog: FairBacklog?
  private let limit: Int

  /// Read in one go; 128 KiB hold about 90 full records.
  private static let readBuffer = 128 << 10
  /// Reads for one event, so that one channel does not keep the others waiting: 0.5 MiB.
  private static let readsMax = 4
  /// Bytes that stand in line for the kernel as they came. What is more waits its flow's turn.
  private static let lineMax = 128 << 10
  /// While others wait, the line is kept this short: a flow's turn comes after what stands in it.
  private static let lineBesideBacklog = 16 << 10

  init(
    _ number: ChannelID, _ socket: consuming FileDescriptor, remote: Endpoint, isDialled: Bool, limit: ByteCount,
    at now: Instant
  ) {
    (self.number, self.remote, self.isDialled) = (number, remote, isDialled)
    began = now
    self.socket = socket
    state = isDialled ? .connecting : .open
    incoming = RecordBuffer(capacity: Self.readBuffer)
    self.limit = limit.bytes
    outgoing = OutgoingRecords(limit: min(Self.lineMax, limit.bytes))
  }

  var isAuthenticated: Bool { peer != nil }

  /// Bytes in this VR's memory; the kernel holds others.
  var waiting: Int { outgoing.count + (backlog?.bytes ?? 0) }
  var room: Int { max(0, limit - waiting) }

  /// The result of a connect that was under way.
  /// - Throws: why there is no connection.
  func connected() throws(SystemError) {
    let error = SystemError(code: vine_socket_error(socket.raw))
    guard error.code == 0 else { throw error }
    state = .open
  }

  /// - Parameter flow: see `FairBacklog`.
  /// - Returns: how many records were dropped for it, itself perhaps.
  func write(_ frame: UnsafeRawBufferPointer, flow: UInt32) -> Int {
    sent.add(frame.count)
    if backlog?.isEmpty ?? true, outgoing.append(record: frame) { return 0 }
    if backlog == nil { backlog = FairBacklog(limit: max(limit - Self.lineMax, Records.byteCountMax)) }
    return backlog?.append(frame, flow: flow) ?? 1
  }

  /// Gives the kernel what it takes.
  /// - Throws: if the connection is gone.
  func flush() throws(SystemError) {
    isDirty = false
    isBlocked = false
    while true {
      refill()
      guard !outgoing.isEmpty else { return }
      let bytes = outgoing.bytes
      let count = Glibc.send(socket.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count > 0 {
        outgoing.took(count)
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

  /// Lets flows have their turn.
  private func refill() {
    guard backlog != nil else { return }
    while outgoing.count < Self.lineBesideBacklog {
      guard backlog?.take({ _ = outgoing.append(record: $0) }) == true else { return }
    }
  }

  /// Hands out the records that may not have arrived at the other side, oldest first, now that the channel ends.
  /// - Returns: how many more there were, by their usual size.
  func forEachLost(_ body: (UnsafeRawBufferPointer) -> Void) -> Int {
    let unacknowledged = state == .open ? max(0, Int(vine_unacknowledged(socket.raw))) : 0
    let forgotten = outgoing.forEachLost(unacknowledged: unacknowledged, body)
    while backlog?.take(body) == true {}
    return forgotten == 0 || sent.packets == 0 ? 0 : forgotten / max(1, Int(sent.bytes / sent.packets))
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
