import CSodium

/// The AEAD of a session's data, control and relay frames; negotiated in the handshake.
///
/// Both take a 32-byte key and a 12-byte nonce and add a 16-byte tag. The raw value stands in handshakes; zero
/// is padding there and never a suite.
public enum CipherSuite: UInt8, CaseIterable, Hashable, Sendable, CustomStringConvertible {
  case aes256gcm = 1
  case chacha20poly1305 = 2

  public static let keyByteCount = 32

  /// What this machine can do, best first: AES-256-GCM only where the processor has AES and carry-less
  /// multiplication, because libsodium has no other implementation of it.
  public static var available: [CipherSuite] {
    Sodium.require()
    return crypto_aead_aes256gcm_is_available() == 1 ? [.aes256gcm, .chacha20poly1305] : [.chacha20poly1305]
  }

  /// Frames after which a direction's key must have been replaced.
  ///
  /// AES-GCM: 2^28 frames of at most 2^11 bytes keep an attacker's advantage below 2^-57 (RFC 9001 B.1.1 and
  /// 6.6), 50 minutes at 1 Gbit/s. ChaCha20-Poly1305 has no such bound below 2^62; 2^48 is out of reach of any
  /// session and far from the counter's end.
  public var frameLimit: UInt64 {
    switch self {
    case .aes256gcm: 1 << 28
    case .chacha20poly1305: 1 << 48
    }
  }

  public var description: String {
    switch self {
    case .aes256gcm: "AES-256-GCM"
    case .chacha20poly1305: "ChaCha20-Poly1305"
    }
  }
}
