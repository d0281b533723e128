import Foundation
import VineControl

/// Standard output belongs to the answer alone; questions go to standard error.
enum Output {
  static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  static func ask(_ question: String) { FileHandle.standardError.write(Data(question.utf8)) }

  /// One line on the terminal that the next one replaces; nothing where standard error is no terminal.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    let width = size(of: STDERR_FILENO).columns
    Interruption.bar(isShown: !text.isEmpty)
    let printable = text.unicodeScalars.map {
      $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "?" : Character($0)
    }
    ask("\r\u{1B}[K" + String(printable.prefix(width - 1)))
  }

  /// A bar on the terminal while something is worked at that takes about so many seconds; gone when it is done.
  static func withProgress<Answer>(
    seconds: Int, then late: String, _ work: () async throws -> Answer
  ) async throws -> Answer {
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
    let outcome: Result<Answer, any Error>
    do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
    bar.cancel()
    // Its last word comes before the answer.
    _ = await bar.result
    progress("")
    return try outcome.get()
  }

  /// Some terminals do not say how large they are.
  private static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// A screen's lines: on a terminal no longer than it is wide, elsewhere one row a line.
  static func text(_ lines: [String]) -> String {
    let fitting = isTerminal ? Fold.lines(lines, width: size(of: STDOUT_FILENO).columns) : lines
    return fitting.map { $0 + "\n" }.joined()
  }

  /// A screen that takes the place of the last one: without a flicker, and no longer than the terminal is high. Where no terminal
  /// is, a line parts one from the next.
  static func redrawn(_ lines: [String]) -> String {
    guard isTerminal else { return "---\n" + text(lines) }
    let size = size(of: STDOUT_FILENO)
    var shown = Fold.lines(lines, width: size.columns)
    // The last row is for the cursor.
    let rows = max(size.rows - 1, 2)
    if shown.count > rows {
      let left = shown.count - rows + 1
      shown = shown.prefix(rows - 1) + ["... \(left) more lines: make the terminal higher"]
    }
    // Home; each line to its end; what is below.
    return "\u{1B}[H" + shown.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J"
  }

  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// https://no-color.org: any value but the empty one.
  static var takesColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// An answer that is a screen: its document, or its lines for people.
  static func answer(_ view: some Screen, _ options: OutputOptions) throws {
    write(
      options.json ? String(decoding: try view.document(), as: UTF8.self) + "\n" : text(view.lines(options.palette)))
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
      if output.json {
        Output.write(String(decoding: bytes, as: UTF8.self) + "\n")
      } else {
        let lines = draw(shown, output.palette)
        Output.write(watch ? Output.redrawn(lines) : Output.text(lines))
      }
      guard watch else { return shown }
      try await Task.sleep(for: .seconds(1))
    }
  }
}

extension QueryOptions {
  func showRelay(why: Bool) async throws {
    try await show(RelayView.self, draw: { view, palette in view.lines(palette, why: why) })
  }
}
