import VineBase

/// The newest record of each key.
public struct RecordStore: Sendable {
  /// More records than any mesh this version is made for has; at the limit new keys are refused.
  static let recordsMax = 200_000

  private var held: SortedMap<RecordKey, SignedRecord> = [:]
  /// Sum of the records' hashes: changes with each of them, and does not depend on order.
  public private(set) var root: UInt64 = 0

  public init() {}

  public var count: Int { held.count }
  /// In the order of their keys.
  public var all: [SignedRecord] { held.values }
  var keys: [RecordKey] { held.keys }

  public subscript(key: RecordKey) -> SignedRecord? { held[key] }

  /// - Returns: false unless the record is new or newer, and within limits.
  mutating func insert(_ record: SignedRecord) -> Bool {
    guard record.isWithinLimits else { return false }
    if let known = held[record.key] {
      guard known.version < record.version else { return false }
      root &-= Self.hash(known)
    } else if held.count >= Self.recordsMax {
      return false
    }
    held[record.key] = record
    root &+= Self.hash(record)
    return true
  }

  /// FNV-1a over key and version, finished with a multiplication so that sums spread.
  private static func hash(_ record: SignedRecord) -> UInt64 {
    var writer = ByteWriter(capacity: 64)
    writer.integer(record.key.kind.rawValue)
    writer.append(record.key.id)
    writer.integer(record.version.epoch)
    writer.integer(record.version.sequence)
    let hash = FNV1a.hash(writer.bytes)
    return (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
  }
}
