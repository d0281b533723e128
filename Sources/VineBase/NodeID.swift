/// A VR's identity: its Ed25519 public key, 32 bytes.
///
/// The key *is* the identity (paper 3.7: "VRs are identified by their public keys"), so a signature is checked
/// by the identifier alone. Order is the byte order of the key, used to break ties the same way on every VR.
@frozen
public struct NodeID: Hashable, Comparable, Sendable {
  /// The key as four big-endian words, first byte most significant.
  @usableFromInline let a, b, c, d: UInt64

  @inlinable public static var byteCount: Int { 32 }

  /// - Returns: nil unless `bytes` holds exactly 32 bytes.
  @inlinable public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var (words, position): ([4 of UInt64], Int) = ([0, 0, 0, 0], 0)
    for byte in bytes {
      words[position &>> 3] = words[position &>> 3] &<< 8 | UInt64(byte)
      position &+= 1
    }
    (a, b, c, d) = (words[0], words[1], words[2], words[3])
  }

  private init(first word: UInt64) { (a, b, c, d) = (word, 0, 0, 0) }

  /// The least identifier with this tag; VRs that have it, if any, are the next in order.
  public static func lowest(tagged tag: NodeTag) -> NodeID { NodeID(first: tag.rawValue) }

  /// Before every other in order; no VR's.
  public static let lowest = NodeID(first: 0)

  /// The 32 bytes of the key.
  public var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      for (position, word) in [a, b, c, d].enumerated() {
        for byte in 0..<8 { buffer[8 * position + byte] = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * byte)) }
      }
      count = Self.byteCount
    }
  }

  /// The first 64 bits, which stand for the VR in relay headers; the registry admits no two VRs with one tag.
  public var tag: NodeTag { NodeTag(rawValue: a) }

  @inlinable public static func < (left: Self, right: Self) -> Bool {
    // Two keys hardly ever share their first 64 bits.
    left.a != right.a ? left.a < right.a : (left.b, left.c, left.d) < (right.b, right.c, right.d)
  }

  @inlinable public static func == (left: Self, right: Self) -> Bool {
    left.a == right.a && left.b == right.b && left.c == right.c && left.d == right.d
  }

  /// Keys are random already: their first words are as good as all.
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(a) }
}

extension NodeID: CustomStringConvertible {
  /// Ten characters of base32, enough to tell VRs apart on a screen: `k7f3q-2xaru`.
  public var description: String {
    let text = Base32.encode(Array(bytes.prefix(7)))
    return "\(text.prefix(5))-\(text.dropFirst(5).prefix(5))"
  }

  /// The whole key as 52 characters of base32.
  public var text: String { Base32.encode(bytes) }

  /// Reads what `text` wrote.
  public init?(text: String) {
    guard let bytes = Base32.decode(text) else { return nil }
    self.init(bytes)
  }
}

/// The first 64 bits of a `NodeID`.
public struct NodeTag: Hashable, Comparable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
