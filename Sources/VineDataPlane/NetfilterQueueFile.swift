import Glibc

/// Reads the kernel's own counters of a queue.
///
/// Format: queue number, port, packets waiting, copy mode, copy range, dropped by the queue, dropped by the socket, …
public enum NetfilterQueueFile {
  /// Of the calling thread's network namespace.
  public static let path = "/proc/thread-self/net/netfilter/nfnetlink_queue"

  /// The kernel tells root alone; a VR with a user of its own goes without.
  public static var isReadable: Bool { access(path, R_OK) == 0 }

  /// - Returns: nil if nobody listens to the queue, or the kernel has none.
  public static func status(of queue: UInt16) -> NetfilterQueueStatus? {
    guard let file = try? FileDescriptor(open(path, O_RDONLY | O_CLOEXEC)) else { return nil }
    let text = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, read(file.raw, buffer.baseAddress, buffer.count))
    }
    return status(of: queue, in: String(decoding: text, as: UTF8.self))
  }

  /// Of several queues together; nil if none is there.
  static func status(of queues: [UInt16]) -> NetfilterQueueStatus? {
    queues.compactMap { status(of: $0) }.reduce(nil) { sum, one in
      guard let sum else { return one }
      return NetfilterQueueStatus(
        waiting: sum.waiting + one.waiting, queueDropped: sum.queueDropped + one.queueDropped,
        socketDropped: sum.socketDropped + one.socketDropped)
    }
  }

  static func status(of queue: UInt16, in text: String) -> NetfilterQueueStatus? {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ").map { UInt64($0) }
      guard fields.count >= 7, fields[0] == UInt64(queue), let waiting = fields[2], let full = fields[5],
        let socket = fields[6]
      else { continue }
      return NetfilterQueueStatus(waiting: waiting, queueDropped: full, socketDropped: socket)
    }
    return nil
  }
}
