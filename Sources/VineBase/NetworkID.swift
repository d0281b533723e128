/// V.Net.ID of the paper (3.5): which ViNe a frame belongs to. Zero is never given out.
@frozen
public struct NetworkID: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var description: String { "ViNe \(rawValue)" }
}

/// A mesh's identity: the SHA-256 of its genesis. It stands in every certificate, invitation and handshake.
public struct MeshID: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]
  public static let byteCount = 32

  /// - Returns: nil unless `bytes` holds exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// The first 32 bits, sent in clear in the first handshake message so that a foreign mesh is told apart
  /// from a broken packet.
  public var tag: UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

  /// Eight hexadecimal digits, as shown to people.
  public var description: String { Hex.encode(Array(bytes.prefix(4))) }
}
