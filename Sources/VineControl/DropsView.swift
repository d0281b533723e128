/// Every drop reason with its counters since the daemon's start. `GET /v1/drops`.
public struct DropsView: View {
  public static let name = "drops"

  /// In the order of the reasons' numbers; all reasons, also those without a drop.
  public var drops: [DropReasonLine]

  public init(drops: [DropReasonLine]) {
    self.drops = drops
  }
}

/// One reason.
public struct DropReasonLine: Codable, Hashable, Sendable {
  /// Stable name, also the `reason` label of `/metrics`.
  public var reason: String
  /// Packets since the daemon's start.
  public var total: UInt64
  public var lastMinute: UInt64
  /// One line.
  public var explanation: String
  /// One line; empty if nothing is to be mended.
  public var mend: String

  /// The last packet that was dropped for it: from whom, to whom, and how long ago; absent where that is not known.
  public var lastSource: String?
  public var lastDestination: String?
  public var lastSecondsAgo: Double?

  public init(
    reason: String, total: UInt64, lastMinute: UInt64, explanation: String, mend: String = "",
    lastSource: String? = nil, lastDestination: String? = nil, lastSecondsAgo: Double? = nil
  ) {
    self.lastSource = lastSource
    self.lastDestination = lastDestination
    self.lastSecondsAgo = lastSecondsAgo
    self.reason = reason
    self.total = total
    self.lastMinute = lastMinute
    self.explanation = explanation
    self.mend = mend
  }
}
