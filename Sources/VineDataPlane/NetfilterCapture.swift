import CLinuxShim
import CNetfilterQueue
import Glibc

/// Captures by netfilter's NFQUEUE, as the paper's VR does (section 6).
///
/// Every packet gets the verdict DROP: what leaves, leaves through the tunnel or the injection. Fail-open is off; a
/// full queue drops.
///
/// Two queues on one socket: TCP comes uncut, up to 64 KiB a packet (the GSO flag), which is 220 ns for each segment
/// instead of 1600. Everything else comes from a second queue without the flag, because an uncut UDP packet has lost
/// where its datagrams end.
final class NetfilterCapture: PacketCapture {
  private let queue: UInt16
  private let plainQueue: UInt16
  private let socket: OpaquePointer
  private let slots: UnsafeMutableRawPointer
  private let messages: UnsafeMutablePointer<vine_message>
  private let vectors: UnsafeMutablePointer<iovec>
  private let verdict: UnsafeMutablePointer<CChar>
  /// The newest packets of each queue without a verdict.
  private var (last, lastPlain): (UInt32?, UInt32?)

  let descriptor: Int32

  /// A packet of 65,531 bytes with the message around it.
  private static let slot = 65_536 + 512

  private let takesUncut: Bool

  /// - Parameter isUncut: TCP comes in super-packets.
  init(queue: UInt16, isUncut: Bool = true) throws(DataPlaneError) {
    (self.queue, takesUncut) = (queue, isUncut)
    plainQueue = DataPlaneConfiguration.plainQueue(beside: queue)
    guard let socket = mnl_socket_open2(NETLINK_NETFILTER, Int32(SOCK_CLOEXEC.rawValue)) else {
      let error = SystemError.last
      throw error.isPermission ? .permission("open a netfilter socket") : .noQueue(error)
    }
    self.socket = socket
    descriptor = mnl_socket_get_fd(socket)
    slots = .allocate(byteCount: Limits.batch * Self.slot, alignment: 64)
    messages = .allocate(capacity: Limits.batch)
    vectors = .allocate(capacity: Limits.batch)
    verdict = .allocate(capacity: 256)
    messages.initialize(repeating: vine_message(), count: Limits.batch)
    for position in 0..<Limits.batch {
      (vectors + position).initialize(to: iovec(iov_base: slots + position * Self.slot, iov_len: Self.slot))
      messages[position].header.msg_iov = vectors + position
      messages[position].header.msg_iovlen = 1
    }
    try bind()
  }

  deinit {
    mnl_socket_close(socket)
    slots.deallocate()
    messages.deallocate()
    vectors.deallocate()
    verdict.deallocate()
  }

  func capture(_ body: (CapturedPacket) -> Void) -> Int {
    let count = Int(vine_receive_messages(descriptor, messages, UInt32(Limits.batch)))
    guard count > 0 else { return 0 }
    for position in 0..<count {
      forEachMessage(slots + position * Self.slot, Int32(messages[position].length)) { message in
        var packet = vine_queue_message()
        guard vine_queue_parse(message, &packet) == 1 else { return }
        if packet.queue == queue { last = packet.identifier } else { lastPlain = packet.identifier }
        body(
          CapturedPacket(
            bytes: UnsafeMutableRawBufferPointer(start: packet.payload, count: Int(packet.length)),
            lacksChecksum: packet.lacks_checksum, isSuper: packet.is_super,
            arrival: packet.arrival))
      }
    }
    return count
  }

  func release() {
    if let last { drop(through: last, of: queue) }
    if let lastPlain { drop(through: lastPlain, of: plainQueue) }
    (last, lastPlain) = (nil, nil)
  }

  @inline(__always)
  private func forEachMessage(
    _ start: UnsafeMutableRawPointer, _ count: Int32, _ body: (UnsafePointer<nlmsghdr>) -> Void
  ) {
    var left = count
    var message = UnsafePointer(start.assumingMemoryBound(to: nlmsghdr.self))
    while mnl_nlmsg_ok(message, left) {
      body(message)
      guard let next = mnl_nlmsg_next(message, &left) else { return }
      message = UnsafePointer(next)
    }
  }

  private func drop(through identifier: UInt32, of queue: UInt16) {
    guard let message = vine_queue_drop(verdict, queue, identifier) else { return }
    // Should the kernel not take it, the packets stay in the queue and the next verdict covers them.
    _ = mnl_socket_sendto(socket, message, Int(message.pointee.nlmsg_len))
  }

  // MARK: Setting up

  private func bind() throws(DataPlaneError) {
    guard mnl_socket_bind(socket, 0, 0) >= 0 else { throw .system("bind a netfilter socket", .last) }
    for queue in [queue, plainQueue] {
      for step in 0..<VINE_QUEUE_STEPS.rawValue {
        let error = SystemError(code: request(vine_queue_step(rawValue: step), of: queue))
        guard error.code != 0 else { continue }
        throw refusal(of: vine_queue_step(rawValue: step), queue, error)
      }
    }
    // A burst that does not fit the socket is dropped and counted by the kernel; it must not end the queue.
    _ = vine_set_option(descriptor, SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
    vine_set_buffers(descriptor, Limits.socketBuffer, 0)
  }

  /// - Returns: 0 or an errno.
  private func request(_ step: vine_queue_step, of queue: UInt16) -> Int32 {
    let isUncut = takesUncut && queue == self.queue
    guard let message = vine_queue_request(verdict, step, queue, Limits.captureQueueLength, isUncut),
      mnl_socket_sendto(socket, message, Int(message.pointee.nlmsg_len)) >= 0
    else { return SystemError.last.code }
    // Once the queue is bound its packets come on the same socket, which has no reader yet: they are passed over
    // here, stay without a verdict, and the first verdict drops them.
    while true {
      let count = mnl_socket_recvfrom(socket, slots, Self.slot)
      guard count >= 0 else { return SystemError.last.code }
      var answer: Int32?
      forEachMessage(slots, Int32(count)) { message in
        guard vine_queue_is_answer(message, step.rawValue + 1) else { return }
        var ignored = vine_queue_message()
        answer = -vine_queue_parse(message, &ignored)
      }
      if let answer { return answer }
    }
  }

  private func refusal(of step: vine_queue_step, _ queue: UInt16, _ error: SystemError) -> DataPlaneError {
    if error.isPermission && step != VINE_QUEUE_BIND { return .permission("set up NFQUEUE \(queue)") }
    switch error.code {
    // The kernel says EPERM both to a process without CAP_NET_ADMIN and for a queue that another socket holds.
    case EPERM where NetfilterQueueFile.status(of: queue) == nil: return .permission("bind NFQUEUE \(queue)")
    case EPERM, EBUSY, EEXIST: return .queueTaken(queue)
    case EINVAL, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT: return .noQueue(error)
    default: return .system("bind NFQUEUE \(queue)", error)
    }
  }
}
