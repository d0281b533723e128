import CLinuxShim
import Glibc

/// An errno.
struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  let code: Int32
  init(code: Int32) { self.code = code }

  /// What the last system call of this thread left.
  static var last: SystemError { SystemError(code: errno) }

  static let addressInUse = SystemError(code: EADDRINUSE)
  static let addressNotAvailable = SystemError(code: EADDRNOTAVAIL)
  static let notPermitted = SystemError(code: EPERM)
  static let accessDenied = SystemError(code: EACCES)
  static let again = SystemError(code: EAGAIN)
  static let interrupted = SystemError(code: EINTR)
  static let inProgress = SystemError(code: EINPROGRESS)

  var isPermission: Bool { self == .notPermitted || self == .accessDenied }
  var description: String { String(cString: vine_error_text(code)) }
}
