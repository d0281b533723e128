import VineBase
import VineGossip
import VineRegistry
import VineSession
import VineWire

/// Which signed records are believed: the one check between a peer's bytes and the store.
public struct RecordTrust: Sendable {
  /// Whose word on the registry counts before any fact says who votes; from the genesis.
  public let founder: NodeID
  private let isValid: @Sendable ([UInt8], [UInt8], NodeID) -> Bool
  /// What a record says.
  public let content: @Sendable (SignedRecord) -> RecordContent

  /// - Parameter isValid: whether a signature is an author's over the bytes.
  public init(
    founder: NodeID,
    isValid: @escaping @Sendable ([UInt8], [UInt8], NodeID) -> Bool = { Signature.isValid($0, of: $1, by: $2) },
    content: @escaping @Sendable (SignedRecord) -> RecordContent = { RecordContent($0) }
  ) {
    self.founder = founder
    self.isValid = isValid
    self.content = content
  }

  /// A VR's record must be the VR's own; a fact must be attested by a VR that voted when it was decided, and its key
  /// and version must be those inside the signed payload.
  /// - Parameter view: facts believed so far. Who votes is one of them, attested by an earlier voter, and the first by
  ///   the founder.
  public func isAuthentic(_ record: SignedRecord, knowing view: RegistryView) -> Bool {
    switch record.key.kind {
    case .vr: guard record.key.id == record.author.bytes else { return false }
    case .fact:
      guard let version = factVersion(of: record), view.mayAttest(record.author, version) ?? (record.author == founder)
      else { return false }
    default: break
    }
    return isValid(record.signature, record.signedBytes, record.author)
  }

  /// - Returns: nil if the fact inside is not the one that the record is named for. What is inside a fact of a newer version
  ///   cannot be told: it says nothing here, and is kept and passed on by the voter's word on its name.
  private func factVersion(of record: SignedRecord) -> FactVersion? {
    switch content(record) {
    case .fact(let fact):
      fact.key.bytes == record.key.id && record.version == RecordVersion(fact.version) ? fact.version : nil
    case .unreadable:
      UInt32(exactly: record.version.epoch).map { FactVersion(epoch: $0, index: record.version.sequence) }
    case .vr: nil
    }
  }

  /// Those of an invitation's records that the joiner, who knows nothing yet, may believe: the founder let it join, and
  /// says who votes.
  public func believed(_ records: [SignedRecord]) -> [SignedRecord] {
    var view = RegistryView()
    for record in records where record.author == founder && isAuthentic(record, knowing: RegistryView()) {
      if case .fact(let fact) = content(record), case .voter = fact.key { _ = view.absorb(fact) }
    }
    return records.filter { isAuthentic($0, knowing: view) }
  }

  /// A voter's word on a fact, as it is spread.
  public static func attest(_ fact: RegistryFact, by key: StaticKey) -> SignedRecord {
    sign(
      SignedRecord(
        key: RecordKey(kind: .fact, id: fact.key.bytes), version: RecordVersion(fact.version),
        author: key.node, payload: FactRecord.encode(fact), signature: []), with: key)
  }

  /// A VR's word on itself, as it is spread.
  public static func sign(_ content: VRRecord, version: RecordVersion, by key: StaticKey) -> SignedRecord {
    sign(
      SignedRecord(
        key: RecordKey(kind: .vr, id: key.node.bytes), version: version, author: key.node,
        payload: content.encode(), signature: []), with: key)
  }

  private static func sign(_ record: SignedRecord, with key: StaticKey) -> SignedRecord {
    SignedRecord(
      key: record.key, version: record.version, author: record.author, payload: record.payload,
      signature: key.sign(record.signedBytes))
  }
}

extension RecordVersion {
  /// A fact's, as gossip compares it.
  init(_ version: FactVersion) { self.init(epoch: UInt64(version.epoch), sequence: version.index) }
}
