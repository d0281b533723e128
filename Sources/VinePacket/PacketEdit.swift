/// Changes that a router makes to a packet on its way, in place, with checksums kept right.
public enum PacketEdit {
  /// Takes one hop off the time to live (RFC 1812, 5.3.1).
  /// - Parameter packet: a packet that `IPv4View` accepted.
  /// - Returns: false, and changes nothing, if no hop is left: then `ICMPAnswer.timeExceeded` is due.
  @inlinable
  public static func decrementTimeToLive(_ packet: UnsafeMutableRawBufferPointer) -> Bool {
    guard packet.count >= IPv4View.headerLengthMin, packet[8] > 1 else { return false }
    let old = loadWord(packet, at: 8)
    let new = old - 0x0100
    storeWord(new, packet, at: 8)
    storeWord(InternetChecksum.updated(loadWord(packet, at: 10), replacing: old, by: new), packet, at: 10)
    return true
  }

  /// Lowers the maximum segment size that a TCP SYN announces, so that the peer's segments fit the path in one
  /// piece (RFC 4459, 3.2). Other packets, later fragments and smaller sizes are left alone, and so is a SYN
  /// without the option, which means 536 (RFC 9293, 3.7.1).
  /// - Parameter packet: a packet that `IPv4View` accepted; its options may be any bytes.
  /// - Returns: whether it changed.
  @inlinable
  public static func clampMSS(_ packet: UnsafeMutableRawBufferPointer, to maximum: UInt16) -> Bool {
    guard let view = IPv4View(UnsafeRawBufferPointer(packet)), view.transport == Transport.tcp else { return false }
    let (tcp, end) = (view.headerLength, view.totalLength)
    guard end - tcp >= 20, view.fragmentOffset == 0, packet[tcp + 13] & 0x02 != 0 else { return false }
    return clampMSSOption(packet, tcp: tcp, optionsEnd: min(end, tcp + Int(packet[tcp + 12] >> 4) * 4), to: maximum)
  }

  /// Walks the options of a SYN: kind 0 ends, kind 1 is one byte, all others carry their length.
  @inlinable
  static func clampMSSOption(
    _ packet: UnsafeMutableRawBufferPointer, tcp: Int, optionsEnd: Int, to maximum: UInt16
  ) -> Bool {
    var position = tcp + 20
    while position < optionsEnd {
      let kind = packet[position]
      if kind == 0 { return false }
      if kind == 1 {
        position += 1
        continue
      }
      guard position + 1 < optionsEnd else { return false }
      let length = Int(packet[position + 1])
      guard length >= 2, position + length <= optionsEnd else { return false }
      if kind == 2, length == 4 {
        return replaceWord(packet, at: position + 2, by: maximum, checksumAt: tcp + 16, segmentAt: tcp)
      }
      position += length
    }
    return false
  }

  @inlinable
  static func replaceWord(
    _ packet: UnsafeMutableRawBufferPointer, at offset: Int, by maximum: UInt16, checksumAt checksum: Int,
    segmentAt segment: Int
  ) -> Bool {
    let old = loadWord(packet, at: offset)
    guard old > maximum else { return false }
    storeWord(maximum, packet, at: offset)
    // An option may start at an odd byte; the two bytes then lie in two words of the sum, each in the other's half.
    let isOdd = (offset - segment) & 1 == 1
    let updated = InternetChecksum.updated(
      loadWord(packet, at: checksum), replacing: isOdd ? old.byteSwapped : old,
      by: isOdd ? maximum.byteSwapped : maximum)
    storeWord(updated, packet, at: checksum)
    return true
  }

  /// Makes the checksum of an IPv4 header of `ipLength` bytes.
  @inlinable
  public static func completeHeaderChecksum(_ headers: UnsafeMutableRawBufferPointer, _ ipLength: Int) {
    storeWord(0, headers, at: 10)
    let header = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(headers)[..<ipLength])
    storeWord(InternetChecksum.of(header), headers, at: 10)
  }

  /// Makes both checksums of a TCP segment or a datagram.
  /// - Parameters:
  ///   - headers: IPv4's, `ipLength` bytes, and TCP's or UDP's, an even number of bytes, so that the payload's words are
  ///     the segment's.
  ///   - offset: of the second checksum in TCP's or UDP's header.
  @inlinable
  static func completeChecksums(
    _ headers: UnsafeMutableRawBufferPointer, _ ipLength: Int, _ offset: Int, _ payload: UnsafeRawBufferPointer
  ) {
    completeHeaderChecksum(headers, ipLength)
    storeWord(0, headers, at: ipLength + offset)
    let read = UnsafeRawBufferPointer(headers)
    let segment = UnsafeRawBufferPointer(rebasing: read[ipLength...])
    let pseudo = InternetChecksum.pseudoHeader(read, segmentLength: segment.count + payload.count)
    let sum = InternetChecksum.of(payload, from: InternetChecksum.sum(segment, from: pseudo))
    storeWord(sum, headers, at: ipLength + offset)
  }

  /// Fills in the checksum of a packet whose sender left that to its interface.
  /// - Returns: false, and changes nothing, if the packet is no whole TCP segment and no whole datagram.
  @discardableResult
  public static func completeTransportChecksum(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard let packet = IPv4View(UnsafeRawBufferPointer(bytes)) else { return false }
    if let tcp = TCPView(packet) {
      let headers = UnsafeMutableRawBufferPointer(rebasing: bytes[..<tcp.headersLength])
      completeChecksums(headers, packet.headerLength, TCPSegmentation.checksumOffset, tcp.payload)
      return true
    }
    guard let udp = UDPView(packet) else { return false }
    let headers = UnsafeMutableRawBufferPointer(rebasing: bytes[..<udp.headersLength])
    UDPSegmentation.completeChecksums(headers, packet.headerLength, udp.payload)
    return true
  }

  @inlinable
  static func loadWord(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> UInt16 {
    UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inlinable
  static func storeWord(_ value: UInt16, _ bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }
}
