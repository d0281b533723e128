import CLibnet
import CLinuxShim
import Glibc

/// Injects by libnet's raw IPv4 context, as the paper's VR does (section 6), bound to the interface of the hosts: the
/// kernel finds the neighbour and sends, and a packet can leave nowhere else.
final class LibnetInjection: PacketInjection {
  private let context: UnsafeMutablePointer<libnet_t>

  /// - Parameter interface: to the site's hosts.
  init(interface: String) throws(DataPlaneError) {
    guard if_nametoindex(interface) != 0 else { throw .interface(interface) }
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: Int(LIBNET_ERRBUF_SIZE))
    defer { text.deallocate() }
    guard let context = libnet_init(Int32(LIBNET_RAW4_ADV), nil, text) else {
      let error = SystemError.last
      throw error.isPermission || geteuid() != 0
        ? .permission("open a raw socket") : .system("open a raw socket", error)
    }
    self.context = context
    let descriptor = libnet_getfd(context)
    vine_set_buffers(descriptor, 0, Limits.socketBuffer)
    // A full interface drops and is counted; it must not hold the thread.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    guard vine_bind_to_device(descriptor, interface) == 0 else {
      throw .system("bind a raw socket to \(interface)", .last)
    }
  }

  deinit { libnet_destroy(context) }

  func inject(_ packet: UnsafeRawBufferPointer) -> Bool {
    guard packet.count >= 20 else { return false }
    let bytes = packet.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return libnet_adv_write_raw_ipv4(context, bytes, UInt32(packet.count)) == Int32(packet.count)
  }
}
