import VineBase

/// What a VR shows of itself in a handshake. Who may be believed the authenticator decides; this is only the form.
public enum Credential: Hashable, Sendable {
  /// A VR's certificate, and the genesis for peers that are about to join: they know only the mesh's identity,
  /// which is the hash of the genesis, and must not show their invitation to anybody else. May be empty.
  case certificate([UInt8], genesis: [UInt8] = [])
  /// What a VR without a certificate has. It names its key, because the handshake proves the Curve25519 key and
  /// that does not tell the Ed25519 key.
  case invitation(id: [UInt8], secret: [UInt8], node: NodeID)

  /// As `HandshakeLimits.credentialByteCountMax` of VineSession.
  public static let byteCountMax = 1024

  /// ```
  /// [1][length u16][certificate][genesis]        [2][id 16][secret 32][node 32]
  /// ```
  public var bytes: [UInt8] {
    var writer = ByteWriter(capacity: Self.byteCountMax)
    switch self {
    case .certificate(let der, let genesis):
      precondition(der.count <= UInt16.max)
      writer.integer(UInt8(1))
      writer.integer(UInt16(der.count))
      writer.append(der)
      writer.append(genesis)
    case .invitation(let id, let secret, let node):
      precondition(id.count == InvitationToken.idByteCount && secret.count == InvitationToken.secretByteCount)
      writer.integer(UInt8(2))
      writer.append(id)
      writer.append(secret)
      writer.append(node.bytes)
    }
    return writer.bytes
  }

  /// Reads exactly what `bytes` writes.
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
    case 1:
      let der = try reader.bytes(Int(reader.integer(UInt16.self)))
      return .certificate(der, genesis: reader.rest())
    case 2:
      let id = try reader.bytes(InvitationToken.idByteCount)
      let secret = try reader.bytes(InvitationToken.secretByteCount)
      let node = NodeID(try reader.bytes(NodeID.byteCount))
      try reader.finish()
      return node.map { .invitation(id: id, secret: secret, node: $0) }
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
