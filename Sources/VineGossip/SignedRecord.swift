import VineBase

/// What a record is about.
public enum RecordKind: UInt8, CaseIterable, Hashable, Sendable {
  /// A VR's word on itself; identified by its NodeID.
  case vr = 1
  /// A fact of the registry, attested by a voter; identified by the fact's key.
  case fact = 2
}

/// Names a record. Order is by kind, then by the bytes of the identifier.
public struct RecordKey: Hashable, Comparable, Sendable {
  public let kind: RecordKind
  public let id: [UInt8]

  public init(kind: RecordKind, id: [UInt8]) {
    self.kind = kind
    self.id = id
  }

  public static func < (left: Self, right: Self) -> Bool {
    left.kind == right.kind ? left.id.lexicographicallyPrecedes(right.id) : left.kind.rawValue < right.kind.rawValue
  }
}

/// Which of two records with one key is newer. VR records: incarnation and sequence; facts: registry epoch and
/// log index. No wall clock anywhere.
public struct RecordVersion: Hashable, Comparable, Sendable {
  public let epoch: UInt64
  public let sequence: UInt64

  public init(epoch: UInt64, sequence: UInt64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.epoch, left.sequence) < (right.epoch, right.sequence)
  }
}

/// A record as it travels and is kept: opaque content, signed over exact bytes and passed on unchanged.
public struct SignedRecord: Hashable, Sendable {
  public let key: RecordKey
  public let version: RecordVersion
  public let author: NodeID
  public let payload: [UInt8]
  /// 64 bytes of Ed25519 over `signedBytes`.
  public let signature: [UInt8]

  /// A record must fit one datagram beside its envelope.
  public static let payloadByteCountMax = 900
  static let idByteCountMax = 64

  public init(key: RecordKey, version: RecordVersion, author: NodeID, payload: [UInt8], signature: [UInt8]) {
    self.key = key
    self.version = version
    self.author = author
    self.payload = payload
    self.signature = signature
  }

  /// What the signature covers.
  public var signedBytes: [UInt8] {
    var writer = ByteWriter(capacity: 128 + payload.count)
    writer.append("vine-mesh record 1\0".utf8)
    writer.integer(key.kind.rawValue)
    writer.integer(UInt16(truncatingIfNeeded: key.id.count))
    writer.append(key.id)
    writer.integer(version.epoch)
    writer.integer(version.sequence)
    writer.append(author.bytes)
    writer.append(payload)
    return writer.bytes
  }

  /// Bytes on the wire, rounded up.
  var weight: Int { payload.count + key.id.count + signature.count + NodeID.byteCount + 48 }

  var isWithinLimits: Bool {
    payload.count <= Self.payloadByteCountMax && key.id.count <= Self.idByteCountMax && signature.count <= 64
  }
}
