import Testing
import VineBase

@testable import VineSession

/// A handshake's life over a channel that loses nothing.
@Suite struct HandshakeTests {
  @Test(arguments: CipherSuite.available)
  func `both sides agree on keys, indices, suite and hash`(suite: CipherSuite) throws {
    let exchange = try Exchange(TestVR("a", suites: [suite]), TestVR("b", suites: CipherSuite.available))
    let (begun, answered) = (exchange.begun, exchange.answered)
    #expect(begun.peer.node == StaticKey.named("b").node)
    #expect(answered.peer.node == StaticKey.named("a").node)
    #expect(begun.peer.credential == StubCredential.certificate(of: .named("b")))
    #expect((begun.isInitiator, answered.isInitiator) == (true, false))
    #expect((begun.suite, answered.suite) == (suite, suite))
    #expect((begun.sendKey, begun.receiveKey) == (answered.receiveKey, answered.sendKey))
    #expect(begun.sendKey != begun.receiveKey)
    #expect((begun.localIndex, begun.remoteIndex) == (answered.remoteIndex, answered.localIndex))
    #expect(begun.handshakeHash == answered.handshakeHash)
    #expect(begun.carrier == exchange.responder.carrier)
    #expect(answered.carrier == exchange.initiator.carrier)

    let frame = sealed(suite, begun.sendKey, counter: 0, header: [2], [9, 9])
    #expect(opened(answered.suite, answered.receiveKey, counter: 0, header: [2], frame) == [9, 9])
  }

  @Test func `frames begin with their golden header and step 1 is padded to 1200 bytes`() throws {
    let exchange = try Exchange(TestVR("a", mesh: 0xAB), TestVR("b", mesh: 0xAB))
    #expect(exchange.step1.count == 1200)
    #expect(exchange.step1.prefix(8) == [1, 1, 0, 0, 0xAB, 0xAB, 0xAB, 0xAB])
    #expect(exchange.step2.prefix(4) == [1, 2, 0, 0])
    #expect(exchange.step2[4..<8] == exchange.step1[8..<12])
    #expect(exchange.step3.prefix(4) == [1, 3, 0, 0])
    #expect(exchange.step3[4..<8] == exchange.step2[8..<12])
    #expect(exchange.step3[8..<12] == exchange.step2[4..<8])
    let refusal = HandshakeFrame.refusal(receiver: 0x0102_0304, meshTag: 0x0506_0708, reason: .revoked)
    #expect(Hex.encode(refusal.bytes) == "01040000010203040506070807")
  }

  @Test func `the responder's best suite among those offered is taken`() throws {
    let both = CipherSuite.allCases
    for order in [both, both.reversed()] {
      let exchange = try Exchange(TestVR("a", suites: both), TestVR("b", suites: order))
      #expect(exchange.begun.suite == order.first)
    }
  }

  @Test func `a second attempt to the same peer is the same attempt, unless by another carrier`() {
    let vr = TestVR("a")
    let peer = TestVR("b")
    #expect(vr.handle(.connect(peer.key.node, via: peer.carrier)).sent.count == 1)
    #expect(vr.handle(.connect(peer.key.node, via: peer.carrier)).isEmpty)
    #expect(vr.handle(.connect(peer.key.node, via: TestVR("c").carrier)).sent.count == 1)
    #expect(vr.machine.openCounts.begun == 1)
    #expect(vr.handle(.connect(nil, via: peer.carrier)).sent.count == 1)
    #expect(vr.machine.openCounts.begun == 2)
    #expect(vr.machine.indices.count == 2)
  }

  @Test func `connecting again renews the session with new keys and indices`() throws {
    let first = try Exchange(TestVR("a"), TestVR("b"))
    let second = try Exchange(first.initiator, first.responder)
    #expect(first.begun.sendKey != second.begun.sendKey)
    #expect(first.begun.localIndex != second.begun.localIndex)
    #expect(second.initiator.machine.indices == [first.begun.localIndex, second.begun.localIndex])
  }

