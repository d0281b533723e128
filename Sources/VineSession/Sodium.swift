import CSodium

/// The one gate to libsodium, which must be started before its first use.
///
/// Everything in this module passes through it; `start` only lets the shell fail early with a clear line.
public enum Sodium {
  /// Starting twice, or from several threads, is allowed (libsodium: `sodium_init` returns 1).
  private static let isStarted = sodium_init() >= 0

  /// - Throws: if libsodium finds no source of randomness.
  public static func start() throws(SodiumError) {
    guard isStarted else { throw .noRandomness }
  }

  /// For functions that cannot do anything sensible without libsodium.
  static func require() { precondition(isStarted, "libsodium could not be started") }

  /// Random bytes from the operating system, fit for keys.
  public static func randomBytes(_ count: Int) -> [UInt8] {
    require()
    return Array(unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress, count > 0 { randombytes_buf(base, count) }
      filled = count
    }
  }

  /// SHA-256 (FIPS 180-4), 32 bytes.
  public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
    return digest
  }

  /// Compares secrets in a time that tells nothing about where they differ.
  public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && sodium_memcmp(left, right, left.count) == 0
  }
}

/// Why libsodium cannot be used: the scope is the process.
public enum SodiumError: Error, Hashable, Sendable, CustomStringConvertible {
  case noRandomness

  public var description: String {
    "libsodium cannot start: the kernel gives no random bytes; check /dev/urandom and getrandom(2)"
  }
}
