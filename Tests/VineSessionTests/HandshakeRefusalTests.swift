import Testing
import VineBase

@testable import VineSession

/// Who is not let in, and what both sides are told.
@Suite struct HandshakeRefusalTests {
  @Test func `a foreign mesh is refused with its reason on both sides`() throws {
    let (stranger, vr) = (TestVR("a", mesh: 0x11), TestVR("b", mesh: 0x22))
    let step1 = stranger.handle(.connect(nil, via: vr.carrier)).sent
    let answer = vr.receive(step1[0], from: stranger)
    #expect(answer.refusals == [.foreignMesh])
    #expect(answer.sessions.isEmpty)
    let failures = stranger.receive(answer.sent[0], from: vr).failures
    #expect(failures == [.refused(.foreignMesh)])
    #expect(vr.machine.openCounts.answered == 0)
  }

  @Test func `a foreign mesh with the same tag gets nowhere`() throws {
    let tail = [UInt8](repeating: 1, count: 28)
    let lookalike = try #require(MeshID([7, 7, 7, 7] + tail))
    let stranger = TestVR("a")
    stranger.machine = Handshakes(
      key: stranger.key, mesh: lookalike, credential: StubCredential.certificate(of: stranger.key),
      ephemeralKeys: SeededEphemeralKeys(seed: 5), random: RandomSource(seed: 5))
    let vr = TestVR("b", suites: CipherSuite.available)
    let step1 = stranger.handle(.connect(nil, via: vr.carrier)).sent
    let step2 = vr.receive(step1[0], from: stranger).sent
    #expect(stranger.receive(step2[0], from: vr).isEmpty)
    #expect(stranger.machine.counters.unauthentic == 1)
  }

  @Test(arguments: RefusalReason.allCases)
  func `the responder's refusal reaches the initiator with its reason`(reason: RefusalReason) throws {
    let initiator = TestVR("a", credential: StubCredential.refused(reason, .named("a")))
    let responder = TestVR("b")
    let step1 = initiator.handle(.connect(responder.key.node, via: responder.carrier)).sent
    let step2 = responder.receive(step1[0], from: initiator).sent
    let step3 = initiator.receive(step2[0], from: responder).sent
    let verdict = responder.receive(step3[0], from: initiator)
    #expect(verdict.sessions.isEmpty)
    #expect(verdict.refusals == [reason])
    let told = initiator.receive(verdict.sent[0], from: responder)
    #expect(told.failures == [.refused(reason)])
    #expect(told.failures[0].description.contains(reason.explanation))

    #expect(responder.receive(step3[0], from: initiator) == [.send(verdict.sent[0], via: initiator.carrier)])
    #expect(initiator.receive(verdict.sent[0], from: responder).isEmpty)
  }

  @Test(arguments: RefusalReason.allCases)
  func `the initiator's refusal reaches the responder with its reason`(reason: RefusalReason) throws {
    let initiator = TestVR("a")
    let responder = TestVR("b", credential: StubCredential.refused(reason, .named("b")))
    let step1 = initiator.handle(.connect(responder.key.node, via: responder.carrier)).sent
    let step2 = responder.receive(step1[0], from: initiator).sent
    let verdict = initiator.receive(step2[0], from: responder)
    #expect(verdict.sessions.isEmpty)
    #expect(verdict.refusals == [reason])
    #expect(verdict.failures == [.rejected(reason)])
    #expect(initiator.machine.indices.isEmpty)
    let told = responder.receive(verdict.sent[0], from: initiator)
    #expect(told == [.failed(nil, via: initiator.carrier, .refused(reason))])
    #expect(responder.receive(verdict.sent[0], from: initiator).isEmpty)
  }

