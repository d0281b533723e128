/// An amount of bytes. A size and a count of something else never mix.
public struct ByteCount: Hashable, Comparable, Sendable {
  public let bytes: Int
  public init(_ bytes: Int) { self.bytes = bytes }
  public static let zero = ByteCount(0)
  public static func kibibytes(_ count: Int) -> Self { ByteCount(count << 10) }
  public static func mebibytes(_ count: Int) -> Self { ByteCount(count << 20) }
  public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
  public static func + (left: Self, right: Self) -> Self { ByteCount(left.bytes + right.bytes) }
  public static func - (left: Self, right: Self) -> Self { ByteCount(left.bytes - right.bytes) }
  public static func += (left: inout Self, right: Self) { left = left + right }
  public static func -= (left: inout Self, right: Self) { left = left - right }
}

/// A data rate in bits a second.
public struct BitRate: Hashable, Comparable, Sendable {
  public let bitsPerSecond: Int64
  public init(bitsPerSecond: Int64) { self.bitsPerSecond = bitsPerSecond }
  public static func < (left: Self, right: Self) -> Bool { left.bitsPerSecond < right.bitsPerSecond }
  /// Megabits a second, as shown to people.
  public var megabits: Double { Double(bitsPerSecond) / 1_000_000 }
}
