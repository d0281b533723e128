import VineBase

@testable import VineSession

extension Door {
  /// The clear part of every frame: what is read is written back as it was.
  static let frameHeader = Door(name: "FrameHeader") { bytes in
    if let frame = HandshakeFrame(bytes), frame.bytes != bytes { return "a handshake frame changes" }
    guard let header = try? bytes.withUnsafeBytes({ try FrameHeader(parsing: $0) }) else { return nil }
    var written = [UInt8](repeating: 0, count: header.byteCount)
    written.withUnsafeMutableBytes { header.write(to: $0) }
    return written == Array(bytes.prefix(header.byteCount)) ? nil : "a header changes"
  }

  /// A frame that is sealed, damaged on its way and opened: only the very frame opens, and it is what it was.
  /// `[suite u8][kind u8][content length u16][content][damage…]`
  static let sealedFrame = Door(name: "SealedFrame") { bytes in
    var script = Script(bytes)
    let suites = CipherSuite.allCases.filter(\.isPossible)
    let suite = suites[script.choice(suites.count)]
    let kind = [FrameKind.data, .control, .train][script.choice(3)]
    let key = [UInt8](repeating: 42, count: CipherSuite.keyByteCount)
    let (sealing, opening) = (SealingKey(suite: suite, key: key), OpeningKey(suite: suite, key: key))
    let content = script.chunk()
    var frame = [UInt8](repeating: 0, count: FrameSize.header) + content + [UInt8](repeating: 0, count: FrameSize.tag)
    frame.withUnsafeMutableBytes { buffer in
      let header = FrameHeader(kind: kind, index: 7, counter: 1 << 40)
      header.write(to: buffer)
      guard let start = buffer.baseAddress else { return }
      sealing.seal(
        header: start, headerCount: FrameSize.header, counter: header.counter,
        body: (start + FrameSize.header).assumingMemoryBound(to: UInt8.self), count: content.count)
    }
    guard open(frame, opening) == content else { return "a sealed frame does not open" }
    guard !script.isEmpty else { return nil }
    let damaged = script.damaged(frame)
    let protects = suite != .unprotected || (kind != .data && damaged.first != FrameKind.data.rawValue)
    return protects && damaged != frame && open(damaged, opening) != nil ? "a damaged frame opens" : nil
  }

  private static func open(_ bytes: [UInt8], _ opening: OpeningKey) -> [UInt8]? {
    var frame = bytes
    return frame.withUnsafeMutableBytes { buffer in
      guard let header = try? FrameHeader(parsing: UnsafeRawBufferPointer(buffer)), header.kind != .relay,
        let start = buffer.baseAddress
      else { return nil }
      let body = (start + FrameSize.header).assumingMemoryBound(to: UInt8.self)
      let count = buffer.count - FrameSize.header
      guard
        opening.open(header: start, headerCount: FrameSize.header, counter: header.counter, body: body, count: count)
      else { return nil }
      return Array(UnsafeBufferPointer(start: body, count: count - FrameSize.tag))
    }
  }

  /// Counters in any order against a set: each is accepted once, and none that is too old.
  /// `[move u8][amount u16]` each, from the highest counter accepted.
  static let replayWindow = Door(name: "ReplayWindow") { bytes in
    var (script, window, seen, highest): (Script, ReplayWindow, Set<UInt64>, UInt64?) = (
      Script(bytes), ReplayWindow(), [], nil
    )
    while !script.isEmpty {
      let (move, amount) = (script.byte(), UInt64(script.word()))
      let base = highest ?? 0
      let counter =
        switch move & 3 {
        case 0: base &+ amount
        case 1: base &- amount
        case 2: base &+ amount << (move >> 2)
        default: script.quad()
        }
      let isOld = highest.map { counter < $0 && $0 - counter >= UInt64(ReplayWindow.size) } ?? false
      let mayPass = !seen.contains(counter) && !isOld && counter != .max
      guard window.isFresh(counter) == mayPass, window.accept(counter) == mayPass else {
        return "counter \(counter) after \(base): \(mayPass ? "refused" : "accepted")"
      }
      guard mayPass else { continue }
      seen.insert(counter)
      highest = max(highest ?? 0, counter)
      guard window.highest == highest else { return "the highest counter is wrong" }
    }
    return nil
  }
}
