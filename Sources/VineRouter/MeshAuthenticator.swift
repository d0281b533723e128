import VineBase
import VineIdentity
import VineSession

/// Judges the credentials that peers show in handshakes: a certificate of this mesh's authority, or an
/// invitation, which makes a guest that may ask to join and nothing else.
public struct MeshAuthenticator: PeerAuthenticator {
  public let checks: Checks
  /// Keys that the registry revoked.
  public var revoked: Set<NodeID> = []

  public init(checks: Checks) { self.checks = checks }

  public func judge(
    credential: [UInt8], noiseKey: [UInt8], peerIsInitiator: Bool, at now: WallTime
  ) -> Result<AuthenticatedPeer, RefusalReason> {
    switch try? Credential(decoding: credential) {
    case nil: return .failure(.noCertificate)
    case .invitation(let node, _)?:
      // The handshake itself checks that the node's key is the one it proved.
      guard peerIsInitiator else { return .failure(.noCertificate) }
      guard !revoked.contains(node) else { return .failure(.revoked) }
      return .success(AuthenticatedPeer(node: node, isGuest: true, credential: credential))
    case .certificate(let der)?:
      return checks.certificate(der, now).mapError(\.refusal).flatMap { vr in
        guard !revoked.contains(vr.node) else { return .failure(.revoked) }
        return .success(AuthenticatedPeer(node: vr.node, isGuest: false, credential: credential))
      }
    }
  }
}

/// A joiner's, which has no genesis yet: takes any certificate whose key the peer proved. Whether the mesh's authority
/// signed it is checked as soon as the genesis is there, before anything secret is said (docs/decisions/0013).
public struct ProvisionalAuthenticator: PeerAuthenticator {
  public init() {}

  public func judge(
    credential: [UInt8], noiseKey: [UInt8], peerIsInitiator: Bool, at now: WallTime
  ) -> Result<AuthenticatedPeer, RefusalReason> {
    guard case .certificate(let der)? = try? Credential(decoding: credential),
      let node = MeshTrust.unverifiedNode(certificateDER: der)
    else { return .failure(.badCertificate) }
    return .success(AuthenticatedPeer(node: node, isGuest: false, credential: credential))
  }
}

extension CertificateError {
  /// What the peer is told.
  var refusal: RefusalReason {
    switch self {
    case .expired: .expiredCertificate
    case .notYetValid: .notYetValid
    case .wrongMesh, .foreignIssuer: .foreignMesh
    default: .badCertificate
    }
  }
}
