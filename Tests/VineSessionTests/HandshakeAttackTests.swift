import Testing
import VineBase

@testable import VineSession

/// Bytes from anybody: they may cost a little, and nothing else.
@Suite struct HandshakeAttackTests {
  @Test func `a flipped bit in any byte of step 1 establishes nothing`() throws {
    let initiator = TestVR("a")
    let responder = TestVR("b")
    let step1 = initiator.handle(.connect(responder.key.node, via: responder.carrier)).sent[0]
    for position in step1.indices {
      let (first, second) = (initiator.copy(), responder.copy())
      let answers = second.receive(flipped(step1, position), from: first)
      #expect(answers.sessions.isEmpty)
      for answer in answers.sent {
        let effects = first.receive(answer, from: second)
        #expect(effects.sessions.isEmpty, "byte \(position)")
        #expect(effects.sent.isEmpty, "byte \(position)")
      }
      // The attempt has survived, and the retransmitted step 1 still works.
      let retry = second.receive(step1, from: first)
      #expect(first.receive(try #require(retry.sent.last), from: second).sessions.count == 1)
    }
  }

  @Test func `a flipped bit in any byte of step 2 or 3 establishes nothing and ends nothing`() throws {
    let initiator = TestVR("a")
    let responder = TestVR("b")
    let step1 = initiator.handle(.connect(responder.key.node, via: responder.carrier)).sent[0]
    let step2 = responder.receive(step1, from: initiator).sent[0]
    for position in step2.indices {
      #expect(initiator.receive(flipped(step2, position), from: responder).isEmpty, "byte \(position)")
    }
    let closing = initiator.receive(step2, from: responder)
    #expect(closing.sessions.count == 1)
    for position in closing.sent[0].indices {
      #expect(responder.receive(flipped(closing.sent[0], position), from: initiator).isEmpty, "byte \(position)")
    }
    #expect(responder.receive(closing.sent[0], from: initiator).sessions.count == 1)
  }

  @Test func `a cut frame of any length establishes nothing`() throws {
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    let responder = TestVR("b")
    for count in 0..<exchange.step1.count where count % 7 == 0 || count > 1190 || count < 60 {
      let cut = Array(exchange.step1.prefix(count))
      #expect(responder.receive(cut, from: exchange.initiator).sessions.isEmpty)
    }
    let initiator = TestVR("a")
    _ = initiator.handle(.connect(exchange.responder.key.node, via: exchange.responder.carrier))
    for count in 0..<exchange.step2.count {
      #expect(initiator.receive(Array(exchange.step2.prefix(count)), from: exchange.responder).isEmpty)
    }
    let waiting = TestVR("b")
    _ = waiting.receive(exchange.step1, from: exchange.initiator)
    for count in 0..<exchange.step3.count {
      #expect(waiting.receive(Array(exchange.step3.prefix(count)), from: exchange.initiator).isEmpty)
    }
  }

  @Test func `no answer is longer than the question`() {
    let (first, second) = (TestVR("a"), TestVR("b", credential: [UInt8](repeating: 0, count: 1024)))
    let step1 = first.handle(.connect(nil, via: second.carrier)).sent[0]
    #expect(second.receive(step1, from: first).sent[0].count <= step1.count)
    for count in [44, 100, 1130] {
      let short = second.receive(Array(step1.prefix(count)), from: first)
      #expect(short.isEmpty)
    }
    #expect(second.machine.counters.malformed == 3)
  }

  @Test func `half-open handshakes are bounded and the oldest goes first`() {
    let responder = TestVR("b")
    var openings: [[UInt8]] = []
    for seed in 0..<UInt64(HandshakeLimits.answersMax + 40) {
      let initiator = TestVR("a", seed: seed + 10)
      openings.append(initiator.handle(.connect(nil, via: responder.carrier)).sent[0])
      responder.now = Instant(nanoseconds: Int64(seed))
      #expect(responder.receive(openings[Int(seed)], from: initiator).sent.count == 1)
    }
    #expect(responder.machine.openCounts.answered == HandshakeLimits.answersMax)
    #expect(responder.machine.indices.count == HandshakeLimits.answersMax)
    #expect(responder.machine.counters.evicted == 40)

    let newest = responder.receive(openings[openings.count - 1], from: TestVR("a")).sent
    #expect(newest.count == 1)
    #expect(responder.machine.counters.evicted == 40)
    responder.now = Instant.zero + .seconds(16)
    _ = responder.handle(.wakeup)
    #expect(responder.machine.openCounts.answered == 0)
    #expect(responder.machine.indices.isEmpty)
    #expect(responder.machine.nextWakeup == nil)
  }

  @Test func `a replayed old handshake establishes no second session`() throws {
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    let later = exchange.responder
    later.now = Instant.zero + .seconds(20)
    _ = later.handle(.wakeup)
    #expect(later.receive(exchange.step1, from: exchange.initiator).sent != [exchange.step2])
    #expect(later.receive(exchange.step3, from: exchange.initiator).isEmpty)
  }

  @Test(arguments: UInt64(0)..<30)
  func `random frames never trap and never establish`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    let sides = [exchange.initiator, exchange.responder]
    let frames: [[UInt8]] = [exchange.step1, exchange.step2, exchange.step3, [1, 4, 0, 0]]
    for _ in 0..<100 {
      var bytes = frames[random.int(in: 0..<frames.count)]
      for _ in 0..<random.int(in: 1..<6) where !bytes.isEmpty {
        let position = random.int(in: 0..<min(bytes.count, 120))
        switch random.below(4) {
        case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeSubrange(position..<min(bytes.count, position + random.int(in: 1..<20)))
        case 2: bytes.insert(contentsOf: [UInt8](repeating: 0, count: random.int(in: 0..<20)), at: position)
        default: bytes += [UInt8(truncatingIfNeeded: random.next())]
        }
      }
      let side = random.int(in: 0..<2)
      let effects = sides[side].receive(bytes, from: sides[1 - side])
      #expect(effects.sessions.isEmpty || bytes == exchange.step3)
      if let frame = HandshakeFrame(bytes) { #expect(frame.bytes == bytes) }
    }
  }

  @Test func `the limits fit one another`() {
    let overhead = HandshakeFrame.headerByteCount + 32 + 48 + 1 + 16
    #expect(overhead + HandshakeLimits.credentialByteCountMax <= HandshakeLimits.openingByteCount)
    #expect(HandshakeLimits.answerAge > HandshakeLimits.giveUp)
    #expect(HandshakeLimits.retryLongest < HandshakeLimits.giveUp)
    #expect(HandshakeLimits.openingByteCount + FrameSize.relayOverhead <= 1280)
  }

  private func flipped(_ bytes: [UInt8], _ position: Int) -> [UInt8] {
    var result = bytes
    result[position] ^= 1 << UInt8(position % 8)
    return result
  }
}
