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
    guard vine_hardware_address(interface, &hardware) == 0 else { return false }
    let descriptor = vine_packet_socket(interface)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var allSent = true
    for address in addresses {
      for operation in [ARPFrame.Operation.request, .reply] {
        let frame = ARPFrame.bytes(operation, from: hardware, address, to: ARPFrame.everybody, address)
        let count = frame.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
        if count != frame.count { allSent = false }
      }
    }
    return allSent
  }
}
