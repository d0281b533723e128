/// The version of a GNDT: which decisions and which of the VRs' own changes are in it. Written `v17.42`.
///
/// VRs that know the same have the same version, and whoever learns more has a later one: decisions come first, and
/// between two decisions the changes only add up.
public struct TableVersion: Hashable, Comparable, Sendable {
  /// Log index of the last decision on who takes part.
  public let decision: UInt64
  /// Changes that participants made to their own part, all together.
  public let changes: UInt64

  public init(decision: UInt64, changes: UInt64) {
    self.decision = decision
    self.changes = changes
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.decision, left.changes) < (right.decision, right.changes)
  }
}

extension TableVersion: CustomStringConvertible {
  public var description: String { "v\(decision).\(changes)" }
}

/// What a VR announces of a GNDT it derived. Equal tables have equal digests.
public struct TableDigest: Hashable, Sendable {
  public let version: TableVersion
  public let digest: UInt64

  public init(version: TableVersion, digest: UInt64) {
    self.version = version
    self.digest = digest
  }
}
