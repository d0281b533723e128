import CLinuxShim
import Glibc
import VineBase

/// Takes a batch of datagrams from the UDP socket with one system call (recvmmsg).
final class DatagramReceiver {
  private let descriptor: Int32
  private let slots: UnsafeMutableRawPointer
  private let messages: UnsafeMutablePointer<vine_message>
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in>
  private let notes: UnsafeMutableRawPointer
  private var isStamped = false

  init(descriptor: Int32) {
    self.descriptor = descriptor
    slots = .allocate(byteCount: Limits.batch * Limits.slot, alignment: 64)
    messages = .allocate(capacity: Limits.batch)
    vectors = .allocate(capacity: Limits.batch)
    addresses = .allocate(capacity: Limits.batch)
    notes = .allocate(byteCount: Limits.batch * Int(VINE_CONTROL_BYTES), alignment: 16)
    messages.initialize(repeating: vine_message(), count: Limits.batch)
    addresses.initialize(repeating: sockaddr_in(), count: Limits.batch)
    for position in 0..<Limits.batch {
      (vectors + position).initialize(
        to: iovec(iov_base: slots + position * Limits.slot, iov_len: Limits.slot))
      messages[position].header.msg_name = UnsafeMutableRawPointer(addresses + position)
      messages[position].header.msg_iov = vectors + position
      messages[position].header.msg_iovlen = 1
    }
  }

  deinit {
    slots.deallocate()
    messages.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    notes.deallocate()
  }

  /// Whether the kernel is to say when each datagram came in, which costs every datagram a little.
  func stampArrivals(_ isWanted: Bool) {
    guard isWanted != isStamped, vine_stamp_arrivals(descriptor, isWanted ? 1 : 0) == 0 else { return }
    isStamped = isWanted
    for position in 0..<Limits.batch {
      messages[position].header.msg_control = isWanted ? notes + position * Int(VINE_CONTROL_BYTES) : nil
      messages[position].header.msg_controllen = 0
    }
  }

  /// Hands each datagram of one batch to `body`, which may change its bytes; one that did not fit comes cut.
  /// - Parameter body: gets the bytes, where they came from, and when by the kernel's clock in nanoseconds; 0 if that
  ///   was not asked for.
  /// - Returns: how many; fewer than `Limits.batch`: the socket is empty.
  func receive(_ body: (UnsafeMutableRawBufferPointer, Endpoint, Int64) -> Void) -> Int {
    for position in 0..<Limits.batch {
      messages[position].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
    }
    if isStamped {
      for position in 0..<Limits.batch { messages[position].header.msg_controllen = Int(VINE_CONTROL_BYTES) }
    }
    let count = Int(vine_receive_messages(descriptor, messages, UInt32(Limits.batch)))
    guard count > 0 else { return 0 }
    for position in 0..<count {
      let bytes = UnsafeMutableRawBufferPointer(
        start: slots + position * Limits.slot, count: Int(messages[position].length))
      body(bytes, addresses[position].endpoint, isStamped ? vine_arrival(messages + position) : 0)
    }
    return count
  }
}
