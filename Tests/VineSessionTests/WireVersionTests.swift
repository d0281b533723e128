import Testing
import VineBase

@testable import VineSession

/// Which version of the wire format two VRs speak.
@Suite struct WireVersionTests {
  private func versions(_ oldest: UInt32, _ newest: UInt32) throws -> WireVersions {
    try #require(WireVersions(oldest: oldest, newest: newest))
  }

  private func vr(_ name: Character, _ versions: WireVersions) -> TestVR {
    let vr = TestVR(name)
    vr.machine = Handshakes(
      key: vr.key, mesh: .filled(with: 7), credential: StubCredential.certificate(of: vr.key),
      suites: [.chacha20poly1305], versions: versions, ephemeralKeys: SeededEphemeralKeys(seed: 3),
      random: RandomSource(seed: 3))
    return vr
  }

  @Test func `two VRs speak the newest version that both know`() throws {
    for (one, other, wanted) in [
      (try versions(1, 1), try versions(1, 2), UInt8(1)), (try versions(1, 2), try versions(1, 1), 1),
      (try versions(1, 2), try versions(1, 2), 2), (try versions(2, 5), try versions(1, 3), 3),
      (try versions(1, 63), try versions(63, 63), 63),
    ] {
      let exchange = try Exchange(vr("a", one), vr("b", other))
      #expect(exchange.begun.version == wanted && exchange.answered.version == wanted)
    }
  }

  @Test func `without a common version there is no session, and both are told why`() throws {
    for (one, other) in [(try versions(1, 2), try versions(3, 4)), (try versions(3, 4), try versions(1, 2))] {
      let (initiator, responder) = (vr("a", one), vr("b", other))
      let opening = initiator.handle(.connect(responder.key.node, via: responder.carrier)).sent
      let verdict = responder.receive(opening[0], from: initiator)
      #expect(verdict.refusals == [.noCommonWireVersion] && verdict.sessions.isEmpty)
      #expect(initiator.receive(verdict.sent[0], from: responder).failures == [.refused(.noCommonWireVersion)])
      #expect(responder.machine.openCounts.answered == 0)
    }
  }

  @Test func `an offer that says nothing is of the first version, and is answered as that version was`() throws {
    let suites: [UInt8] = [1, 2, 3, 4, 5, 0, 0, 0]
    #expect(WireVersions(offer: suites) == .first)
    #expect(WireVersions.answer(1, to: suites) == [])
    for first: UInt8 in [0, 1, 2] {
      var answer: ArraySlice<UInt8> = [first, 9, 9]
      #expect(WireVersions.takeVersion(from: &answer) == 1 && answer == [first, 9, 9])
    }
  }

  @Test func `what is offered is read again, and no byte of it is a suite`() throws {
    for (oldest, newest) in [(1, 1), (1, 63), (7, 9), (63, 63)] as [(UInt32, UInt32)] {
      let own = try versions(oldest, newest)
      #expect(own.offer.allSatisfy { CipherSuite(rawValue: $0) == nil })
      #expect(WireVersions(offer: [2, 1] + own.offer + [0, 0]) == own)
      var answer = WireVersions.answer(own.newest, to: own.offer)[...] + [1, 0x30]
      #expect(WireVersions.takeVersion(from: &answer) == own.newest && answer == [1, 0x30])
    }
  }

  @Test func `an offer that makes no sense has no version`() {
    for offer: [UInt8] in [[0x81], [0xC1], [0x80, 0xC1], [0x82, 0xC1], [0x81, 0xC0]] {
      #expect(WireVersions(offer: offer) == nil, "\(offer)")
    }
    #expect(WireVersions(oldest: 0, newest: 1) == nil)
    #expect(WireVersions(oldest: 2, newest: 1) == nil)
    #expect(WireVersions(oldest: 1, newest: 64) == nil)
  }

  @Test func `somebody on the way who takes versions out of an offer ends the handshake`() throws {
    let (initiator, responder) = (vr("a", try versions(1, 2)), vr("b", try versions(1, 2)))
    var opening = try #require(
      initiator.handle(.connect(responder.key.node, via: responder.carrier)).sent.first)
    let place = try #require(opening.firstIndex(of: 0xC2))
    opening[place] = 0xC1
    let answer = responder.receive(opening, from: initiator)
    let told = initiator.receive(try #require(answer.sent.first), from: responder)
    #expect(told.sessions.isEmpty && initiator.machine.counters.unauthentic == 1)
  }
}
