import CLinuxShim
import Glibc
import VinePacket

/// A TUN device, which packets of the hosts come from, packets for them go to, or both. It goes with its last owner.
///
/// Whoever runs the VR routes packets into it and lets the kernel forward them; see `VineHost.TunRouting`.
final class TunDevice {
  private let file: FileDescriptor

  /// - Parameter isUncut: TCP comes in super-packets.
  init(name: String, isUncut: Bool) throws(DataPlaneError) {
    do throws(SystemError) { file = try FileDescriptor(vine_tun_open(name, isUncut ? 1 : 0)) } catch {
      throw error.isPermission ? .permission("open a TUN device") : .tun(name, error)
    }
  }

  var descriptor: Int32 { file.raw }
}

/// Captures what the kernel routes into a TUN device: one packet a call, TCP in super-packets.
final class TunCapture: PacketCapture {
  private let device: TunDevice
  private let slot: UnsafeMutableRawPointer

  init(_ device: TunDevice) {
    self.device = device
    slot = .allocate(byteCount: SuperPacket.byteCountMax, alignment: 64)
  }

  deinit { slot.deallocate() }

  var descriptor: Int32 { device.descriptor }

  func capture(_ body: (CapturedPacket) -> Void) -> Int {
    for count in 0..<Limits.batch {
      var offload = vine_offload()
      let length = vine_tun_read(descriptor, &offload, slot, SuperPacket.byteCountMax)
      guard length > 0 else { return count }
      // What the kernel says on any interface in IPv6 is of no host.
      guard slot.load(as: UInt8.self) >> 4 == 4 else { continue }
      body(
        CapturedPacket(
          bytes: UnsafeMutableRawBufferPointer(start: slot, count: length),
          lacksChecksum: vine_offload_lacks_checksum(&offload) != 0, isSuper: vine_offload_is_super(&offload) != 0,
          isRouted: true))
    }
    return Limits.batch
  }

  func release() {}
}

/// Hands packets to the kernel through a TUN device, from where they are routed to the hosts. What the kernel's IP layer
/// has to fill in goes by libnet.
final class TunInjection: PacketInjection {
  private let device: TunDevice
  private let own: LibnetInjection
  private let isUncut: Bool
  /// False once the kernel has refused (before Linux 6.2).
  private(set) var takesUDP: Bool

  init(_ device: TunDevice, own: LibnetInjection, isUncut: Bool) {
    (self.device, self.own, self.isUncut) = (device, own, isUncut)
    takesUDP = isUncut
  }

  var takesTCP: Bool { isUncut }

  func inject(_ packet: UnsafeRawBufferPointer) -> Bool {
    vine_tun_write(device.descriptor, packet.baseAddress, packet.count, 0, 0, 0) == 0
  }

  func injectOwn(_ packet: UnsafeRawBufferPointer) -> Bool { own.injectOwn(packet) }

  func inject(super packet: UnsafeMutableRawBufferPointer, segmentSize: Int) -> Bool {
    guard let view = IPv4View(UnsafeRawBufferPointer(packet)) else { return false }
    let isUDP = view.transport == Transport.udp
    guard let headersLength = isUDP ? UDPView(view)?.headersLength : TCPView(view)?.headersLength else { return false }
    if !isUDP || takesUDP {
      if vine_tun_write(
        device.descriptor, packet.baseAddress, packet.count, UInt16(segmentSize), UInt16(view.headerLength),
        UInt16(headersLength)) == 0
      {
        return true
      }
      guard isUDP, SystemError.last.code == EINVAL else { return false }
      takesUDP = false
    }
    return own.inject(super: packet, segmentSize: segmentSize)
  }

  func refresh() { own.refresh() }
}
