import CSodium
import VineBase

/// A VR's lasting key: an Ed25519 pair that signs and *is* its identity, and the Curve25519 pair derived from
/// it that opens sessions. One seed of 32 bytes is all that has to be kept.
///
/// One key for both uses is safe here: signatures are made over texts with their own prefixes, and the
/// derivation is libsodium's (`crypto_sign_ed25519_sk_to_curve25519`; see Thormarker, "On using the same key
/// pair for Ed25519 and an X25519 based KEM", 2021).
public struct StaticKey: Sendable {
  public static let seedByteCount = 32

  /// What `init` was given; it must be kept secret.
  public let seed: [UInt8]
  public let node: NodeID
  /// Curve25519, 32 bytes, as peers see it in the handshake.
  public let noisePublic: [UInt8]
  let noiseSecret: [UInt8]
  private let signingSecret: [UInt8]

  /// - Returns: nil unless `seed` holds exactly 32 bytes.
  public init?(seed: [UInt8]) {
    guard seed.count == Self.seedByteCount else { return nil }
    Sodium.require()
    var publicKey = [UInt8](repeating: 0, count: 32)
    var signing = [UInt8](repeating: 0, count: 64)
    var secret = [UInt8](repeating: 0, count: 32)
    crypto_sign_seed_keypair(&publicKey, &signing, seed)
    crypto_sign_ed25519_sk_to_curve25519(&secret, signing)
    guard let node = NodeID(publicKey) else { return nil }
    self.seed = seed
    self.node = node
    signingSecret = signing
    noiseSecret = secret
    noisePublic = Curve25519.publicKey(of: secret)
  }

  /// A new key from the operating system's randomness.
  public static func generate() -> StaticKey {
    guard let key = StaticKey(seed: Sodium.randomBytes(seedByteCount)) else { preconditionFailure("32 bytes are 32") }
    return key
  }

  /// The Curve25519 key that belongs to a VR.
  /// - Returns: nil if the identifier is no point of the curve's main subgroup: then nobody has that key.
  public static func noiseKey(of node: NodeID) -> [UInt8]? {
    Sodium.require()
    var key = [UInt8](repeating: 0, count: 32)
    return crypto_sign_ed25519_pk_to_curve25519(&key, node.bytes) == 0 ? key : nil
  }

  /// An Ed25519 signature (RFC 8032), 64 bytes; the same message gives the same signature.
  public func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: Signature.byteCount)
    crypto_sign_detached(&signature, nil, message, UInt64(message.count), signingSecret)
    return signature
  }
}

/// Ed25519 signatures of VRs.
public enum Signature {
  public static let byteCount = 64

  /// Any bytes may be asked about; a signature of another length is not valid.
  public static func isValid(_ signature: [UInt8], of message: [UInt8], by node: NodeID) -> Bool {
    guard signature.count == byteCount else { return false }
    Sodium.require()
    return crypto_sign_verify_detached(signature, message, UInt64(message.count), node.bytes) == 0
  }
}

/// Diffie–Hellman on Curve25519 (RFC 7748).
enum Curve25519 {
  static let keyByteCount = 32

  static func publicKey(of secret: [UInt8]) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: keyByteCount)
    crypto_scalarmult_base(&key, secret)
    return key
  }

  /// - Returns: nil if the peer's key is of small order, so that the secret would be known to everybody.
  static func sharedSecret(_ secret: [UInt8], _ peer: [UInt8]) -> [UInt8]? {
    var shared = [UInt8](repeating: 0, count: keyByteCount)
    return crypto_scalarmult(&shared, secret, peer) == 0 ? shared : nil
  }
}
