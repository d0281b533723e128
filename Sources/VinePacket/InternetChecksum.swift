/// The checksum of IPv4, ICMP and TCP. Source: RFC 1071; changes of one word: RFC 1624, equation 3.
public enum InternetChecksum {
  /// The folded one's complement sum of `bytes` as big-endian words; an odd last byte counts as a high byte.
  /// - Parameter start: the sum of what lies before, which must have been an even number of bytes.
  @inlinable
  public static func sum(_ bytes: UnsafeRawBufferPointer, from start: UInt16 = 0) -> UInt16 {
    guard let base = bytes.baseAddress else { return start }
    var total: UInt64 = 0
    var position = 0
    // The sum does not care which end of a word is high (RFC 1071, 2 B): words are added as they lie and swapped in
    // the end. 2^16 = 1 modulo 2^16 - 1, so 32 bits at a time will do, and 64 KiB of them stay far below 2^64. Four
    // sums beside one another are one vector.
    var (first, second, third, fourth): (SIMD4<UInt64>, SIMD4<UInt64>, SIMD4<UInt64>, SIMD4<UInt64>) = (
      .zero, .zero, .zero, .zero
    )
    while position + 64 <= bytes.count {
      first &+= SIMD4(truncatingIfNeeded: (base + position).loadUnaligned(as: SIMD4<UInt32>.self))
      second &+= SIMD4(truncatingIfNeeded: (base + position + 16).loadUnaligned(as: SIMD4<UInt32>.self))
      third &+= SIMD4(truncatingIfNeeded: (base + position + 32).loadUnaligned(as: SIMD4<UInt32>.self))
      fourth &+= SIMD4(truncatingIfNeeded: (base + position + 48).loadUnaligned(as: SIMD4<UInt32>.self))
      position += 64
    }
    total = (first &+ second &+ third &+ fourth).wrappedSum()
    while position + 4 <= bytes.count {
      total &+= UInt64((base + position).loadUnaligned(as: UInt32.self))
      position += 4
    }
    if position + 2 <= bytes.count {
      total &+= UInt64((base + position).loadUnaligned(as: UInt16.self))
      position += 2
    }
    if position < bytes.count { total &+= UInt64(UInt16(bigEndian: UInt16(bytes[position]) << 8)) }
    let sum = UInt16(bigEndian: fold(total))
    return fold(UInt64(sum) + UInt64(start))
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

  /// The sum of addresses, protocol and length, with which TCP's and UDP's sums begin (RFC 9293, 3.1; RFC 768).
  /// - Parameter bytes: an IPv4 header or more.
  @inlinable
  static func pseudoHeader(_ bytes: UnsafeRawBufferPointer, segmentLength: Int) -> UInt16 {
    sum(UnsafeRawBufferPointer(rebasing: bytes[12..<20]), from: fold(UInt64(bytes[9]) + UInt64(segmentLength)))
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
