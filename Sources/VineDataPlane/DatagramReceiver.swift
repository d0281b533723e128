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

  init(descriptor: Int32) {
    self.descriptor = descriptor
    slots = .allocate(byteCount: Limits.batch * Limits.slot, alignment: 64)
    messages = .allocate(capacity: Limits.batch)
    vectors = .allocate(capacity: Limits.batch)
    addresses = .allocate(capacity: Limits.batch)
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
  }

  /// Hands each datagram of one batch to `body`, which may change its bytes; one that did not fit comes cut.
  /// - Returns: how many; fewer than `Limits.batch`: the socket is empty.
  func receive(_ body: (UnsafeMutableRawBufferPointer, Endpoint) -> Void) -> Int {
    for position in 0..<Limits.batch {
      messages[position].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
    }
    let count = Int(vine_receive_messages(descriptor, messages, UInt32(Limits.batch)))
    guard count > 0 else { return 0 }
    for position in 0..<count {
      let bytes = UnsafeMutableRawBufferPointer(
        start: slots + position * Limits.slot, count: Int(messages[position].length))
      body(bytes, addresses[position].endpoint)
    }
    return count
  }
}
