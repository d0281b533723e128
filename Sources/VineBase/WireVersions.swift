/// The versions of the wire format that a VR speaks: of frames, control messages, records and registry commands as a whole.
///
/// What older VRs skip or pass on unread (a field, a kind of message, a kind of record) needs no new version. One that they would
/// have to understand does, and is not sent before both ends of a session, or all VRs of the mesh, speak it.
/// See docs/decisions/0050.
public struct WireVersions: Hashable, Sendable, CustomStringConvertible {
  public let oldest: UInt8
  public let newest: UInt8

  /// Two bits of a byte say what it is in a handshake's offer; the version has the others.
  public static let max: UInt8 = 0x3F

  /// What a VR speaks that says nothing.
  public static let first = WireVersions(unchecked: 1, 1)
  /// What this program speaks.
  public static let own = first

  /// - Returns: nil unless 1 <= oldest <= newest <= 63.
  public init?(oldest: UInt32, newest: UInt32) {
    guard 1 <= oldest, oldest <= newest, newest <= UInt32(Self.max) else { return nil }
    self.init(unchecked: UInt8(oldest), UInt8(newest))
  }

  private init(unchecked oldest: UInt8, _ newest: UInt8) { (self.oldest, self.newest) = (oldest, newest) }

  public func contains(_ version: UInt8) -> Bool { (oldest...newest).contains(version) }

  /// The newest that both speak; nil if there is none.
  public func common(with other: WireVersions) -> UInt8? {
    let version = min(newest, other.newest)
    return contains(version) && other.contains(version) ? version : nil
  }

  /// `1` or `1-2`
  public var description: String { oldest == newest ? "\(oldest)" : "\(oldest)-\(newest)" }
}
