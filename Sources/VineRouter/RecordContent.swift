import VineGossip
import VineRegistry
import VineWire

/// What a signed record says, as far as this version can read it. Whether it is believed is not asked here.
public enum RecordContent: Sendable {
  case vr(VRRecord)
  case fact(RegistryFact)
  /// Of a newer version; kept and passed on by gossip all the same.
  case unreadable

  public init(_ record: SignedRecord) {
    switch record.key.kind {
    case .vr: self = (try? VRRecord.decode(record.payload)).map { .vr($0) } ?? .unreadable
    case .fact: self = (try? FactRecord.decode(record.payload)).map { .fact($0) } ?? .unreadable
    default: self = .unreadable
    }
  }
}
