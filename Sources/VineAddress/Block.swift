import VineBase

/// A block of addresses as the registry gives them out: an aligned power of two (CIDR).
///
/// Its first address names the network, the next is the VR's own (`gateway`, the hosts' next hop), its last is
/// the broadcast address. Order is by base, the larger block first.
public struct Block: Hashable, Comparable, Sendable {
  public let base: IPv4Address
  /// Tables hold many blocks: eight bytes each.
  private let length: UInt8
  /// 0...32.
  public var prefixLength: Int { Int(length) }

  /// - Returns: nil if the prefix length is out of range or `base` has bits below it.
  public init?(base: IPv4Address, prefixLength: Int) {
    guard (0...32).contains(prefixLength), base.rawValue & Self.hostMask(prefixLength) == 0 else { return nil }
    self.init(aligned: base.rawValue, prefixLength)
  }

  private init(aligned base: UInt32, _ prefixLength: Int) {
    self.base = IPv4Address(rawValue: base)
    length = UInt8(prefixLength)
  }

  /// The space that virtual addresses come from: "the space reserved for private addressing", the less used
  /// 20-bit one of paper 3.3, table 2.
  public static let standardSpace = Block(aligned: 0xAC10_0000, 12)

  /// Before every other in order.
  public static let lowest = Block(aligned: 0, 0)

  /// The block of this length that holds `address`.
  public static func holding(_ address: IPv4Address, prefixLength: Int) -> Block {
    precondition((0...32).contains(prefixLength), "an IPv4 prefix has 0 to 32 bits")
    return Block(aligned: address.rawValue & ~hostMask(prefixLength), prefixLength)
  }

  /// The longest prefix whose block has room for `hosts` and its network, gateway and broadcast address.
  /// - Returns: nil for no hosts, or more than any block holds.
  public static func prefixLength(forHosts hosts: Int) -> Int? {
    guard hosts > 0, hosts <= Int(UInt32.max) - 3 else { return nil }
    return (0...30).last { UInt64(1) << (32 - $0) >= UInt64(hosts) + 3 }
  }

  public var addressCount: UInt64 { UInt64(1) << (32 - prefixLength) }
  public var last: IPv4Address { IPv4Address(rawValue: base.rawValue | Self.hostMask(prefixLength)) }
  public var range: AddressRange { AddressRange(first: base, last: last) }
  /// The VR's own address in the block: the first after the network's. Blocks of one address have only that.
  public var gateway: IPv4Address { prefixLength == 32 ? base : IPv4Address(rawValue: base.rawValue + 1) }
  public var broadcast: IPv4Address { last }
  /// `255.240.0.0` of a /12.
  public var netmask: IPv4Address { IPv4Address(rawValue: ~Self.hostMask(prefixLength)) }

  /// What hosts can have: all but network, gateway and broadcast; nil where nothing is left.
  public var hostRange: AddressRange? {
    guard addressCount > 3 else { return nil }
    return AddressRange(
      first: IPv4Address(rawValue: base.rawValue + 2), last: IPv4Address(rawValue: last.rawValue - 1))
  }

  public func contains(_ address: IPv4Address) -> Bool { range.contains(address) }

  public func contains(_ other: Block) -> Bool { prefixLength <= other.prefixLength && contains(other.base) }

  public func overlaps(_ other: Block) -> Bool { contains(other) || other.contains(self) }

  /// The two halves; nil of a single address.
  public var halves: (Block, Block)? {
    guard prefixLength < 32 else { return nil }
    let longer = prefixLength + 1
    return (
      Block(aligned: base.rawValue, longer), Block(aligned: base.rawValue | UInt32(1) << (31 - prefixLength), longer)
    )
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.base, left.prefixLength) < (right.base, right.prefixLength)
  }

  private static func hostMask(_ prefixLength: Int) -> UInt32 {
    prefixLength == 0 ? .max : (UInt32(1) << (32 - prefixLength)) &- 1
  }
}

extension Block: LosslessStringConvertible {
  /// `172.16.0.0/24`; host bits that are set make it nil, because they hint at a slip.
  public init?(_ description: String) {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let base = IPv4Address(String(parts[0])), (1...2).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1])
    else { return nil }
    self.init(base: base, prefixLength: length)
  }

  public var description: String { "\(base)/\(prefixLength)" }
}
