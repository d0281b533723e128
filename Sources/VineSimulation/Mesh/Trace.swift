import VineBase
import VineWire

/// A run's fingerprint, and its last events for people.
public struct Trace: Sendable {
  public struct Line: Sendable {
    public let at: Int64
    public let from: Int
    public let to: Int
    public let bytes: [UInt8]
    let kind: EventKind
    /// The frame's first byte.
    let frame: UInt8
  }

  /// Of every event: time, ends, kind and content. The same seed gives the same on any machine.
  public private(set) var hash: UInt64 = 0
  /// The newest `kept`, oldest first; empty unless somebody asked for them.
  private var lines: [Line] = []
  private var oldest = 0
  public var kept = 0

  public var recent: [Line] { Array(lines[oldest...] + lines[..<oldest]) }

  mutating func note(_ kind: EventKind, at now: Int64, _ to: Int, _ from: Int, _ frame: UInt8, _ bytes: [UInt8]) {
    var content = UInt64(truncatingIfNeeded: bytes.count)
    // Every eighth byte and the last ones: enough to tell two runs apart, and cheap.
    for position in stride(from: 0, to: bytes.count, by: 8) {
      content = content &* 0x100_0000_01B3 ^ UInt64(bytes[position])
    }
    if let last = bytes.last { content = content &* 0x100_0000_01B3 ^ UInt64(last) }
    mix(UInt64(bitPattern: now))
    mix(UInt64(truncatingIfNeeded: to) << 32 | UInt64(UInt32(truncatingIfNeeded: from)))
    mix(content ^ UInt64(kind.rawValue) << 56 ^ UInt64(frame) << 48)
    guard kept > 0 else { return }
    let line = Line(at: now, from: from, to: to, bytes: bytes, kind: kind, frame: frame)
    if lines.count < kept {
      lines.append(line)
    } else {
      lines[oldest] = line
      oldest = (oldest + 1) % kept
    }
  }

  mutating func note(_ kind: EventKind, at now: Int64, _ to: Int, _ from: Int, _ frame: UInt8, _ nothing: Int) {
    note(kind, at: now, to, from, frame, [])
  }

  private mutating func mix(_ word: UInt64) {
    hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 29
  }
}

extension Trace.Line {
  /// For people: time, ends, kind, size.
  public var text: String {
    let micros = String(at / 1000 % 1_000_000)
    let time = "\(at / 1_000_000_000).\(String(repeating: "0", count: 6 - micros.count))\(micros)"
    return from < 0 ? "\(time)  VR \(to) \(what)" : "\(time)  VR \(from) to VR \(to): \(what), \(bytes.count) bytes"
  }

  /// A line of a mermaid sequence diagram.
  public var mermaid: String {
    from < 0 ? "  note over VR\(to): \(what)" : "  VR\(from)->>VR\(to): \(what)"
  }

  private var what: String {
    switch (kind, frame) {
    case (.start, _): "starts"
    case (.channelClosed, _): "crashes"
    case (_, 1): "handshake step \(bytes.count > 1 ? Int(bytes[1]) : 0)"
    case (_, 4): "dial-back"
    default: (try? ControlMessage.decode(bytes)).map(Self.name) ?? "unreadable"
    }
  }

  private static func name(_ message: ControlMessage) -> String {
    guard case .gossip(let gossip) = message else { return String(String(describing: message).prefix { $0 != "(" }) }
    return String(String(describing: gossip).prefix { $0 != "(" })
  }
}
