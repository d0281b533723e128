import VineBase
import VineGossip

/// A signed record as it is kept in the store.
public enum StoredRecord {
  public static func encode(_ record: SignedRecord) -> [UInt8] { PBSignedRecord(record).written }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> SignedRecord {
    try PBSignedRecord.read(bytes, "signed record", max: WireLimits.recordByteCountMax).record()
  }
}

extension PBSignedRecord {
  init(_ record: SignedRecord) {
    kind = UInt32(record.key.kind.rawValue)
    id = .init(record.key.id)
    epoch = record.version.epoch
    sequence = record.version.sequence
    author = .init(record.author.bytes)
    payload = .init(record.payload)
    signature = .init(record.signature)
  }

  /// The payload stays the bytes it came as: the signature covers them.
  func record() throws(WireError) -> SignedRecord {
    SignedRecord(
      key: try recordKey(kind, id), version: try recordVersion(epoch, sequence),
      author: try Field.node(author, "author"),
      payload: try Field.bytes(payload, max: WireLimits.payloadByteCountMax, "payload"),
      signature: try Field.bytes(signature, count: 64, "signature"))
  }
}

func recordVersion(_ epoch: UInt64, _ sequence: UInt64) throws(WireError) -> RecordVersion {
  RecordVersion(epoch: try Field.counter(epoch, "epoch"), sequence: try Field.counter(sequence, "sequence"))
}

private func recordKey(_ kind: UInt32, _ id: some Collection<UInt8>) throws(WireError) -> RecordKey {
  // Kinds of newer versions are kept and passed on, so any number that is one will do.
  guard let kind = UInt8(exactly: kind), kind > 0 else { throw .invalid("record kind") }
  return RecordKey(
    kind: RecordKind(rawValue: kind), id: try Field.bytes(id, max: WireLimits.recordIDByteCountMax, "record identifier")
  )
}
