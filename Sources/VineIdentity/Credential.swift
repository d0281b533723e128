import VineBase

/// What a VR shows of itself in a handshake. Who may be believed the authenticator decides; this is only the form.
public enum Credential: Hashable, Sendable {
  /// DER.
  case certificate([UInt8])
  /// What a VR without a certificate has. It names its key, because the handshake proves the Curve25519 key, which
  /// does not tell the Ed25519 key, and the invitation's 16 bytes. The secret is not here: the joiner shows it
  /// only after it has checked the other side's genesis and certificate by the identity in its token.
  case invitation(node: NodeID, id: [UInt8])

  /// As `HandshakeLimits.credentialByteCountMax` of VineSession.
  public static let byteCountMax = 1024

  /// ```
  /// [1][certificate]        [2][node 32][id 16]
  /// ```
  public func encode() -> [UInt8] {
    switch self {
    case .certificate(let der): return [1] + der
    case .invitation(let node, let id):
      precondition(id.count == InvitationToken.idByteCount, "an invitation's name has 16 bytes")
      return [2] + node.bytes + id
    }
  }

  /// Reads exactly what `encode` writes.
  public init(decoding bytes: [UInt8]) throws(CredentialError) {
    guard !bytes.isEmpty else { throw .none }
    guard bytes.count <= Self.byteCountMax else { throw .undecodable }
    guard case .success(let credential?) = Result(catching: { () throws(ByteError) in try Self.read(bytes) }) else {
      throw .undecodable
    }
    self = credential
  }

  private static func read(_ bytes: [UInt8]) throws(ByteError) -> Credential? {
    var reader = ByteReader(bytes)
    switch try reader.integer(UInt8.self) {
    case 1: return .certificate(reader.rest())
    case 2:
      let node = NodeID(try reader.bytes(NodeID.byteCount))
      let id = try reader.bytes(InvitationToken.idByteCount)
      try reader.finish()
      return node.map { .invitation(node: $0, id: id) }
    default: return nil
    }
  }
}

/// Why bytes are no credential.
public enum CredentialError: Error, Hashable, Sendable {
  /// There are no bytes: the peer showed nothing.
  case none
  case undecodable
}
