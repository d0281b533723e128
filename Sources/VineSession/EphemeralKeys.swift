import VineBase

/// Where handshakes take the secrets of their ephemeral keys from.
public protocol EphemeralKeys: Sendable {
  mutating func bytes(_ count: Int) -> [UInt8]
}

/// The operating system's randomness: what every real VR uses.
public struct SystemEphemeralKeys: EphemeralKeys {
  public init() {}
  public mutating func bytes(_ count: Int) -> [UInt8] { Sodium.randomBytes(count) }
}

/// The same bytes for the same seed: for tests and simulations, and never for a real VR.
public struct SeededEphemeralKeys: EphemeralKeys {
  private var random: RandomSource
  public init(seed: UInt64) { random = RandomSource(seed: seed) }
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}
