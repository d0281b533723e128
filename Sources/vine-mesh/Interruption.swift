import Foundation

/// What Ctrl-C and SIGTERM must not leave on a terminal: a bar in the middle of a line, or a keyboard without an echo.
///
/// The program still ends by the signal, so that a shell sees it (130 after Ctrl-C) and ends a script, too.
enum Interruption {
  /// The terminal's settings to be put back; nil while they are as they were found. Only this program's one task that asks
  /// writes it, and the handler reads it: a signal handler may not wait for a lock.
  nonisolated(unsafe) private static let settings = UnsafeMutablePointer<termios>.allocate(capacity: 1)
  nonisolated(unsafe) private static var areChanged: sig_atomic_t = 0
  nonisolated(unsafe) private static var hasBar: sig_atomic_t = 0

  /// Whether a line on standard error is to be wiped out.
  static func bar(isShown: Bool) {
    _ = handlers
    hasBar = isShown ? 1 : 0
  }

  /// Reads a line with the keyboard's echo off, which it is before the prompt is there.
  static func readSilently(_ prompt: String) -> String {
    _ = handlers
    tcgetattr(STDIN_FILENO, settings)
    var silent = settings.pointee
    silent.c_lflag &= ~tcflag_t(ECHO)
    areChanged = 1
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, settings)
      areChanged = 0
    }
    Output.ask(prompt)
    return readLine() ?? ""
  }

  /// Installed once, when first needed. Inside only what is safe in a signal handler (signal-safety(7)).
  private static let handlers: Void = {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        if areChanged != 0 { tcsetattr(STDIN_FILENO, TCSANOW, settings) }
        if hasBar != 0 { wipe.withUTF8Buffer { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) } }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }()

  private static let wipe: StaticString = "\r\u{1B}[K"
}
