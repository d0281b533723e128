/// The checksum of IPv4, ICMP and TCP. Source: RFC 1071; changes of one word: RFC 1624, equation 3.
public enum InternetChecksum {
  /// The folded one's complement sum of `bytes` as big-endian words; an odd last byte counts as a high byte.
  /// - Parameter start: the sum of what lies before, which must have been an even number of bytes.
  @inlinable
  public static func sum(_ bytes: UnsafeRawBufferPointer, from start: UInt16 = 0) -> UInt16 {
    var total = UInt64(start)
    var position = 0
    // Four bytes at a time: the sum of 16 KiB of them stays far below 2^64, and 2^16 = 1 modulo 2^16 - 1.
    while position + 4 <= bytes.count {
      total &+= UInt64(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
      position += 4
    }
    if position + 2 <= bytes.count {
      total &+= UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt16.self)))
      position += 2
    }
    if position < bytes.count { total &+= UInt64(bytes[position]) << 8 }
    return fold(total)
  }

  /// The checksum field for `bytes`, whose own checksum field must hold zero.
  @inlinable
  public static func of(_ bytes: UnsafeRawBufferPointer, from start: UInt16 = 0) -> UInt16 { ~sum(bytes, from: start) }

  /// Whether `bytes`, checksum field included, sum up as they should.
  @inlinable
  public static func isValid(_ bytes: UnsafeRawBufferPointer, from start: UInt16 = 0) -> Bool {
    sum(bytes, from: start) == 0xFFFF
  }

  /// The checksum after the word `old` at an even offset became `new`. For an odd offset swap the bytes of both.
  @inlinable
  public static func updated(_ checksum: UInt16, replacing old: UInt16, by new: UInt16) -> UInt16 {
    ~fold(UInt64(~checksum) + UInt64(~old) + UInt64(new))
  }

  @inlinable
  static func fold(_ wide: UInt64) -> UInt16 {
    var total = (wide >> 32) + (wide & 0xFFFF_FFFF)
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return UInt16(truncatingIfNeeded: total)
  }
}
