import VineBase

/// What a VR is held for.
public enum MemberState: UInt8, CaseIterable, Hashable, Sendable {
  case alive = 0
  /// Did not answer; may refute.
  case suspect = 1
  case dead = 2
}

/// One VR's state at one incarnation, as it is rumoured (SWIM 4.2).
public struct MemberUpdate: Hashable, Sendable {
  public let node: NodeID
  public let state: MemberState
  public let incarnation: UInt64

  public init(node: NodeID, state: MemberState, incarnation: UInt64) {
    self.node = node
    self.state = state
    self.incarnation = incarnation
  }

  /// Whether this overrides what is known: a higher incarnation, or the same and worse (SWIM 4.2).
  func overrides(_ known: MemberUpdate) -> Bool {
    incarnation > known.incarnation || incarnation == known.incarnation && state.rawValue > known.state.rawValue
  }
}

/// A record without its content.
public struct RecordDigest: Hashable, Sendable {
  public let key: RecordKey
  public let version: RecordVersion

  public init(key: RecordKey, version: RecordVersion) {
    self.key = key
    self.version = version
  }
}

/// Messages between VRs; each fits one datagram.
public enum GossipMessage: Hashable, Sendable {
  /// Are you there? The target is named, so that a VR that was replaced does not answer for another.
  case ping(sequence: UInt32, target: NodeID, updates: [MemberUpdate])
  case ack(sequence: UInt32, updates: [MemberUpdate])
  /// Ask the target on my behalf (SWIM 3.1).
  case pingRequest(sequence: UInt32, target: NodeID, updates: [MemberUpdate])
  case push([SignedRecord])
  /// All records with keys from `first` to `last` (an absent end is open), without content.
  case digest(first: RecordKey?, last: RecordKey?, records: [RecordDigest])
  case pull([RecordKey])
  /// Hash over all keys and versions, and how many there are.
  case root(hash: UInt64, count: UInt64)
}
