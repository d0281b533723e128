import VineBase

/// What a record is about.
public struct RecordKind: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A VR's word on itself; identified by its NodeID.
  public static let vr = RecordKind(rawValue: 1)
  /// A fact of the registry, attested by a voter; identified by the fact's key.
  public static let fact = RecordKind(rawValue: 2)

  /// Kinds that this version can use. Others come from newer versions: kept and passed on, within bounds.
  public var isKnown: Bool { self == .vr || self == .fact }
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

/// A record's place in the hash tree: 64 bits spread evenly over all keys. A VR's place stands for the VR in rumours.
public struct RecordPlace: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The registry admits no two VRs with one tag, so their places differ, too. Other keys may, with luck or effort,
  /// share a place: the store tells them apart by their keys.
  public init(of node: NodeID) { self.init(rawValue: node.tag.rawValue.mixed) }

  public init(of key: RecordKey) {
    if key.kind == .vr, let node = NodeID(key.id) {
      self.init(of: node)
    } else {
      var hash = FNV1a()
      hash.append(CollectionOfOne(key.kind.rawValue))
      hash.append(key.id)
      self.init(rawValue: hash.value.mixed)
    }
  }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
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

/// A record as it travels and is kept: opaque content, signed over exact bytes and passed on unchanged. Copies share
/// their content.
public struct SignedRecord: Hashable, Sendable {
  private final class Content: Sendable {
    let key: RecordKey
    let version: RecordVersion
    let author: NodeID
    let payload: [UInt8]
    let signature: [UInt8]
    let place: RecordPlace

    init(key: RecordKey, version: RecordVersion, author: NodeID, payload: [UInt8], signature: [UInt8]) {
      self.key = key
      self.version = version
      self.author = author
      self.payload = payload
      self.signature = signature
      place = RecordPlace(of: key)
    }
  }

  private let content: Content

  public var key: RecordKey { content.key }
  public var version: RecordVersion { content.version }
  public var author: NodeID { content.author }
  public var payload: [UInt8] { content.payload }
  /// 64 bytes of Ed25519 over `signedBytes`.
  public var signature: [UInt8] { content.signature }
  /// Where it is kept and what it is called on the wire.
  public var place: RecordPlace { content.place }

  /// Room for a VR's part in sixty ViNes, and for what it derived of them; then a record goes in three fragments, most
  /// in one datagram.
  public static let payloadByteCountMax = 3000
  static let idByteCountMax = 64

  public init(key: RecordKey, version: RecordVersion, author: NodeID, payload: [UInt8], signature: [UInt8]) {
    content = Content(key: key, version: version, author: author, payload: payload, signature: signature)
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

  public static func == (left: Self, right: Self) -> Bool {
    left.content === right.content
      || left.key == right.key && left.version == right.version && left.author == right.author
        && left.payload == right.payload && left.signature == right.signature
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(place)
    hasher.combine(version)
  }
}
