import VineBase

/// A view that has a form for people.
public protocol Screen: View {
  /// Lines without a newline at the end; nothing in them depends on the clock or the terminal.
  func lines(_ palette: Palette) -> [String]
}

extension Screen {
  /// The whole screen as one text that ends with a newline.
  public func text(_ palette: Palette = .plain) -> String { lines(palette).map { $0 + "\n" }.joined() }
}

/// Words that several screens use.
public enum Phrase {
  /// The short form of a NodeID, `k7f3q-2xaru`.
  static func node(_ text: String) -> String { NodeID(text: text)?.description ?? text }

  static func count(_ part: Int, of whole: Int) -> String { "\(part) of \(whole)" }

  static func plural(_ count: Int, _ noun: String, _ several: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : several ?? noun + "s")"
  }

  /// The first few of many: `nwu, pu, uf and 61 more`.
  public static func names(_ names: [String], max: Int = 4) -> String {
    let left = names.count - max
    return names.prefix(max).joined(separator: ", ") + (left > 0 ? " and \(left) more" : "")
  }

  static func tint(_ holds: Bool, otherwise: Tint = .bad) -> Tint { holds ? .good : otherwise }
}

extension QueueVRLine {
  /// `NWU for 1 h 58 min, 63.1 Mbit/s, 24.0 ms`; what was not measured yet is left out.
  var sentence: String {
    let state = connected ? "" : ", channel closed"
    let measured = [bandwidthMbps.map { "\(Measure.decimal($0)) Mbit/s" }, rttMs.map { "\(Measure.decimal($0)) ms" }]
    return (["\(site) for \(Measure.duration(sinceSeconds))\(state)"] + measured.compactMap { $0 })
      .joined(separator: ", ")
  }
}
