import VineBase

/// A store's identity: 16 random bytes, made when the store is made.
///
/// A VR that lost its disk has another one, and with it is another voter: it cannot vote twice in a term, nor pass
/// for somebody who still has what was acknowledged.
public struct StoreID: Hashable, Comparable, Sendable {
  private let high, low: UInt64

  public static let byteCount = 16

  /// - Returns: nil unless `bytes` holds exactly 16 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A store of a simulation or a test.
  public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  public var bytes: [UInt8] {
    var writer = ByteWriter(capacity: Self.byteCount)
    writer.integer(high)
    writer.integer(low)
    return writer.bytes
  }

  public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

extension StoreID: CustomStringConvertible {
  /// Six characters of base32, enough to tell the stores of one VR apart.
  public var description: String { String(Base32.encode(Array(bytes.prefix(4))).prefix(6)) }
}

/// Who votes: a VR with one store.
public struct VoterID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let node: NodeID
  public let store: StoreID

  public init(node: NodeID, store: StoreID) { (self.node, self.store) = (node, store) }

  public static func < (left: Self, right: Self) -> Bool {
    left.node != right.node ? left.node < right.node : left.store < right.store
  }

  public var description: String { "\(node)/\(store)" }
}

/// The life of a group: `vine-mesh recover` begins a new one. Voters of two epochs do not hear one another.
public struct Epoch: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Of a mesh that was never recovered.
  public static let first = Epoch(rawValue: 1)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var description: String { "epoch \(rawValue)" }
}

/// A term of leadership; rises only.
public struct Term: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let zero = Term(rawValue: 0)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var next: Term { Term(rawValue: rawValue + 1) }
  public var description: String { "term \(rawValue)" }
}

/// A place in the log; the first entry has 1, zero is before it.
public struct LogIndex: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let zero = LogIndex(rawValue: 0)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var next: LogIndex { LogIndex(rawValue: rawValue + 1) }
  /// Zero has itself.
  public var previous: LogIndex { LogIndex(rawValue: rawValue == 0 ? 0 : rawValue - 1) }
  public func advanced(by count: Int) -> LogIndex { LogIndex(rawValue: rawValue + UInt64(count)) }
  public var description: String { "\(rawValue)" }
}
