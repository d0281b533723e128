/// Why a VR does not open a session with another; the raw value stands in refusal frames.
public enum RefusalReason: UInt8, CaseIterable, Error, Hashable, Sendable {
  case foreignMesh = 1
  case noCertificate
  case badCertificate
  case expiredCertificate
  case notYetValid
  case notAdmitted
  case revoked
  case unknownInvitation
  case invitationExpired
  case invitationUsed
  case secretMismatch
  case noCommonSuite
  case busy
  case noCommonWireVersion

  /// What is wrong, for people; true on both sides.
  public var cause: String { String(explanation.prefix { $0 != ";" }) }

  /// What to do about it.
  public var mend: String { String(explanation.drop { $0 != ";" }.dropFirst(2)) }

  /// One line for people, true on both sides, with the mend.
  public var explanation: String {
    switch self {
    case .foreignMesh:
      "one VR is of another mesh than the other; join with a token of the right mesh, or correct the endpoint"
    case .noCertificate: "the VR showed no certificate; let it join with an invitation"
    case .badCertificate:
      "the VR's certificate is not one of this mesh for its key; let it join again with a new invitation"
    case .expiredCertificate: "the VR's certificate has expired; check its clock, then let it renew or join again"
    case .notYetValid: "the VR's certificate is not valid yet; set the clocks of both VRs"
    case .notAdmitted: "the registry has not admitted the VR; let it join with an invitation"
    case .revoked: "the VR's key is revoked; if that was a mistake, invite it and join with a new key"
    case .unknownInvitation: "the mesh knows no such invitation; ask for a new token"
    case .invitationExpired: "the invitation has expired; ask for a new token"
    case .invitationUsed: "the invitation was used by another VR; ask for a new token"
    case .secretMismatch: "the invitation's secret is wrong; copy the whole token again"
    case .noCommonSuite: "the two VRs share no cipher suite; update the older one"
    case .busy: "the VR is too busy for new sessions; it is tried again shortly"
    case .noCommonWireVersion: "the two VRs share no version of the wire format; update the older one"
    }
  }
}
