import CLinuxShim
import Glibc
import VineBase
import VineRouting

/// Collects frames for the UDP socket and sends a batch with one system call (sendmmsg).
///
/// It owns the slots that frames are built in: `reserve` one, fill it, `commit` it. A frame that goes another way is
/// simply not committed.
final class DatagramSender {
  private let descriptor: Int32
  private let counters: Counters
  private let slots: UnsafeMutableRawPointer
  private let messages: UnsafeMutablePointer<vine_message>
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in>
  private var pending = 0

  init(descriptor: Int32, counters: Counters) {
    (self.descriptor, self.counters) = (descriptor, counters)
    slots = .allocate(byteCount: Limits.batch * Limits.slot, alignment: 64)
    messages = .allocate(capacity: Limits.batch)
    vectors = .allocate(capacity: Limits.batch)
    addresses = .allocate(capacity: Limits.batch)
    messages.initialize(repeating: vine_message(), count: Limits.batch)
    vectors.initialize(repeating: iovec(), count: Limits.batch)
    addresses.initialize(repeating: sockaddr_in(), count: Limits.batch)
    for position in 0..<Limits.batch {
      messages[position].header.msg_name = UnsafeMutableRawPointer(addresses + position)
      messages[position].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
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

  /// An empty frame; the one before it is lost unless it was committed.
  @inline(__always)
  func reserve() -> OutgoingFrame {
    if pending == Limits.batch { flush() }
    return OutgoingFrame(slot: slots + pending * Limits.slot)
  }

  /// Takes the frame of the last `reserve` into the batch.
  @inline(__always)
  func commit(_ frame: OutgoingFrame, to endpoint: Endpoint) {
    vectors[pending] = iovec(iov_base: frame.bytes.baseAddress, iov_len: frame.count)
    addresses[pending] = sockaddr_in(endpoint)
    pending += 1
  }

  /// Sends what is pending. What the kernel does not take is dropped and counted, as on any full link.
  func flush() {
    var sent = 0
    while sent < pending {
      let count = vine_send_messages(descriptor, messages + sent, UInt32(pending - sent))
      if count > 0 {
        sent += Int(count)
        continue
      }
      switch SystemError.last {
      case .interrupted: continue
      case .again:
        counters.drop(.sendFailed, count: pending - sent)
        sent = pending
      default:
        // This one's destination is at fault (no route, a firewall): the others may still go.
        counters.drop(.sendFailed)
        sent += 1
      }
    }
    pending = 0
  }
}
