import CLinuxShim
import Glibc
import VineBase

/// Takes a batch of messages from the UDP socket with one system call (recvmmsg). A message holds one datagram, or
/// several of one sender and size (UDP_GRO): that is 160 ns a datagram instead of 880.
final class DatagramReceiver {
  /// Messages in one call: 1 MiB stays in the processor's cache.
  static let batch = 16
  private static let slot = 65_536

  private let descriptor: Int32
  private let slots: UnsafeMutableRawPointer
  private let messages: UnsafeMutablePointer<vine_message>
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in>
  private let notes: UnsafeMutableRawPointer
  private let coalesces: Bool
  private var isOneByOne = false

  /// - Parameter coalesces: several datagrams come in one message.
  init(descriptor: Int32, coalesces: Bool = true) {
    self.coalesces = coalesces
    self.descriptor = descriptor
    slots = .allocate(byteCount: Self.batch * Self.slot, alignment: 64)
    messages = .allocate(capacity: Self.batch)
    vectors = .allocate(capacity: Self.batch)
    addresses = .allocate(capacity: Self.batch)
    notes = .allocate(byteCount: Self.batch * Int(VINE_CONTROL_BYTES), alignment: 16)
    messages.initialize(repeating: vine_message(), count: Self.batch)
    addresses.initialize(repeating: sockaddr_in(), count: Self.batch)
    for position in 0..<Self.batch {
      (vectors + position).initialize(
        to: iovec(iov_base: slots + position * Self.slot, iov_len: Self.slot))
      messages[position].header.msg_name = UnsafeMutableRawPointer(addresses + position)
      messages[position].header.msg_iov = vectors + position
      messages[position].header.msg_iovlen = 1
      messages[position].header.msg_control = notes + position * Int(VINE_CONTROL_BYTES)
    }
    // Stamps tell how long frames waited (`QueueControl`) and how fast they came (`Trains`).
    _ = vine_stamp_arrivals(descriptor, 1)
    // Without it datagrams come one by one: slower, and the same.
    _ = vine_coalesce_datagrams(descriptor, coalesces ? 1 : 0)
  }

  deinit {
    slots.deallocate()
    messages.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    notes.deallocate()
  }

  /// Whether each datagram is to come by itself, because a message of several has one arrival only.
  func oneByOne(_ isWanted: Bool) {
    guard coalesces, isWanted != isOneByOne, vine_coalesce_datagrams(descriptor, isWanted ? 0 : 1) == 0 else { return }
    isOneByOne = isWanted
  }

  /// Hands each message of one batch to `body`, which may change its bytes.
  /// - Parameter body: gets the bytes, how many of them are one datagram (the last one may be shorter), where they came
  ///   from, and when by `MonotonicClock.ofStamps`; 0 if that is not
  ///   known.
  /// - Returns: how many messages; fewer than `batch`: the socket is empty.
  func receive(_ body: (UnsafeMutableRawBufferPointer, Int, Endpoint, Int64) -> Void) -> Int {
    for position in 0..<Self.batch {
      messages[position].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
      messages[position].header.msg_controllen = Int(VINE_CONTROL_BYTES)
    }
    let count = Int(vine_receive_messages(descriptor, messages, UInt32(Self.batch)))
    guard count > 0 else { return 0 }
    for position in 0..<count {
      let message = messages + position
      let (start, byteCount) = (slots + position * Self.slot, Int(message.pointee.length))
      let size = Int(vine_segment_size(message))
      body(
        UnsafeMutableRawBufferPointer(start: start, count: byteCount), size > 0 ? size : byteCount,
        addresses[position].endpoint, vine_arrival(message))
    }
    return count
  }
}
