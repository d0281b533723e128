import Foundation
import VineControl

/// Standard output belongs to the answer alone; questions go to standard error.
enum Output {
  static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  static func ask(_ question: String) { FileHandle.standardError.write(Data(question.utf8)) }

  /// One line on the terminal that the next one replaces; nothing where standard error is no terminal.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    var size = winsize()
    // Some terminals do not say how wide they are.
    let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    let printable = text.unicodeScalars.map {
      $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "?" : Character($0)
    }
    ask("\r\u{1B}[K" + String(printable.prefix(width - 1)))
  }

  /// A bar on the terminal while something is worked at that takes about so many seconds; gone when it is done.
  static func withProgress<Answer>(
    seconds: Int, then late: String, _ work: () async throws -> Answer
  ) async rethrows -> Answer {
    let bar = Task {
      for second in 0..<seconds {
        let done = 20 * second / seconds
        progress(
          "[\(String(repeating: "#", count: done))\(String(repeating: ".", count: 20 - done))] \(second) of \(seconds) s"
        )
        try await Task.sleep(for: .seconds(1))
      }
      progress(late)
    }
    defer {
      bar.cancel()
      progress("")
    }
    return try await work()
  }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// https://no-color.org: any value but the empty one.
  static var takesColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// The answer to a command: its document, or `sentence` for people.
  static func answer(_ view: some View, _ options: OutputOptions, _ sentence: String) throws {
    write(options.json ? String(decoding: try view.document(), as: UTF8.self) + "\n" : sentence + "\n")
  }
}

extension QueryOptions {
  /// Shows a view, once or every second.
  ///
  /// - Parameter choose: what of the view is shown; with it `--json` prints the choice instead of the daemon's bytes.
  /// - Returns: the last view shown.
  @discardableResult
  func show<Shown: Screen>(
    _: Shown.Type, choose: ((Shown) throws -> Shown)? = nil,
    draw: (Shown, Palette) -> [String] = { $0.lines($1) }
  ) async throws -> Shown {
    let client = try daemon.client()
    while true {
      let document = try await client.document(Shown.name)
      guard let whole = try? Shown.read(document) else {
        let mend = "run vine-mesh and vine-meshd of the same version"
        throw ControlError("vine-meshd's answer is no \(Shown.schema) document", mend: mend)
      }
      let shown = try choose.map { try $0(whole) } ?? whole
      let bytes = choose == nil ? document : try shown.document()
      let text =
        output.json
        ? String(decoding: bytes, as: UTF8.self) + "\n" : draw(shown, output.palette).map { $0 + "\n" }.joined()
      Output.write((watch && !output.json ? watchHead : "") + text)
      guard watch else { return shown }
      try await Task.sleep(for: .seconds(1))
    }
  }

  /// On a terminal the screen is cleared, elsewhere a line parts one screen from the next.
  private var watchHead: String { Output.isTerminal ? "\u{1B}[H\u{1B}[2J" : "---\n" }
}

extension QueryOptions {
  func showRelay(why: Bool) async throws {
    try await show(RelayView.self, draw: { view, palette in view.lines(palette, why: why) })
  }
}
