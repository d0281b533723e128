import VineControl

/// What keeps a VR from starting or running: one line, its mend, and the exit code of docs/reference.
public struct HostError: ExplainedError, Hashable {
  public let message: String
  public let mend: String
  public let exitCode: Int32
  /// It may go well when it is tried again as it is: a datagram was lost, a connection broke.
  public let isPassing: Bool

  public init(_ message: String, mend: String, _ status: ExitStatus, isPassing: Bool = false) {
    self.message = message
    self.mend = mend
    exitCode = status.rawValue
    self.isPassing = isPassing
  }

  var setup: SetupError { SetupError(message: message, mend: mend, exitCode: exitCode) }
}
