import CLinuxShim
import Glibc
import VineBase
import VineRouting

/// Collects frames for the UDP socket and sends a batch with one system call (sendmmsg).
///
/// Frames of one size that follow one another to one endpoint become one message, which the kernel or the interface
/// cuts (UDP_SEGMENT): that is 130 ns a frame instead of 1900. The last of them may be shorter.
///
/// It owns the slots that frames are built in: `reserve` one, fill it, `commit` it. A frame that goes another way is
/// simply not committed.
final class DatagramSender {
  private static let slotCount = 128
  /// Linux before 6.9 takes 64 datagrams in a message; and no message is longer than an IPv4 packet may be.
  private static let framesMax = 64
  private static let messageMax = 65_000

  private let descriptor: Int32
  private let counters: Counters
  private let slots: UnsafeMutableRawPointer
  private let messages: UnsafeMutablePointer<vine_message>
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in>
  private let notes: UnsafeMutableRawPointer
  /// Slots and messages in use.
  private var frameCount = 0
  private var messageCount = 0
  /// The last message: where it goes, the size of its frames, its bytes, and whether another frame may follow.
  private var destination: Endpoint?
  private var size = 0
  private var byteCount = 0
  private var isOpen = false
  /// False once the kernel has refused for good.
  private var isCutByKernel: Bool

  /// - Parameter sendsTrains: frames of one size go in one message.
  init(descriptor: Int32, counters: Counters, sendsTrains: Bool = true) {
    isCutByKernel = sendsTrains
    (self.descriptor, self.counters) = (descriptor, counters)
    slots = .allocate(byteCount: Self.slotCount * Limits.slot, alignment: 64)
    messages = .allocate(capacity: Self.slotCount)
    vectors = .allocate(capacity: Self.slotCount)
    addresses = .allocate(capacity: Self.slotCount)
    notes = .allocate(byteCount: Self.slotCount * Int(VINE_CONTROL_BYTES), alignment: 16)
    notes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.slotCount * Int(VINE_CONTROL_BYTES))
    messages.initialize(repeating: vine_message(), count: Self.slotCount)
    vectors.initialize(repeating: iovec(), count: Self.slotCount)
    addresses.initialize(repeating: sockaddr_in(), count: Self.slotCount)
    for position in 0..<Self.slotCount {
      messages[position].header.msg_name = UnsafeMutableRawPointer(addresses + position)
      messages[position].header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
    }
  }

  deinit {
    slots.deallocate()
    messages.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    notes.deallocate()
  }

  /// An empty frame; the one before it is lost unless it was committed.
  @inline(__always)
  func reserve() -> OutgoingFrame {
    if frameCount == Self.slotCount { flush() }
    return OutgoingFrame(slot: slots + frameCount * Limits.slot)
  }

  /// Takes the frame of the last `reserve` into the batch.
  /// - Parameter isAlone: it is to be a message of its own, with its own time of leaving.
  @inline(__always)
  func commit(_ frame: OutgoingFrame, to endpoint: Endpoint, isAlone: Bool = false) {
    vectors[frameCount] = iovec(iov_base: frame.bytes.baseAddress, iov_len: frame.count)
    if isOpen, !isAlone, frame.count <= size, byteCount + frame.count <= Self.messageMax, endpoint == destination {
      messages[messageCount - 1].header.msg_iovlen += 1
      byteCount += frame.count
      isOpen = frame.count == size && messages[messageCount - 1].header.msg_iovlen < Self.framesMax
    } else {
      messages[messageCount].header.msg_iov = vectors + frameCount
      messages[messageCount].header.msg_iovlen = 1
      addresses[messageCount] = sockaddr_in(endpoint)
      messageCount += 1
      (destination, size, byteCount) = (endpoint, frame.count, frame.count)
      isOpen = isCutByKernel && !isAlone
    }
    frameCount += 1
  }

  /// Sends what is pending. What the kernel does not take is dropped and counted, as on any full link.
  func flush() {
    guard messageCount > 0 else { return }
    for position in 0..<messageCount {
      if messages[position].header.msg_iovlen > 1 {
        let size = UInt16(messages[position].header.msg_iov[0].iov_len)
        vine_cut_message(messages + position, notes + position * Int(VINE_CONTROL_BYTES), size)
      } else {
        messages[position].header.msg_control = nil
        messages[position].header.msg_controllen = 0
      }
    }
    var sent = 0
    while sent < messageCount {
      let count = vine_send_messages(descriptor, messages + sent, UInt32(messageCount - sent))
      if count > 0 {
        sent += Int(count)
        continue
      }
      switch SystemError.last {
      case .interrupted: continue
      case .again:
        for position in sent..<messageCount { counters.drop(.sendFailed, count: messages[position].header.msg_iovlen) }
        sent = messageCount
      case let error where messages[sent].header.msg_iovlen > 1:
        // EIO: the interface can't do checksums for the kernel's cutting. Others (EINVAL: a path narrower than the
        // frames) may be different tomorrow.
        if error.code == EIO { isCutByKernel = false }
        sendEach(of: sent)
        sent += 1
      default:
        // This one's destination is at fault (no route, a firewall): the others may still go.
        counters.drop(.sendFailed)
        sent += 1
      }
    }
    (frameCount, messageCount, isOpen) = (0, 0, false)
  }

  /// Sends the frame of the last `reserve` at once, with "don't fragment". Where the first interface is too narrow
  /// already, it is not sent: that is what the probe is to find out.
  func sendWhole(_ frame: OutgoingFrame, to endpoint: Endpoint) {
    _ = vine_set_option(descriptor, Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
    _ = sockaddr_in(endpoint).withSockaddr {
      sendto(descriptor, frame.bytes.baseAddress, frame.count, Int32(MSG_DONTWAIT), $0, $1)
    }
    _ = vine_set_option(descriptor, Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
  }

  /// The frames of one message, each as a datagram.
  private func sendEach(of position: Int) {
    var header = messages[position].header
    (header.msg_control, header.msg_controllen) = (nil, 0)
    let count = header.msg_iovlen
    header.msg_iovlen = 1
    for _ in 0..<count {
      if sendmsg(descriptor, &header, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) < 0 {
        counters.drop(.sendFailed)
      }
      header.msg_iov += 1
    }
  }
}
