import CSodium

/// How the frames of a session are protected; negotiated in the handshake.
///
/// The first two encrypt everything. The others leave packets in clear, and are used only where both VRs are told to:
/// control, relay and train frames are encrypted under them, too (`control`). Each takes a 32-byte key and a 12-byte
/// nonce and adds a 16-byte tag. The raw value stands in handshakes; zero is padding there and never a suite.
public enum CipherSuite: UInt8, CaseIterable, Hashable, Sendable, CustomStringConvertible {
  case aes256gcm = 1
  case chacha20poly1305 = 2
  /// Packets authentic and in clear (NIST SP 800-38D, GMAC): the paper's mode (section 5) at a fraction of its price.
  case aes256gmac = 3
  /// The paper's own mode, to compare with: HMAC-SHA-256 of the packet, its first 16 bytes (RFC 2104, section 5).
  case hmacSHA256 = 4
  /// Packets are neither secret nor authentic: anybody may forge them. To measure what protection costs.
  case unprotected = 5

  public static let keyByteCount = 32

  /// What this machine can do and everybody may ask for, best first: AES-256-GCM only where the processor has AES and
  /// carry-less multiplication, because libsodium has no other implementation of it.
  public static var available: [CipherSuite] {
    Sodium.require()
    return hasAES ? [.aes256gcm, .chacha20poly1305] : [.chacha20poly1305]
  }

  /// What a VR offers that is to use `wanted`, best first: those, as far as this machine can, and behind them all that
  /// encrypt, so that it understands every other VR and every newcomer.
  public static func offer(preferring wanted: [CipherSuite]) -> [CipherSuite] {
    let first = wanted.filter { $0.isPossible }
    return first + available.filter { !first.contains($0) }
  }

  /// Whether packets are secret.
  public var isSecret: Bool { self == control }

  /// What protects everything but packets.
  public var control: CipherSuite {
    switch self {
    case .aes256gcm, .aes256gmac: .aes256gcm
    case .chacha20poly1305, .hmacSHA256, .unprotected: .chacha20poly1305
    }
  }

  var isPossible: Bool { Self.available.contains(control) }

  private static var hasAES: Bool { crypto_aead_aes256gcm_is_available() == 1 }

  /// Frames after which a direction's key must have been replaced.
  ///
  /// AES-GCM: 2^28 frames of at most 2^11 bytes keep an attacker's advantage below 2^-57 (RFC 9001 B.1.1 and
  /// 6.6), 50 minutes at 1 Gbit/s. ChaCha20-Poly1305 has no such bound below 2^62; 2^48 is out of reach of any
  /// session and far from the counter's end.
  public var frameLimit: UInt64 {
    switch control {
    case .aes256gcm: 1 << 28
    default: 1 << 48
    }
  }

  /// The name in configurations.
  public var name: String {
    switch self {
    case .aes256gcm: "aes-256-gcm"
    case .chacha20poly1305: "chacha20-poly1305"
    case .aes256gmac: "aes-256-gmac"
    case .hmacSHA256: "hmac-sha-256"
    case .unprotected: "unprotected"
    }
  }

  /// - Returns: nil for a name that is none.
  public init?(named name: String) {
    guard let suite = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = suite
  }

  public var description: String {
    switch self {
    case .aes256gcm: "AES-256-GCM"
    case .chacha20poly1305: "ChaCha20-Poly1305"
    case .aes256gmac: "AES-256-GMAC, packets in clear"
    case .hmacSHA256: "HMAC-SHA-256, packets in clear"
    case .unprotected: "packets unprotected"
    }
  }
}
