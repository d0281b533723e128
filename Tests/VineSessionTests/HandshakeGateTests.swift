import Testing
import VineBase

@testable import VineSession

/// A gate with what it said, and frames in and out of its buffer. A class, because `#expect` cannot call what mutates
/// a value.
private final class TestGate {
  var gate: HandshakeGate
  var now = Instant.zero

  init(secrets: any EphemeralKeys = SeededEphemeralKeys(seed: 1)) { gate = HandshakeGate(secrets: secrets, at: .zero) }

  /// The verdict, and the buffer afterwards.
  func judge(_ frame: [UInt8], from source: HandshakeGate.Source) -> (verdict: HandshakeGate.Verdict, buffer: [UInt8]) {
    var buffer = frame
    let verdict = buffer.withUnsafeMutableBytes { gate.judge($0, from: source, at: now) }
    return (verdict, buffer)
  }

  /// What the gate answers; nil if it does anything else.
  func answer(to frame: [UInt8], from source: HandshakeGate.Source) -> [UInt8]? {
    let (verdict, buffer) = judge(frame, from: source)
    guard case .answer(let count) = verdict else { return nil }
    return Array(buffer.prefix(count))
  }

  func passes(_ frame: [UInt8], from source: HandshakeGate.Source) -> Bool {
    judge(frame, from: source).verdict == .pass
  }

  /// First messages of strangers until cookies are asked for.
  func load() {
    for number in 0...UInt32(HandshakeGate.loadRate) { _ = judge(Self.opening(number), from: Self.stranger(number)) }
  }

  static func stranger(_ number: UInt32) -> HandshakeGate.Source {
    .unproven(Endpoint(address: IPv4Address(rawValue: 0xCB00_7100 &+ number), port: 4000))
  }

  /// Step 1 in shape; the mesh's tag and the sender's index say `number`.
  static func opening(_ number: UInt32) -> [UInt8] {
    var writer = ByteWriter(capacity: 1200)
    writer.append([1, 1, 0, 0])
    writer.integer(UInt32(0xAABB_CCDD))
    writer.integer(number | 1 << 31)
    writer.append([UInt8](repeating: 7, count: 60) + [UInt8](repeating: 0, count: 1128))
    return writer.bytes
  }

  static func cookie(of answer: [UInt8]) -> [UInt8] { Array(answer.suffix(16)) }
}

@Suite struct HandshakeGateTests {
  private let gate = TestGate()
  private let opening = TestGate.opening(9)
  private let home = TestGate.stranger(9)

  @Test func `few first messages pass as they are`() {
    for number in 0..<UInt32(HandshakeGate.loadRate) {
      let (verdict, buffer) = gate.judge(TestGate.opening(number), from: TestGate.stranger(number))
      #expect(verdict == .pass && buffer == TestGate.opening(number))
    }
    #expect(!gate.gate.isLoaded(at: gate.now))
  }

  @Test func `under load a first message gets a cookie, which is shorter, and with it the same bytes pass`() throws {
    gate.load()
    let answer = try #require(gate.answer(to: opening, from: home))
    #expect(answer.count == 28 && answer.count < opening.count)
    let again = try #require(CookieFrame.wrap(opening, with: TestGate.cookie(of: answer)))
    #expect(again.count == opening.count)
    let (verdict, buffer) = gate.judge(again, from: home)
    #expect(verdict == .pass && buffer == opening)
  }

