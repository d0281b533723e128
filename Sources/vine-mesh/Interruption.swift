import Foundation
import Synchronization

/// What Ctrl-C and SIGTERM must not leave on a terminal: a bar in the middle of a line, or a keyboard without an echo.
///
/// The program still ends by the signal, so that a shell sees it (130 after Ctrl-C) and ends a script, too.
enum Interruption {
  /// The terminal as it was found, while `areChanged`.
  // tidy allows unchecked: a signal handler may wait for no lock, and this is written before the flag that has it read
  nonisolated(unsafe) private static let settings = UnsafeMutablePointer<termios>.allocate(capacity: 1)
  private static let areChanged = Atomic(false)
  private static let hasBar = Atomic(false)

  /// Whether a line on standard error is to be wiped out.
  static func bar(isShown: Bool) {
    _ = handlers
    hasBar.store(isShown, ordering: .sequentiallyConsistent)
  }

  /// Reads a line with the keyboard's echo off, which it is before the prompt is there.
  static func readSilently(_ prompt: String) -> String {
    _ = handlers
    tcgetattr(STDIN_FILENO, settings)
    var silent = settings.pointee
    silent.c_lflag &= ~tcflag_t(ECHO)
    areChanged.store(true, ordering: .sequentiallyConsistent)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, settings)
      areChanged.store(false, ordering: .sequentiallyConsistent)
    }
    Output.ask(prompt)
    return readLine() ?? ""
  }

  /// Installed once, when first needed. Inside only what is safe in a signal handler (signal-safety(7)).
  private static let handlers: Void = {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        if areChanged.load(ordering: .sequentiallyConsistent) { tcsetattr(STDIN_FILENO, TCSANOW, settings) }
        if hasBar.load(ordering: .sequentiallyConsistent) {
          wipe.withUTF8Buffer { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }()

  private static let wipe: StaticString = "\r\u{1B}[K"
}
