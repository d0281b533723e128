/// Exit codes of vine-mesh and vine-meshd.
public enum ExitStatus: Int32, Sendable, CaseIterable {
  case ok = 0
  /// The command failed, or `status` found something broken.
  case failed = 1
  case notRunning = 3
  /// Not converged, no quorum, or timed out.
  case notConverged = 4
  /// Denied by policy.
  case denied = 5
  case usage = 64
  case permission = 77
  case configuration = 78
}

/// An error for people: what went wrong, and the mend, one line each without a full stop.
public protocol ExplainedError: Error, Sendable {
  var message: String { get }
  /// A command to type or what to do; empty if there is nothing to do.
  var mend: String { get }
  var exitCode: Int32 { get }
}

extension ExplainedError {
  /// What the tools print behind their name: `<what>: <mend>`, one line whatever the parts hold.
  public var line: String {
    let parts = mend.isEmpty ? [message] : [message, mend]
    return parts.joined(separator: ": ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

/// A refusal of the daemon, or a daemon that could not be asked.
public struct ControlError: ExplainedError, Hashable {
  public let message: String
  public let mend: String
  public let exitCode: Int32

  public init(_ message: String, mend: String, _ status: ExitStatus = .failed) {
    self.init(message: message, mend: mend, exitCode: status.rawValue)
  }

  public init(message: String, mend: String, exitCode: Int32) {
    self.message = message
    self.mend = mend
    self.exitCode = exitCode
  }
}

/// The body of every answer with a status of 400 or more.
public struct ErrorView: View, ExplainedError {
  public static let name = "error"

  public var error: String
  public var mend: String
  public var exitCode: Int32

  public var message: String { error }

  public init(error: String, mend: String, exitCode: ExitStatus) {
    self.error = error
    self.mend = mend
    self.exitCode = exitCode.rawValue
  }
}
