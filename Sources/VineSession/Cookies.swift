import CSodium
import VineBase

/// Proofs that somebody receives what is sent to the address he writes from, without a word kept about him: a keyed
/// hash of address and port.
///
/// The key is drawn anew after `lifetime`; cookies of the key before are still good, so each is for two lifetimes at
/// most. Source: RFC 9147 (DTLS 1.3), 5.1; RFC 7296 (IKEv2), 2.6; WireGuard, 5.4.7.
struct Cookies: Sendable {
  static let byteCount = 16
  static let lifetime: Duration = .seconds(120)
  private static let keyByteCount = 32

  private var secrets: any EphemeralKeys
  private var current: [UInt8]
  private var previous: [UInt8]
  private var changed: Instant

  init(secrets: any EphemeralKeys, at now: Instant) {
    Sodium.require()
    self.secrets = secrets
    current = self.secrets.bytes(Self.keyByteCount)
    previous = self.secrets.bytes(Self.keyByteCount)
    changed = now
  }

  /// Writes the cookie of `endpoint` into the first 16 bytes of `place`.
  mutating func write(for endpoint: Endpoint, into place: UnsafeMutableRawBufferPointer, at now: Instant) {
    precondition(place.count >= Self.byteCount, "no room for a cookie")
    renew(at: now)
    Self.hash(of: endpoint, under: current).write(to: place)
  }

  /// Whether `cookie` was made here for `endpoint`, not long ago. Its time tells nothing about where it differs.
  mutating func accepts(_ cookie: UnsafeRawBufferPointer, from endpoint: Endpoint, at now: Instant) -> Bool {
    guard cookie.count == Self.byteCount else { return false }
    renew(at: now)
    return Self.hash(of: endpoint, under: current).equals(cookie)
      || Self.hash(of: endpoint, under: previous).equals(cookie)
  }

  private mutating func renew(at now: Instant) {
    let age = now - changed
    guard age >= Self.lifetime else { return }
    previous = age < Self.lifetime * 2 ? current : secrets.bytes(Self.keyByteCount)
    current = secrets.bytes(Self.keyByteCount)
    changed = now
  }

  private static func hash(of endpoint: Endpoint, under key: [UInt8]) -> Hash {
    var hash = Hash()
    let input = (UInt64(endpoint.address.rawValue) << 16 | UInt64(endpoint.port)).bigEndian
    withUnsafeBytes(of: input) { input in
      withUnsafeMutableBytes(of: &hash) { hash in
        guard let hash = hash.baseAddress, let start = input.baseAddress else {
          preconditionFailure("what is in memory has an address")
        }
        crypto_generichash(
          hash.assumingMemoryBound(to: UInt8.self), byteCount, start.assumingMemoryBound(to: UInt8.self),
          UInt64(input.count), key, key.count)
      }
    }
    return hash
  }

  /// 16 bytes of BLAKE2b, without an array for them: there are tens of thousands a second when they are needed.
  private struct Hash {
    private var first: UInt64 = 0
    private var second: UInt64 = 0

    func write(to place: UnsafeMutableRawBufferPointer) { withUnsafeBytes(of: self) { place.copyMemory(from: $0) } }

    func equals(_ bytes: UnsafeRawBufferPointer) -> Bool {
      withUnsafeBytes(of: self) { own in
        guard let own = own.baseAddress, let other = bytes.baseAddress else { return false }
        return sodium_memcmp(own, other, byteCount) == 0
      }
    }
  }
}