  @Test func `a credential of another VR does not fit the proven key, on either side`() throws {
    let stolen = StubCredential.certificate(of: .named("v"))
    let initiator = TestVR("a", credential: stolen)
    let responder = TestVR("b")
    let step1 = initiator.handle(.connect(nil, via: responder.carrier)).sent
    let step2 = responder.receive(step1[0], from: initiator).sent
    let step3 = initiator.receive(step2[0], from: responder).sent
    #expect(responder.receive(step3[0], from: initiator).refusals == [.badCertificate])

    let honest = TestVR("c")
    let thief = TestVR("d", credential: stolen)
    let opening = honest.handle(.connect(StaticKey.named("v").node, via: thief.carrier)).sent
    let answer = thief.receive(opening[0], from: honest).sent
    #expect(honest.receive(answer[0], from: thief).failures == [.rejected(.badCertificate)])
  }

  @Test func `an invitation is no certificate to answer with`() throws {
    let initiator = TestVR("a")
    let impostor = TestVR("g", credential: StubCredential.invitation(of: .named("g")))
    let step1 = initiator.handle(.connect(nil, via: impostor.carrier)).sent
    let step2 = impostor.receive(step1[0], from: initiator).sent
    #expect(initiator.receive(step2[0], from: impostor).failures == [.rejected(.noCertificate)])
  }

  @Test func `another VR than the one asked for is not taken for it and is shown nothing`() throws {
    let initiator = TestVR("a")
    let other = TestVR("c")
    let step1 = initiator.handle(.connect(StaticKey.named("b").node, via: other.carrier)).sent
    let step2 = other.receive(step1[0], from: initiator).sent
    let effects = initiator.receive(step2[0], from: other)
    #expect(effects == [.failed(StaticKey.named("b").node, via: other.carrier, .otherPeer(other.key.node))])
  }

  @Test func `frames that come back to their sender end the attempt`() throws {
    let vr = TestVR("a")
    let step1 = vr.handle(.connect(nil, via: vr.carrier)).sent
    let step2 = vr.receive(step1[0], from: vr).sent
    #expect(vr.receive(step2[0], from: vr).failures == [.ourselves])
  }

  @Test func `without a common suite both sides are told`() throws {
    let (first, second) = (TestVR("a", suites: [.aes256gcm]), TestVR("b", suites: [.chacha20poly1305]))
    let step1 = first.handle(.connect(nil, via: second.carrier)).sent
    let answer = second.receive(step1[0], from: first)
    #expect(answer.refusals == [.noCommonSuite])
    #expect(
      first.receive(answer.sent[0], from: second).failures == [.refused(.noCommonSuite)])
  }

  @Test func `a forged refusal does not keep the proper answer out`() throws {
    let (first, second) = (TestVR("a"), TestVR("b"))
    let step1 = first.handle(.connect(second.key.node, via: second.carrier)).sent[0]
    let index = step1[8..<12].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let forged = HandshakeFrame.refusal(receiver: index, meshTag: 0x0707_0707, reason: .revoked).bytes
    #expect(first.receive(forged, from: TestVR("x")).failures.count == 1)
    let step2 = second.receive(step1, from: first).sent[0]
    #expect(first.receive(step2, from: second).sessions.count == 1)
  }

  @Test func `a refusal of the wrong mesh or for an unknown index is ignored`() {
    let vr = TestVR("a")
    let step1 = vr.handle(.connect(nil, via: TestVR("b").carrier)).sent[0]
    let index = step1[8..<12].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let frames: [HandshakeFrame] = [
      .refusal(receiver: index, meshTag: 1, reason: .revoked),
      .refusal(receiver: index ^ 1, meshTag: 0x0707_0707, reason: .revoked),
    ]
    for frame in frames { #expect(vr.receive(frame.bytes, from: TestVR("b")).isEmpty) }
    #expect(vr.machine.counters.malformed == 1)
    #expect(vr.machine.counters.unknownIndex == 1)
  }

  @Test(arguments: RefusalReason.allCases)
  func `every reason is one line that names a mend`(reason: RefusalReason) {
    #expect(!reason.explanation.contains("\n"))
    #expect(reason.explanation.contains(";"))
  }
}
