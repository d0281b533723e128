/// An IPv4 packet (RFC 791) in bytes that somebody else owns: checked once, then read without checks.
///
/// Plain data; it must not outlive the bytes. Addresses are plain integers in host order, because the forwarding
/// table asks for them so.
public struct IPv4View {
  /// The packet: header and payload, `totalLength` bytes.
  public let bytes: UnsafeRawBufferPointer
  public let source: UInt32
  public let destination: UInt32
  /// 20...60 bytes.
  public let headerLength: Int
  public let totalLength: Int

  public static let headerLengthMin = 20

  /// - Returns: nil unless `bytes` starts with a whole IPv4 packet; bytes behind its total length are left out.
  ///   The header checksum is another question: `hasValidChecksum`.
  @inlinable
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.headerLengthMin, bytes[0] >> 4 == 4 else { return nil }
    let headerLength = Int(bytes[0] & 15) * 4
    let totalLength = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    guard headerLength >= Self.headerLengthMin, totalLength >= headerLength, totalLength <= bytes.count else {
      return nil
    }
    self.bytes = UnsafeRawBufferPointer(rebasing: bytes[..<totalLength])
    self.headerLength = headerLength
    self.totalLength = totalLength
    source = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    destination = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  /// The IANA number of the protocol inside: 1 ICMP, 6 TCP, 17 UDP.
  @inlinable public var transport: UInt8 { bytes[9] }
  @inlinable public var timeToLive: UInt8 { bytes[8] }
  @inlinable public var identification: UInt16 { word(at: 4) }
  @inlinable public var dontFragment: Bool { bytes[6] & 0x40 != 0 }
  @inlinable public var moreFragments: Bool { bytes[6] & 0x20 != 0 }
  /// Where the payload lies in the payload of the whole packet, in bytes (a multiple of 8).
  @inlinable public var fragmentOffset: Int { Int(word(at: 6) & 0x1FFF) * 8 }
  @inlinable public var isFragment: Bool { word(at: 6) & 0x3FFF != 0 }
  @inlinable public var header: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[..<headerLength]) }
  @inlinable public var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[headerLength...]) }
  @inlinable public var hasValidChecksum: Bool { InternetChecksum.isValid(header) }

  @inlinable
  func word(at offset: Int) -> UInt16 {
    UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}

/// Protocol numbers that the data plane looks at.
public enum Transport {
  public static let icmp: UInt8 = 1
  public static let tcp: UInt8 = 6
  public static let udp: UInt8 = 17
}
