/// Cuts a packet into fragments that fit a smaller path. Source: RFC 791, 3.2 "Example Fragmentation Procedure".
public enum Fragmentation {
  /// Hands `packet` to `body` in pieces of at most `mtu` bytes, first piece first.
  ///
  /// Works on fragments, too: offsets add up, and the last piece keeps the packet's own "more fragments" flag.
  /// Options with the copied flag are in every piece, the others in the first only. The caller has looked at
  /// "don't fragment" (`ICMPAnswer.fragmentationNeeded`).
  /// - Parameters:
  ///   - scratch: where each piece is built, `mtu` bytes or more, apart from the packet's bytes.
  ///   - body: gets one piece at the front of `scratch`; it may change it.
  /// - Returns: how many pieces; 0 if `mtu` has no room for the header and 8 bytes, or offsets would pass 65,535.
  @inlinable
  public static func fragment(
    _ packet: IPv4View, mtu: Int, scratch: UnsafeMutableRawBufferPointer,
    _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Int {
    let payload = packet.payload
    guard scratch.count >= mtu, mtu >= packet.headerLength + 8, packet.fragmentOffset + payload.count <= 0xFFFF
    else { return 0 }
    var (start, pieces) = (0, 0)
    repeat {
      let headerLength = pieces == 0 ? copyHeader(packet, to: scratch) : copyLaterHeader(packet, to: scratch)
      let room = mtu - headerLength
      let isLast = payload.count - start <= room
      let length = isLast ? payload.count - start : room & ~7
      UnsafeMutableRawBufferPointer(rebasing: scratch[headerLength..<(headerLength + length)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: payload[start..<(start + length)]))
      finishHeader(
        scratch, headerLength: headerLength, totalLength: headerLength + length,
        offset: packet.fragmentOffset + start, hasMore: !isLast || packet.moreFragments,
        dontFragment: packet.dontFragment)
      body(UnsafeMutableRawBufferPointer(rebasing: scratch[..<(headerLength + length)]))
      start += length
      pieces += 1
    } while start < payload.count
    return pieces
  }

  @inlinable
  static func copyHeader(_ packet: IPv4View, to scratch: UnsafeMutableRawBufferPointer) -> Int {
    scratch.copyMemory(from: packet.header)
    return packet.headerLength
  }

  /// The header without the options that only the first fragment has; padded with zeros to a multiple of 4.
  /// Bytes that are no options end the walk: what came before them is kept.
  @inlinable
  static func copyLaterHeader(_ packet: IPv4View, to scratch: UnsafeMutableRawBufferPointer) -> Int {
    scratch.copyMemory(from: UnsafeRawBufferPointer(rebasing: packet.bytes[..<IPv4View.headerLengthMin]))
    var (read, written) = (IPv4View.headerLengthMin, IPv4View.headerLengthMin)
    while read < packet.headerLength {
      let kind = packet.bytes[read]
      if kind == 0 { break }
      if kind == 1 {
        read += 1
        continue
      }
      guard read + 1 < packet.headerLength else { break }
      let length = Int(packet.bytes[read + 1])
      guard length >= 2, read + length <= packet.headerLength else { break }
      if kind & 0x80 != 0 {
        for offset in 0..<length { scratch[written + offset] = packet.bytes[read + offset] }
        written += length
      }
      read += length
    }
    while written % 4 != 0 {
      scratch[written] = 0
      written += 1
    }
    return written
  }

  @inlinable
  static func finishHeader(
    _ scratch: UnsafeMutableRawBufferPointer, headerLength: Int, totalLength: Int, offset: Int, hasMore: Bool,
    dontFragment: Bool
  ) {
    scratch[0] = 0x40 | UInt8(headerLength / 4)
    PacketEdit.storeWord(UInt16(totalLength), scratch, at: 2)
    let flags: UInt16 = (dontFragment ? 0x4000 : 0) | (hasMore ? 0x2000 : 0)
    PacketEdit.storeWord(flags | UInt16(offset / 8), scratch, at: 6)
    PacketEdit.storeWord(0, scratch, at: 10)
    let header = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<headerLength])
    PacketEdit.storeWord(InternetChecksum.of(header), scratch, at: 10)
  }
}
