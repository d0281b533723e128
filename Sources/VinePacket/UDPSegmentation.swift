/// Cuts a UDP super-packet into its datagrams, as an interface with UDP segmentation would.
public enum UDPSegmentation {
  /// - Parameters:
  ///   - packet: a packet that is no fragment; its checksum may be any.
  ///   - segmentSize: payload of each datagram, the last one perhaps shorter; more than 0.
  ///   - scratch: where headers are built, `TCPSegmentation.headersMax` bytes or more, apart from the packet's bytes.
  ///   - body: gets headers and payload of each datagram, in order, with right checksums.
  /// - Returns: how many; 0 if the packet is no whole datagram.
  public static func cut(
    _ packet: IPv4View, segmentSize: Int, scratch: UnsafeMutableRawBufferPointer,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) -> Int {
    guard let udp = UDPView(packet), segmentSize > 0, scratch.count >= udp.headersLength else { return 0 }
    let headers = UnsafeMutableRawBufferPointer(rebasing: scratch[..<udp.headersLength])
    let payload = udp.payload
    var (start, count) = (0, 0)
    repeat {
      let part = UnsafeRawBufferPointer(rebasing: payload[start..<min(start + segmentSize, payload.count)])
      headers.copyMemory(from: UnsafeRawBufferPointer(rebasing: packet.bytes[..<udp.headersLength]))
      PacketEdit.storeWord(UInt16(udp.headersLength + part.count), headers, at: 2)
      PacketEdit.storeWord(packet.identification &+ UInt16(truncatingIfNeeded: count), headers, at: 4)
      PacketEdit.storeWord(UInt16(UDPView.headerLength + part.count), headers, at: packet.headerLength + 4)
      completeChecksums(headers, packet.headerLength, part)
      body(UnsafeRawBufferPointer(headers), part)
      start += part.count
      count += 1
    } while start < payload.count
    return count
  }

  static let checksumOffset = 6

  /// A sum of zero is sent as all ones (RFC 768): zero says that there is none.
  static func completeChecksums(
    _ headers: UnsafeMutableRawBufferPointer, _ ipLength: Int, _ payload: UnsafeRawBufferPointer
  ) {
    PacketEdit.completeChecksums(headers, ipLength, checksumOffset, payload)
    let field = ipLength + checksumOffset
    if headers[field] | headers[field + 1] == 0 { PacketEdit.storeWord(0xFFFF, headers, at: field) }
  }
}

/// A UDP datagram (RFC 768) in an IPv4 packet that is no fragment: checked once, then read without checks.
public struct UDPView {
  public static let headerLength = 8

  @usableFromInline let packet: IPv4View
  /// IPv4 and UDP headers.
  public let headersLength: Int

  /// - Returns: nil also if the datagram's length is not the packet's.
  @inlinable
  public init?(_ packet: IPv4View) {
    let start = packet.headerLength
    guard packet.transport == Transport.udp, !packet.isFragment, packet.totalLength >= start + Self.headerLength,
      packet.word(at: start + 4) == packet.totalLength - start
    else { return nil }
    self.packet = packet
    headersLength = start + Self.headerLength
  }

  @inlinable public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: packet.bytes[headersLength...])
  }

  /// There is one, and it is right.
  @inlinable public var hasValidChecksum: Bool {
    let datagram = packet.payload
    return packet.word(at: packet.headerLength + 6) != 0
      && InternetChecksum.isValid(
        datagram, from: InternetChecksum.pseudoHeader(packet.bytes, segmentLength: datagram.count))
  }
}
