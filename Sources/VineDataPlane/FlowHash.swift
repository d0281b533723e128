import VineBase
import VinePacket

/// Which flow a packet belongs to, for turns in a `FairBacklog`. Never 0, which is that of control messages.
enum FlowHash {
  /// By addresses, protocol and, of TCP and UDP, ports. All fragments of a packet are of one flow, which has no ports.
  /// - Parameter packet: an IPv4 packet, or its headers.
  static func of(_ packet: UnsafeRawBufferPointer) -> UInt32 {
    guard packet.count >= 20 else { return 1 }
    let headerLength = Int(packet[0] & 0xF) * 4
    let transport = packet[9]
    var hash = packet.loadUnaligned(fromByteOffset: 12, as: UInt64.self) ^ UInt64(transport) &* 0x9E37_79B9_7F4A_7C15
    let fragment = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: 6, as: UInt16.self)) & 0x3FFF
    if fragment == 0, transport == Transport.tcp || transport == Transport.udp, packet.count >= headerLength + 4 {
      let ports = packet.loadUnaligned(fromByteOffset: headerLength, as: UInt32.self)
      hash ^= UInt64(ports) &* 0xC2B2_AE3D_27D4_EB4F
    }
    return mixed(hash)
  }

  /// Of frames that can't be looked into: all that a VR sent, or all for it.
  static func of(_ tag: NodeTag) -> UInt32 { mixed(tag.rawValue) }

  private static func mixed(_ value: UInt64) -> UInt32 {
    let product = (value ^ value >> 32) &* 0xD6E8_FEB8_6659_FD93
    return max(1, UInt32(truncatingIfNeeded: product >> 32))
  }
}
