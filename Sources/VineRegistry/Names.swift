import VineBase

/// A name that people give: 1 to 63 of a-z, 0-9 and hyphen, a letter first; upper case is folded. It fits a DNS
/// label, a URI and a file name.
private func checked(_ text: String) -> String? {
  let bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
  guard (1...63).contains(bytes.count), let first = bytes.first, (0x61...0x7A).contains(first) else { return nil }
  let isFit = bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  return isFit ? String(decoding: bytes, as: UTF8.self) : nil
}

/// The name of a site: an organisation's network with its VR.
public struct SiteName: Hashable, Comparable, Sendable, LosslessStringConvertible {
  public let description: String
  public init?(_ description: String) {
    guard let name = checked(description) else { return nil }
    self.description = name
  }
  public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The name of a ViNe.
public struct VineName: Hashable, Comparable, Sendable, LosslessStringConvertible {
  public let description: String
  public init?(_ description: String) {
    guard let name = checked(description) else { return nil }
    self.description = name
  }
  public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// Sixteen random bytes that name something once.
public struct UniqueID: Hashable, Comparable, Sendable {
  public let bytes: [UInt8]
  public static let byteCount = 16
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = Array(bytes)
  }
  public static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

/// Names an invitation.
public typealias InvitationID = UniqueID
/// Names a proposal, so that a retry is recognised.
public typealias ProposalID = UniqueID
