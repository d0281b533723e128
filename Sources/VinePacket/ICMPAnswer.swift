import VineBase

/// The two ICMP errors (RFC 792) that a VR sends to its hosts.
///
/// Nothing is sent in answer to an ICMP error, to a fragment that is not the first, to a broadcast or multicast,
/// or to a source that is no single host (RFC 1812, 4.3.2.7).
public enum ICMPAnswer {
  /// Longest answer, with its IP header (RFC 1812, 4.3.2.3: quote as much as fits 576 bytes).
  public static let byteCountMax = 576

  /// "Fragmentation needed and DF set": type 3, code 4, with the next hop's MTU (RFC 1191, 4).
  /// - Parameters:
  ///   - packet: the packet that did not fit.
  ///   - mtu: what would have fitted, IP header included.
  ///   - gateway: the VR's own address in the host's block; the answer's source.
  ///   - buffer: `byteCountMax` bytes or more, apart from the packet's.
  /// - Returns: length of the answer at the front of `buffer`; nil if none may be sent.
  public static func fragmentationNeeded(
    for packet: IPv4View, mtu: UInt16, from gateway: IPv4Address, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    build(type: 3, code: 4, rest: UInt32(mtu), packet, gateway, buffer)
  }

  /// "Time to live exceeded in transit": type 11, code 0.
  /// - Returns: length of the answer at the front of `buffer`; nil if none may be sent.
  public static func timeExceeded(
    for packet: IPv4View, from gateway: IPv4Address, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    build(type: 11, code: 0, rest: 0, packet, gateway, buffer)
  }

  private static func build(
    type: UInt8, code: UInt8, rest: UInt32, _ packet: IPv4View, _ gateway: IPv4Address,
    _ buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard buffer.count >= byteCountMax, mayAnswer(packet) else { return nil }
    let quoted = min(packet.totalLength, byteCountMax - 28)
    let total = 28 + quoted
    UnsafeMutableRawBufferPointer(rebasing: buffer[28..<total])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: packet.bytes[..<quoted]))
    writeICMP(type: type, code: code, rest: rest, buffer, total)
    writeIP(from: gateway.rawValue, to: packet.source, buffer, total)
    return total
  }

  private static func writeICMP(
    type: UInt8, code: UInt8, rest: UInt32, _ buffer: UnsafeMutableRawBufferPointer, _ total: Int
  ) {
    buffer[20] = type
    buffer[21] = code
    PacketEdit.storeWord(0, buffer, at: 22)
    buffer.storeBytes(of: rest.bigEndian, toByteOffset: 24, as: UInt32.self)
    let message = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[20..<total])
    PacketEdit.storeWord(InternetChecksum.of(message), buffer, at: 22)
  }

  private static func writeIP(
    from source: UInt32, to destination: UInt32, _ buffer: UnsafeMutableRawBufferPointer, _ total: Int
  ) {
    buffer[0] = 0x45
    buffer[1] = 0xC0  // precedence 6, internetwork control (RFC 1812, 4.3.2.5)
    PacketEdit.storeWord(UInt16(total), buffer, at: 2)
    buffer.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
    buffer[8] = 64
    buffer[9] = Transport.icmp
    PacketEdit.storeWord(0, buffer, at: 10)
    buffer.storeBytes(of: source.bigEndian, toByteOffset: 12, as: UInt32.self)
    buffer.storeBytes(of: destination.bigEndian, toByteOffset: 16, as: UInt32.self)
    let header = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<20])
    PacketEdit.storeWord(InternetChecksum.of(header), buffer, at: 10)
  }

  private static func mayAnswer(_ packet: IPv4View) -> Bool {
    guard packet.fragmentOffset == 0, isHost(packet.source), packet.destination < 0xE000_0000 else { return false }
    guard packet.transport == Transport.icmp else { return true }
    guard let type = packet.payload.first else { return false }
    return isQuery(type)
  }

  private static func isHost(_ address: UInt32) -> Bool {
    address >> 24 != 0 && address >> 24 != 127 && address < 0xE000_0000
  }

  /// Echo, router discovery, timestamp, information and mask; every other type is taken for an error.
  private static func isQuery(_ type: UInt8) -> Bool {
    switch type {
    case 0, 8, 9, 10, 13...18: true
    default: false
    }
  }
}
