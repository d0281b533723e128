import VineBase

/// Why an attempt to open a session came to nothing: the scope is this attempt, the caller may try again.
public enum HandshakeFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// No answer within `HandshakeLimits.giveUp`.
  case timedOut
  /// The peer answered, but no frame of the new session came within `HandshakeLimits.giveUp`.
  case unconfirmed
  /// Somebody who saw our frame says that the peer refuses. A hint in clear: not to be believed for more than
  /// a log line and a pause, so the attempt still takes the peer's proper answer if it comes.
  case refused(RefusalReason)
  /// The peer proved its key, and this VR refuses it.
  case rejected(RefusalReason)
  /// A valid VR of this mesh answered, but another one than asked for.
  case otherPeer(NodeID)
  /// The frames came back to this VR.
  case ourselves

  /// One line for people, with the mend.
  public var description: String {
    switch self {
    case .timedOut: "no answer; check that the VR runs and that UDP and TCP port 2247 pass the firewalls"
    case .unconfirmed: "the VR answered once and then fell silent; it is tried again"
    case .refused(let reason): "refused by the peer: \(reason.explanation)"
    case .rejected(let reason): "refused by this VR: \(reason.explanation)"
    case .otherPeer(let node): "VR \(node) answered there; its endpoint was given to another VR, correct it"
    case .ourselves: "the endpoint leads back to this VR; correct it"
    }
  }
}

/// Handshake frames that had no effect, by why; for metrics.
public struct HandshakeCounters: Hashable, Sendable {
  /// No handshake frame at all, or a payload that no VR writes.
  public internal(set) var malformed: UInt64 = 0
  /// Meant for a handshake that this VR does not know, or no longer.
  public internal(set) var unknownIndex: UInt64 = 0
  /// Not authentic: changed on the way, forged, or of a mesh with the same tag.
  public internal(set) var unauthentic: UInt64 = 0
  /// Half-open handshakes that had to go for newer ones.
  public internal(set) var evicted: UInt64 = 0
}
