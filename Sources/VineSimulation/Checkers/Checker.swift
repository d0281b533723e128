/// What must not happen in a mesh. One property each; looked at once a virtual second.
public protocol Checker: Sendable {
  /// In words for a report.
  var claim: String { get }
  /// - Returns: what is wrong; nil if nothing is.
  mutating func check(_ world: World) -> String?
}

/// A claim that a run broke.
public struct Violation: Error, Sendable, CustomStringConvertible {
  public let claim: String
  public let what: String
  /// Virtual seconds since the run began.
  public let seconds: Double

  public var description: String { "after \(seconds) s: not true that \(claim): \(what)" }
}
