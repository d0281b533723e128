/// FNV-1a of 64 bits (Fowler, Noll, Vo): tells equal content from different content on every VR alike. It resists no
/// one who wants two contents to look equal: what must, is signed.
public struct FNV1a: Hashable, Sendable {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  public mutating func append(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  public static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash = FNV1a()
    hash.append(bytes)
    return hash.value
  }
}

extension UInt64 {
  /// A bijection that spreads every bit over all (SplitMix64's finisher, Steele, Lea and Flood 2014).
  @inlinable public var mixed: UInt64 {
    var word = self
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
