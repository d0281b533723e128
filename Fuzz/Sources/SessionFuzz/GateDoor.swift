import VineBase

@testable import VineSession

extension Door {
  /// A gate under load and not, with a list of every cookie that it gave: what passes without being proven was given its
  /// cookie, for that endpoint and not too long ago. `[step u8]` and what the step needs.
  static let handshakeGate = Door(name: "HandshakeGate") { bytes in
    var play = GatePlay(Script(bytes))
    return play.run()
  }
}

private struct GatePlay {
  private struct Given: Hashable {
    let endpoint: Endpoint
    let cookie: [UInt8]
  }

  private static let stepsMax = 200
  private var script: Script
  private var now = Instant.zero
  private var gate = HandshakeGate(secrets: SeededEphemeralKeys(seed: 1), at: .zero)
  private var given: [Given: Instant] = [:]
  private var last: [UInt8]?

  init(_ script: Script) { self.script = script }

  mutating func run() -> String? {
    for _ in 0..<Self.stepsMax where !script.isEmpty {
      if let wrong = step() { return wrong }
    }
    return nil
  }

  private mutating func step() -> String? {
    switch script.byte() & 7 {
    case 0: now = now + .milliseconds(Int(script.word()) * 8)
    case 1:
      for number in 0...Int(HandshakeGate.loadRate) { _ = judge(opening(UInt8(number & 255)), stranger(200)) }
    case 2: gate.sends(script.chunk())
    case 3: return judge(script.chunk(), source(script.byte()))
    case 4: return judge(whole(script.chunk()), source(script.byte()))
    case 5: return judge(opening(script.byte()), source(script.byte()))
    case 6: return judge(script.damaged(wrapped()), source(script.byte()))
    default: return judge(wrapped(), source(script.byte()))
    }
    return nil
  }

  private mutating func judge(_ frame: [UInt8], _ source: HandshakeGate.Source) -> String? {
    var buffer = frame
    let isLoaded = gate.isLoaded(at: now)
    let verdict = buffer.withUnsafeMutableBytes { gate.judge($0, from: source, at: now) }
    switch verdict {
    case .answer(let count):
      guard count <= frame.count, case .cookie(_, _, let cookie)? = HandshakeFrame(Array(buffer.prefix(count))),
        case .unproven(let endpoint) = source
      else { return "an answer is no cookie, or longer than its question" }
      given[Given(endpoint: endpoint, cookie: cookie)] = now
      last = cookie
    case .pass:
      guard isLoaded, frame.count == HandshakeLimits.openingByteCount, frame[1] == 1 || frame[1] == 6,
        case .unproven(let endpoint) = source, frame[2] | frame[3] == 0
      else { return nil }
      let since = given[Given(endpoint: endpoint, cookie: Array(frame[4..<20]))]
      guard frame[1] == 6, let since, now - since <= Cookies.lifetime * 2 else { return "an unproven frame passes" }
      guard buffer == Array(frame.dropFirst(20)) + [UInt8](repeating: 0, count: 20) else { return "step 1 changes" }
    case .tooMany, .stray: break
    }
    return nil
  }

  private func stranger(_ number: UInt8) -> HandshakeGate.Source {
    .unproven(Endpoint(address: IPv4Address(rawValue: 0xCB00_7100 + UInt32(number)), port: 4000))
  }

  private func source(_ choice: UInt8) -> HandshakeGate.Source {
    switch choice & 15 {
    case 0: .member
    case 1: .proven(IPv4Address(rawValue: UInt32(choice)))
    default: stranger(choice >> 6)
    }
  }

  private func opening(_ number: UInt8) -> [UInt8] {
    whole([1, 1, 0, 0, 9, 9, 9, 9, 0, 0, 0, number | 1] + [UInt8](repeating: 7, count: 40))
  }

  private func whole(_ bytes: [UInt8]) -> [UInt8] {
    Array((bytes + [UInt8](repeating: 0, count: HandshakeLimits.openingByteCount)).prefix(1200))
  }

  /// With the cookie that was given last.
  private func wrapped() -> [UInt8] { CookieFrame.wrap(opening(3), with: last ?? []) ?? opening(4) }
}
