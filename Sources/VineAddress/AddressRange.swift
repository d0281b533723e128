import VineBase

/// Addresses from `first` to `last`, both included; never empty. Order is by first, then last address.
public struct AddressRange: Hashable, Comparable, Sendable {
  public let first: IPv4Address
  public let last: IPv4Address

  public init(first: IPv4Address, last: IPv4Address) {
    precondition(first <= last, "a range ends where it starts or later")
    self.first = first
    self.last = last
  }

  public init(_ address: IPv4Address) { self.init(first: address, last: address) }

  /// One to 2^32.
  public var count: UInt64 { UInt64(last.rawValue - first.rawValue) + 1 }

  public func contains(_ address: IPv4Address) -> Bool { first <= address && address <= last }

  public func overlaps(_ other: AddressRange) -> Bool { first <= other.last && other.first <= last }

  public func intersection(_ other: AddressRange) -> AddressRange? {
    overlaps(other) ? AddressRange(first: max(first, other.first), last: min(last, other.last)) : nil
  }

  public static func < (left: Self, right: Self) -> Bool { (left.first, left.last) < (right.first, right.last) }
}

extension AddressRange: CustomStringConvertible {
  public var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}
