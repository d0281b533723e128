import VineControl

/// What keeps a VR from starting or running: one line, its mend, and the exit code of docs/reference.
public struct HostError: ExplainedError, Hashable {
  public let message: String
  public let mend: String
  public let exitCode: Int32

  public init(_ message: String, mend: String, _ status: ExitStatus) {
    self.message = message
    self.mend = mend
    exitCode = status.rawValue
  }

  var setup: SetupError { SetupError(message: message, mend: mend, exitCode: exitCode) }
}
