/// Cuts a TCP packet that is larger than a path into segments that fit, as an interface's offload would.
///
/// Sequence numbers go on, PSH and FIN stay with the last segment, CWR with the first (RFC 3168, 6.1.2), all other
/// fields and the options are in every segment; the identification counts up.
public enum TCPSegmentation {
  /// IPv4 and TCP headers with all options.
  public static let headersMax = 120

  /// - Parameters:
  ///   - packet: a packet that is no fragment; its checksum may be any.
  ///   - mtu: no segment is longer, IP header included.
  ///   - scratch: where headers are built, `headersMax` bytes or more, apart from the packet's bytes.
  ///   - body: gets headers and payload of each segment, in order, with right checksums.
  /// - Returns: how many segments; 0 if the packet is no whole TCP segment or `mtu` has no room for a byte.
  @inlinable
  public static func cut(
    _ packet: IPv4View, mtu: Int, scratch: UnsafeMutableRawBufferPointer,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) -> Int {
    guard let tcp = TCPView(packet), tcp.headersLength < mtu, scratch.count >= tcp.headersLength else { return 0 }
    let headers = UnsafeMutableRawBufferPointer(rebasing: scratch[..<tcp.headersLength])
    let (payload, room) = (tcp.payload, mtu - tcp.headersLength)
    let first = tcp.flags & ~(TCPView.fin | TCPView.psh)
    var (start, count) = (0, 0)
    repeat {
      let length = min(room, payload.count - start)
      let isLast = start + length == payload.count
      headers.copyMemory(from: UnsafeRawBufferPointer(rebasing: packet.bytes[..<tcp.headersLength]))
      PacketEdit.storeWord(UInt16(tcp.headersLength + length), headers, at: 2)
      PacketEdit.storeWord(packet.identification &+ UInt16(truncatingIfNeeded: count), headers, at: 4)
      headers.storeBytes(
        of: (tcp.sequence &+ UInt32(start)).bigEndian, toByteOffset: packet.headerLength + 4, as: UInt32.self)
      let flags = isLast ? tcp.flags : first
      headers[packet.headerLength + 13] = count == 0 ? flags : flags & ~TCPView.cwr
      let part = UnsafeRawBufferPointer(rebasing: payload[start..<(start + length)])
      PacketEdit.completeChecksums(headers, packet.headerLength, checksumOffset, part)
      body(UnsafeRawBufferPointer(headers), part)
      start += length
      count += 1
    } while start < payload.count
    return count
  }

  @usableFromInline
  static let checksumOffset = 16
}

/// A TCP segment (RFC 9293, 3.1) in an IPv4 packet that is no fragment: checked once, then read without checks.
public struct TCPView {
  public static let fin: UInt8 = 0x01
  public static let psh: UInt8 = 0x08
  public static let ack: UInt8 = 0x10
  public static let cwr: UInt8 = 0x80

  @usableFromInline let packet: IPv4View
  /// IPv4 and TCP headers, options included.
  public let headersLength: Int

  @inlinable
  public init?(_ packet: IPv4View) {
    let start = packet.headerLength
    guard packet.transport == Transport.tcp, !packet.isFragment, packet.totalLength >= start + 20 else { return nil }
    let length = Int(packet.bytes[start + 12] >> 4) * 4
    guard length >= 20, packet.totalLength >= start + length else { return nil }
    self.packet = packet
    headersLength = start + length
  }

  @inlinable public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: packet.bytes[headersLength...])
  }
  @inlinable public var sequence: UInt32 {
    UInt32(
      bigEndian: packet.bytes.loadUnaligned(fromByteOffset: packet.headerLength + 4, as: UInt32.self))
  }
  @inlinable public var flags: UInt8 { packet.bytes[packet.headerLength + 13] }

  @inlinable public var hasValidChecksum: Bool {
    let segment = packet.payload
    return InternetChecksum.isValid(
      segment, from: InternetChecksum.pseudoHeader(packet.bytes, segmentLength: segment.count))
  }
}
