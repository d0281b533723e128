/// What a VR can be reached by; the paper's public and limited VR (3.4).
public enum VRRole: String, Codable, Hashable, Sendable {
  case `public`, limited
  /// Not found out yet.
  case unknown
}

/// What a VR does in the registry's consensus.
public enum ConsensusState: String, Codable, Hashable, Sendable {
  case leader, follower, candidate
  /// No voter: learns decisions as attested facts by gossip.
  case observer
}

/// Gossip's judgement of a VR.
public enum MemberCondition: String, Codable, Hashable, Sendable {
  case up, suspect, down
  /// Admitted, but nothing was heard of it yet.
  case unknown
}

/// How frames go to a VR.
public enum PathKind: String, Codable, Hashable, Sendable {
  /// UDP datagrams to its endpoint.
  case direct
  /// The TCP channel between a limited-VR and its queue-VR.
  case channel
  /// Through the queue-VR of either side.
  case relay
  case none
}

/// How urgent a health line is. `error`: something does not work, exit code 1 of `status`.
public enum HealthLevel: String, Codable, Hashable, Sendable, Comparable {
  case error, warning

  public static func < (left: Self, right: Self) -> Bool { left == .error && right == .warning }
}

/// How a VR's GNDT differs from this VR's.
public enum GNDTDifference: String, Codable, Hashable, Sendable {
  /// It knows less.
  case behind
  /// It knows more: this VR is behind.
  case ahead
  /// Another table of the same version: facts or records are on their way.
  case differs
  /// It announced none.
  case silent
}