  @Test func `repetitions of each step get the answer of the first`() throws {
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    #expect(exchange.initiator.receive(exchange.step2, from: exchange.responder).sent == [exchange.step3])
    #expect(exchange.responder.receive(exchange.step3, from: exchange.initiator).isEmpty)
    #expect(exchange.responder.receive(exchange.step1, from: exchange.initiator).isEmpty)

    let responder = TestVR("b")
    #expect(responder.receive(exchange.step1, from: exchange.initiator).sent == [exchange.step2])
    #expect(responder.receive(exchange.step1, from: exchange.initiator).sent == [exchange.step2])
    #expect(responder.machine.openCounts.answered == 1)
  }

  @Test func `two that open at once have two sessions, both good`() throws {
    let (first, second) = (TestVR("a"), TestVR("b"))
    let fromFirst = first.handle(.connect(second.key.node, via: second.carrier)).sent
    let fromSecond = second.handle(.connect(first.key.node, via: first.carrier)).sent
    let toFirst = second.receive(fromFirst[0], from: first).sent
    let toSecond = first.receive(fromSecond[0], from: second).sent
    let firstBegun = first.receive(toFirst[0], from: second)
    let secondBegun = second.receive(toSecond[0], from: first)
    let secondAnswered = second.receive(firstBegun.sent[0], from: first).sessions
    let firstAnswered = first.receive(secondBegun.sent[0], from: second).sessions
    #expect(firstBegun.sessions.map(\.sendKey) == secondAnswered.map(\.receiveKey))
    #expect(secondBegun.sessions.map(\.sendKey) == firstAnswered.map(\.receiveKey))
    #expect(Set((firstBegun.sessions + firstAnswered).map(\.localIndex)).count == 2)
  }

  @Test func `a bootstrap endpoint may be any VR of the mesh`() throws {
    let (joiner, founder) = (TestVR("a"), TestVR("b"))
    let step1 = joiner.handle(.connect(nil, via: founder.carrier)).sent
    let step2 = founder.receive(step1[0], from: joiner).sent
    #expect(joiner.receive(step2[0], from: founder).sessions.map(\.peer.node) == [founder.key.node])
  }

  @Test func `a guest opens a session as a guest and answers nobody`() throws {
    let guestKey = StaticKey.named("g")
    let guest = TestVR("g", credential: StubCredential.invitation(of: guestKey), isGuest: true)
    let exchange = try Exchange(guest, TestVR("b"))
    #expect(exchange.answered.peer.isGuest)
    #expect(exchange.answered.peer.node == guestKey.node)

    let other = TestVR("c")
    let step1 = other.handle(.connect(guestKey.node, via: guest.carrier)).sent
    let answer = exchange.initiator.receive(step1[0], from: other)
    #expect(answer.refusals == [.noCertificate])
    #expect(answer.sent.map(\.count) == [13])
  }

  @Test func `after its join a guest shows its certificate and answers`() throws {
    let vr = TestVR("g", credential: StubCredential.invitation(of: .named("g")), isGuest: true)
    #expect(vr.handle(.credential(StubCredential.certificate(of: .named("g")), isGuest: false)).isEmpty)
    let exchange = try Exchange(TestVR("b"), vr)
    #expect(!exchange.begun.peer.isGuest)
  }

  @Test func `the index of a session is free again only after its release`() throws {
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    #expect(exchange.initiator.handle(.confirmed(localIndex: exchange.begun.localIndex)).isEmpty)
    #expect(exchange.initiator.machine.nextWakeup == nil)
    #expect(exchange.initiator.machine.indices == [exchange.begun.localIndex])
    _ = exchange.initiator.handle(.release(localIndex: exchange.begun.localIndex))
    #expect(exchange.initiator.machine.indices.isEmpty)

    exchange.responder.now = Instant.zero + .seconds(15)
    #expect(exchange.responder.handle(.wakeup).isEmpty)
    #expect(exchange.responder.machine.openCounts.answered == 0)
    #expect(exchange.responder.machine.indices == [exchange.answered.localIndex])
  }
}
