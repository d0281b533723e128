@testable import VinePacket

/// Packets of the doors: copies of what was in a buffer, and what must be true of them.
enum PacketBytes {
  static func whole(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? { IPv4View(bytes).map { Array($0.bytes) } }

  static func joined(_ headers: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> [UInt8] {
    Array(headers) + Array(payload)
  }

  /// With right checksums of IPv4, and of TCP or UDP if it has one.
  static func completed(_ packet: [UInt8]) -> [UInt8] {
    change(packet) { bytes in
      PacketEdit.completeHeaderChecksum(bytes, Int(bytes[0] & 15) * 4)
      PacketEdit.completeTransportChecksum(bytes)
    }
  }

  static func change(_ packet: [UInt8], _ body: (UnsafeMutableRawBufferPointer) -> Void) -> [UInt8] {
    var packet = packet
    packet.withUnsafeMutableBytes(body)
    return packet
  }

  static func view<Result>(_ packet: [UInt8], _ body: (IPv4View) -> Result) -> Result? {
    packet.withUnsafeBytes { IPv4View($0).map(body) }
  }

  /// What of the checksums of a packet is right; a packet of which one is nil has no such checksum.
  struct Verdict: Equatable {
    var header: Bool
    var transport: Bool?
  }

  static func verdict(_ packet: [UInt8]) -> Verdict? {
    view(packet) { view in
      var verdict = Verdict(header: view.hasValidChecksum)
      if let tcp = TCPView(view) {
        verdict.transport = tcp.hasValidChecksum
      } else if let udp = UDPView(view) {
        let field = view.headerLength + 6
        verdict.transport = view.bytes[field] | view.bytes[field + 1] == 0 ? nil : udp.hasValidChecksum
      } else if view.transport == Transport.icmp, !view.isFragment, view.payload.count >= 8 {
        verdict.transport = InternetChecksum.isValid(view.payload)
      }
      return verdict
    }
  }
}
