import CLibnet
import CLinuxShim
import Glibc
import VinePacket

/// Injects by libnet, as the paper's VR does (section 6), into the interface of the hosts and nowhere else.
///
/// Two contexts. The link context sends whole frames with virtio's header in front, so that the kernel or the host's
/// own stack cuts super-packets: 95 ns a segment. It needs the host's hardware address. The raw IPv4 context finds that
/// by itself: the first packet to a host in each second goes that way, which keeps the kernel's knowledge fresh, and so
/// do all packets to hosts that the kernel knows no hardware address of, or through interfaces that are no Ethernet.
final class LibnetInjection: PacketInjection {
  private let interface: String
  private let number: Int32
  private let raw: UnsafeMutablePointer<libnet_t>
  private let link: UnsafeMutablePointer<libnet_t>?
  private let linkDescriptor: Int32
  private let asking: FileDescriptor
  private var neighbours: Neighbours
  private var mtu: Int
  /// False once the kernel has refused (before Linux 6.2).
  private(set) var takesUDP: Bool
  private let ethernet: UnsafeMutablePointer<UInt8>
  private let scratch: UnsafeMutableRawBufferPointer
  private let piece: UnsafeMutableRawBufferPointer

  /// - Parameters:
  ///   - interface: to the site's hosts.
  ///   - isUncut: packets go uncut where that is possible.
  init(interface: String, isUncut: Bool = true) throws(DataPlaneError) {
    number = Int32(if_nametoindex(interface))
    guard number != 0 else { throw .interface(interface) }
    self.interface = interface
    raw = try Self.context(LIBNET_RAW4_ADV, nil)
    let descriptor = libnet_getfd(raw)
    vine_set_buffers(descriptor, 0, Limits.socketBuffer)
    // A full interface drops and is counted; it must not hold the thread.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    guard vine_bind_to_device(descriptor, interface) == 0 else {
      throw .system("bind a raw socket to \(interface)", .last)
    }
    do throws(SystemError) { asking = try FileDescriptor(socket(AF_INET, Sockets.datagram, 0)) } catch {
      throw .system("open a socket", error)
    }
    ethernet = .allocate(capacity: 14)
    ethernet.initialize(repeating: 0, count: 14)
    // IPv4.
    ethernet[12] = 8
    var context: UnsafeMutablePointer<libnet_t>?
    if isUncut, vine_hardware_address(interface, ethernet + 6) == 0 {
      context = try? Self.context(LIBNET_LINK_ADV, interface)
      if let opened = context, vine_prepare_injection(libnet_getfd(opened)) != 0 {
        libnet_destroy(opened)
        context = nil
      }
    }
    link = context
    linkDescriptor = context.map { libnet_getfd($0) } ?? -1
    takesUDP = context != nil
    neighbours = Neighbours()
    mtu = Self.mtu(of: interface, asking.raw)
    scratch = .allocate(byteCount: TCPSegmentation.headersMax, alignment: 64)
    piece = .allocate(byteCount: SuperPacket.byteCountMax, alignment: 64)
  }

  deinit {
    libnet_destroy(raw)
    if let link { libnet_destroy(link) }
    ethernet.deallocate()
    scratch.deallocate()
    piece.deallocate()
  }

  private static func context(
    _ kind: Int32, _ interface: String?
  ) throws(DataPlaneError) -> UnsafeMutablePointer<libnet_t> {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: Int(LIBNET_ERRBUF_SIZE))
    defer { text.deallocate() }
    guard let context = libnet_init(kind, interface, text) else {
      let error = SystemError.last
      throw error.isPermission || geteuid() != 0
        ? .permission("open a raw socket") : .system("open a raw socket", error)
    }
    // libnet's descriptors would live on in every program that is started.
    _ = fcntl(libnet_getfd(context), F_SETFD, FD_CLOEXEC)
    return context
  }

  /// Whether super-packets go uncut.
  var takesTCP: Bool { link != nil }

  func refresh() {
    neighbours.age()
    mtu = Self.mtu(of: interface, asking.raw)
  }

  /// 576 at least, which every host takes (RFC 791, 3.1).
  private static func mtu(of interface: String, _ asking: Int32) -> Int {
    max(Int(vine_interface_mtu(asking, interface)), 576)
  }

  func inject(_ packet: UnsafeRawBufferPointer) -> Bool {
    guard packet.count >= IPv4View.headerLengthMin else { return false }
    guard packet.count <= mtu else { return long(packet) }
    guard address(destination(of: packet)) else { return injectRaw(packet) }
    return vine_inject(linkDescriptor, number, ethernet, packet.baseAddress, packet.count, 0, 0, 0) == 0
  }

  /// Only the kernel's IP layer fills in a source address.
  func injectOwn(_ packet: UnsafeRawBufferPointer) -> Bool { injectRaw(packet) }

  func inject(super packet: UnsafeMutableRawBufferPointer, segmentSize: Int) -> Bool {
    guard let view = IPv4View(UnsafeRawBufferPointer(packet)) else { return false }
    guard view.transport == Transport.tcp else { return inject(datagrams: view, size: segmentSize) }
    guard let tcp = TCPView(view) else { return false }
    // The host may be on a narrower network than the path between the VRs.
    let room = min(segmentSize, mtu - tcp.headersLength)
    if address(destination(of: view.bytes)),
      vine_inject(
        linkDescriptor, number, ethernet, packet.baseAddress, packet.count, UInt16(room), UInt16(view.headerLength),
        UInt16(tcp.headersLength)) == 0
    {
      return true
    }
    return injectCut(view, mtu: tcp.headersLength + room)
  }

  private func inject(datagrams view: IPv4View, size: Int) -> Bool {
    guard let udp = UDPView(view) else { return false }
    if takesUDP, udp.headersLength + size <= mtu, address(destination(of: view.bytes)) {
      if vine_inject(
        linkDescriptor, number, ethernet, view.bytes.baseAddress, view.totalLength, UInt16(size),
        UInt16(view.headerLength), UInt16(udp.headersLength)) == 0
      {
        return true
      }
      if SystemError.last.code == EINVAL { takesUDP = false }
    }
    var isDone = true
    let count = UDPSegmentation.cut(view, segmentSize: size, scratch: scratch) { headers, payload in
      if !injectRaw(joined(headers, payload)) { isDone = false }
    }
    return isDone && count > 0
  }

  /// Both parts of a packet in one piece, until the next call.
  private func joined(_ headers: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    piece.copyMemory(from: headers)
    UnsafeMutableRawBufferPointer(rebasing: piece[headers.count...]).copyMemory(from: payload)
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(piece)[..<(headers.count + payload.count)])
  }

  /// Cut here, and one by one.
  private func injectCut(_ packet: IPv4View, mtu: Int) -> Bool {
    var isDone = true
    let count = TCPSegmentation.cut(packet, mtu: mtu, scratch: scratch) { headers, payload in
      if !injectRaw(joined(headers, payload)) { isDone = false }
    }
    return isDone && count > 0
  }

  /// A packet that is longer than the hosts' network takes: a TCP segment is cut once more, others go in fragments if
  /// they may; the kernel cuts nothing that comes with its header.
  private func long(_ packet: UnsafeRawBufferPointer) -> Bool {
    guard let view = IPv4View(packet) else { return false }
    if TCPView(view) != nil { return injectCut(view, mtu: mtu) }
    guard !view.dontFragment else { return false }
    var isDone = true
    let count = Fragmentation.fragment(view, mtu: mtu, scratch: piece) { fragment in
      if !injectRaw(UnsafeRawBufferPointer(fragment)) { isDone = false }
    }
    return isDone && count > 0
  }

  private func injectRaw(_ packet: UnsafeRawBufferPointer) -> Bool {
    let bytes = packet.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let isSent = libnet_adv_write_raw_ipv4(raw, bytes, UInt32(packet.count)) == Int32(packet.count)
    if link != nil { learn(destination(of: packet)) }
    return isSent
  }

  private func destination(of packet: UnsafeRawBufferPointer) -> UInt32 {
    packet.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
  }

  /// Writes the host's hardware address into the frame's header.
  /// - Returns: false if it is not known, or for too long.
  @inline(__always)
  private func address(_ host: UInt32) -> Bool { neighbours.find(host, into: ethernet) }

  private func learn(_ host: UInt32) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 6) { hardware in
      guard let start = hardware.baseAddress, vine_neighbour(asking.raw, interface, host, start) == 1 else { return }
      neighbours.add(host, start)
    }
  }
}
