import CLibnet
import CLinuxShim
import Glibc
import VineBase

/// Tells the hosts of a network that an address is at this machine now: an ARP announcement (RFC 5227, 3), and the same as a
/// reply, because some stacks change what they know by one of the two only.
public struct AddressAnnouncement: Sendable {
  public let interface: String

  public init(on interface: String) { self.interface = interface }

  /// - Returns: false where the interface is no Ethernet, or a frame could not be sent: hosts then learn by asking.
  public func send(_ addresses: [IPv4Address]) -> Bool {
    var hardware = [UInt8](repeating: 0, count: 6)
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: Int(LIBNET_ERRBUF_SIZE))
    defer { text.deallocate() }
    guard vine_hardware_address(interface, &hardware) == 0, let context = libnet_init(LIBNET_LINK, interface, text)
    else {
      return false
    }
    defer { libnet_destroy(context) }
    _ = fcntl(libnet_getfd(context), F_SETFD, FD_CLOEXEC)
    var allSent = true
    for address in addresses {
      for operation in [UInt16(ARPOP_REQUEST), UInt16(ARPOP_REPLY)] where !send(address, operation, hardware, context) {
        allSent = false
      }
    }
    return allSent
  }

  private func send(
    _ address: IPv4Address, _ operation: UInt16, _ hardware: [UInt8], _ context: UnsafeMutablePointer<libnet_t>
  ) -> Bool {
    libnet_clear_packet(context)
    let bytes = withUnsafeBytes(of: address.rawValue.bigEndian) { Array($0) }
    let everybody = [UInt8](repeating: 0xFF, count: 6)
    guard
      libnet_build_arp(
        UInt16(ARPHRD_ETHER), UInt16(ETHERTYPE_IP), 6, 4, operation, hardware, bytes, everybody, bytes, nil, 0, context,
        0)
        >= 0,
      libnet_build_ethernet(everybody, hardware, UInt16(ETHERTYPE_ARP), nil, 0, context, 0) >= 0
    else { return false }
    return libnet_write(context) > 0
  }
}