  @Test func `a cookie is good for one address and one port`() throws {
    gate.load()
    let cookie = TestGate.cookie(of: try #require(gate.answer(to: opening, from: home)))
    let again = try #require(CookieFrame.wrap(opening, with: cookie))
    let elsewhere = [
      TestGate.stranger(10), .unproven(Endpoint(address: IPv4Address(rawValue: 0xCB00_7109), port: 4001)),
    ]
    for source in elsewhere {
      let answer = try #require(gate.answer(to: again, from: source))
      #expect(TestGate.cookie(of: answer) != cookie)
    }
    #expect(gate.passes(again, from: home))
  }

  @Test func `who gets a wrong cookie's answer can begin anew with it`() throws {
    gate.load()
    let wrong = try #require(CookieFrame.wrap(opening, with: [UInt8](repeating: 5, count: 16)))
    let answer = try #require(gate.answer(to: wrong, from: home))
    #expect(answer == gate.answer(to: opening, from: home))
  }

  @Test func `every changed bit of a cookie makes it worthless`() throws {
    gate.load()
    let cookie = TestGate.cookie(of: try #require(gate.answer(to: opening, from: home)))
    for bit in 0..<128 {
      var wrong = cookie
      wrong[bit / 8] ^= 1 << (bit % 8)
      #expect(!gate.passes(try #require(CookieFrame.wrap(opening, with: wrong)), from: home))
    }
  }

  @Test func `a cookie is good while its secret is the present one or the one before`() throws {
    gate.load()
    let answer = try #require(gate.answer(to: opening, from: home))
    let again = try #require(CookieFrame.wrap(opening, with: TestGate.cookie(of: answer)))
    for (seconds, isGood) in [(119, true), (121, true), (239, true), (241, false)] {
      gate.now = Instant.zero + .seconds(seconds)
      gate.load()
      #expect(gate.passes(again, from: home) == isGood, "after \(seconds) s")
    }
  }

  @Test func `after a long silence no old secret is left`() throws {
    gate.load()
    let answer = try #require(gate.answer(to: opening, from: home))
    let again = try #require(CookieFrame.wrap(opening, with: TestGate.cookie(of: answer)))
    gate.now = Instant.zero + .seconds(240)
    gate.load()
    #expect(!gate.passes(again, from: home))
  }

  @Test func `two VRs give different cookies`() throws {
    let other = TestGate(secrets: SeededEphemeralKeys(seed: 2))
    gate.load()
    other.load()
    #expect(gate.answer(to: opening, from: home) != other.answer(to: opening, from: home))
  }

  @Test func `without load a first message with any cookie passes as without`() throws {
    let again = try #require(CookieFrame.wrap(opening, with: [UInt8](repeating: 5, count: 16)))
    let (verdict, buffer) = gate.judge(again, from: home)
    #expect(verdict == .pass && buffer == opening)
  }

  @Test func `load ends when first messages get few`() {
    gate.load()
    #expect(gate.answer(to: opening, from: home) != nil)
    gate.now = gate.now + HandshakeGate.calm + .milliseconds(1)
    #expect(gate.passes(opening, from: home))
  }

  @Test func `who came over TCP or through a VR needs no cookie`() {
    gate.load()
    #expect(gate.passes(opening, from: .proven(IPv4Address(rawValue: 9))) && gate.passes(opening, from: .member))
  }

  @Test func `one proven address gets no more than its share of a second`() {
    gate.load()
    let source = HandshakeGate.Source.proven(IPv4Address(rawValue: 9))
    let passed = (0..<200).count { _ in gate.passes(opening, from: source) }
    #expect(passed == Int(HandshakeGate.sourceRate))
    gate.now = gate.now + .seconds(1)
    #expect(gate.passes(opening, from: source))
  }

  @Test func `proven addresses together get no more than the VR can answer`() {
    gate.load()
    let passed = (0..<3000).count { gate.passes(opening, from: .proven(IPv4Address(rawValue: UInt32($0 * 977)))) }
    #expect((HandshakeGate.passRate - HandshakeGate.loadRate - 1...HandshakeGate.passRate).contains(Int64(passed)))
  }

  @Test func `under load only what answers this VR passes, and not for ever`() {
    gate.load()
    let answer: [UInt8] = [1, 2, 0, 0, 0x80, 0, 0, 9, 0, 0, 0, 5, 1, 2, 3]
    #expect(gate.judge(answer, from: home).verdict == .stray)
    gate.gate.sends(opening)
    #expect((0..<100).count { _ in gate.passes(answer, from: home) } == 16)
    gate.gate.sends(opening)
    #expect(gate.passes(answer, from: home), "it was sent again")
  }

  @Test func `what answers a first message that went with a cookie passes`() throws {
    gate.load()
    gate.gate.sends(try #require(CookieFrame.wrap(opening, with: [UInt8](repeating: 5, count: 16))))
    #expect(gate.passes([1, 2, 0, 0, 0x80, 0, 0, 9, 0, 0, 0, 5], from: home))
  }

  @Test func `the oldest frames sent are forgotten for newer ones`() {
    gate.load()
    for number in 0..<UInt32(4 * HandshakeLimits.answersMax + 1) { gate.gate.sends(TestGate.opening(number)) }
    #expect(gate.judge([1, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 5], from: home).verdict == .stray)
    #expect(gate.passes([1, 3, 0, 0, 0x80, 0, 0, 1, 0, 0, 0, 5], from: home))
  }

  @Test func `any bytes get a verdict, and no answer is longer than they are`() {
    var random = RandomSource(seed: 4)
    gate.load()
    for _ in 0..<3000 {
      var frame = (0..<random.int(in: 0..<1300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if random.below(2) == 0 { frame = [1, UInt8(random.below(8)), 0, 0] + frame.dropFirst(4) }
      if random.below(2) == 0 { frame = Array((frame + TestGate.opening(1)).prefix(1200)) }
      let answer = gate.answer(to: frame, from: home)
      #expect((answer?.count ?? 0) <= frame.count)
      gate.gate.sends(frame)
    }
  }
}

@Suite struct HandshakeCookieTests {
  private let cookie = [UInt8](repeating: 0xC0, count: 16)

  private func offered(_ opening: [UInt8], tag: [UInt8]? = nil) -> [UInt8] {
    [1, 5, 0, 0] + opening[8..<12] + (tag ?? Array(opening[4..<8])) + cookie
  }

  @Test func `an initiator sends its first message again with the cookie, once for each sending`() throws {
    let (first, second) = (TestVR("a"), TestVR("b"))
    let opening = try #require(first.handle(.connect(second.key.node, via: second.carrier)).sent.first)
    let again = first.receive(offered(opening), from: second).sent
    #expect(again == [[1, 6, 0, 0] + cookie + opening.dropLast(20)])
    #expect(first.receive(offered(opening), from: second).isEmpty)
    first.now = first.now + HandshakeLimits.retryFirst
    #expect(first.handle(.wakeup).sent == [opening], "without the cookie: the next one may be another")
    #expect(first.receive(offered(opening), from: second).sent == again)
  }

  @Test func `a cookie for another index, of another mesh or from elsewhere is nothing`() throws {
    let (first, second, third) = (TestVR("a"), TestVR("b"), TestVR("c"))
    let opening = try #require(first.handle(.connect(second.key.node, via: second.carrier)).sent.first)
    var other = offered(opening)
    other[7] ^= 1
    #expect(first.receive(other, from: second).isEmpty)
    #expect(first.receive(offered(opening, tag: [1, 2, 3, 4]), from: second).isEmpty)
    #expect(first.receive(offered(opening), from: third).isEmpty)
    #expect(first.machine.counters.unknownIndex == 3)
    #expect(first.receive(offered(opening), from: second).sent.count == 1)
  }

  @Test func `a cookie after the session is there changes nothing`() throws {
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    #expect(exchange.initiator.receive(offered(exchange.step1), from: exchange.responder).isEmpty)
  }

  @Test func `a handshake behind a gate under load makes the session that it makes without`() throws {
    let (first, second, gate) = (TestVR("a"), TestVR("b"), TestGate())
    let endpoint = try #require(first.endpoint)
    gate.load()
    let opening = try #require(first.handle(.connect(second.key.node, via: second.carrier)).sent.first)
    let answer = try #require(gate.answer(to: opening, from: .unproven(endpoint)))
    let again = try #require(first.receive(answer, from: second).sent.first)
    let (verdict, passed) = gate.judge(again, from: .unproven(endpoint))
    #expect(verdict == .pass && passed == opening)
    let step2 = try #require(second.receive(passed, from: first).sent.first)
    gate.gate.sends(step2)
    let closing = first.receive(step2, from: second)
    let step3 = try #require(closing.sent.first)
    #expect(gate.passes(step3, from: .unproven(endpoint)))
    let session = try #require(second.receive(step3, from: first).sessions.first)
    #expect(session.handshakeHash == closing.sessions.first?.handshakeHash)
  }

  @Test func `the frames with cookies look like this on the wire`() throws {
    let opening = TestGate.opening(9)
    let gate = TestGate(secrets: FixedSecrets())
    gate.load()
    let answer = try #require(gate.answer(to: opening, from: TestGate.stranger(9)))
    // The hash by Python's hashlib.blake2b: address and port in eight bytes, under a key of 32 bytes 2a.
    #expect(Hex.encode(answer) == "01050000" + "80000009" + "aabbccdd" + "1eaa39db95c0a866c1fc5b876845d925")
    let again = try #require(CookieFrame.wrap(opening, with: cookie))
    let front = "01060000" + String(repeating: "c0", count: 16) + "01010000" + "aabbccdd" + "80000009" + "0707"
    #expect(Hex.encode(Array(again.prefix(34))) == front)
    #expect(again.dropFirst(20) == opening.prefix(1180))
  }
}

private struct FixedSecrets: EphemeralKeys {
  func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x2A, count: count) }
}
