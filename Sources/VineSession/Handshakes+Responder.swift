import VineBase

/// A handshake begun by somebody else.
struct Answer: Sendable {
  enum Phase: Sendable {
    /// Step 2 is out.
    case waiting(NoiseXX, CipherSuite, version: UInt8)
    /// A good step 3 came: there is a session.
    case established
    /// These bytes were step 3 of somebody who was refused, with this frame.
    case refused(closing: [UInt8], with: [UInt8])
  }

  let carrier: Carrier
  let remoteIndex: UInt32
  /// Step 1 as it came and step 2 as it went, for repetitions.
  let opening: [UInt8]
  let frame: [UInt8]
  let expires: Instant
  var phase: Phase
  /// A refusal came and was reported.
  var isRefused = false

  var isWaiting: Bool {
    if case .waiting = phase { true } else { false }
  }
}

extension Handshakes {
  /// Step 1 came.
  mutating func opened(_ frame: HandshakeFrame, _ arrival: Arrival) -> [Effect] {
    guard case .opening(let tag, let remoteIndex, let message) = frame else { return [] }
    guard tag == mesh.tag else { return refuse(remoteIndex, .foreignMesh, arrival) }
    guard !isGuest else { return refuse(remoteIndex, .noCertificate, arrival) }
    let bytes = frame.bytes
    if let present = answer(to: bytes, from: remoteIndex, via: arrival.carrier) {
      return present.isWaiting ? [.send(present.frame, via: arrival.carrier)] : []
    }
    var noise = begin(isInitiator: false)
    guard let offer = noise.read(message, binding: frame.header) else {
      counters.malformed += 1
      return []
    }
    guard let suite = suites.first(where: { offer.contains($0.rawValue) }) else {
      return refuse(remoteIndex, .noCommonSuite, arrival)
    }
    guard let version = WireVersions(offer: offer).flatMap(versions.common) else {
      return refuse(remoteIndex, .noCommonWireVersion, arrival)
    }
    let index = takeIndex()
    let header = HandshakeFrame.header(step: 2, remoteIndex, index)
    noise.bind(header)
    guard let message = noise.write([suite.rawValue] + WireVersions.answer(version, to: offer) + credential) else {
      indices.remove(index)
      counters.malformed += 1
      return []
    }
    makeRoom()
    answers[index] = Answer(
      carrier: arrival.carrier, remoteIndex: remoteIndex, opening: bytes, frame: header + message,
      expires: arrival.now + HandshakeLimits.answerAge, phase: .waiting(noise, suite, version: version))
    return [.send(header + message, via: arrival.carrier)]
  }

  /// Step 3 came.
  mutating func closed(_ frame: HandshakeFrame, _ arrival: Arrival) -> [Effect] {
    guard case .closing(let index, let remoteIndex, let message) = frame else { return [] }
    guard var answer = answers[index], answer.remoteIndex == remoteIndex else {
      counters.unknownIndex += 1
      return []
    }
    let bytes = frame.bytes
    switch answer.phase {
    case .established: return []
    case .refused(let closing, let refusal):
      return closing == bytes ? [.send(refusal, via: arrival.carrier)] : []
    case .waiting(var noise, let suite, let version):
      guard let credential = noise.read(message, binding: frame.header) else {
        counters.unauthentic += 1
        return []
      }
      switch judge(credential, of: noise, arrival) {
      case .failure(let reason):
        answer.phase = .refused(closing: bytes, with: refusal(to: remoteIndex, reason))
        answers[index] = answer
        return refuse(remoteIndex, reason, arrival)
      case .success(let peer):
        answer.phase = .established
        answers[index] = answer
        let keys = noise.split()
        let session = EstablishedSession(
          peer: peer, carrier: arrival.carrier, suite: suite, version: version, sendKey: keys.send,
          receiveKey: keys.receive,
          localIndex: index, remoteIndex: remoteIndex, isInitiator: false, handshakeHash: noise.handshakeHash)
        return [.established(session)]
      }
    }
  }

  mutating func expireAnswers(at now: Instant) -> [Effect] {
    for index in answers.keys where answers[index].map({ $0.expires <= now }) == true { forget(answer: index) }
    return []
  }

  private func refuse(_ remoteIndex: UInt32, _ reason: RefusalReason, _ arrival: Arrival) -> [Effect] {
    [.send(refusal(to: remoteIndex, reason), via: arrival.carrier), .refusedPeer(via: arrival.carrier, reason)]
  }

  /// The half-open handshake that the same bytes began from the same place.
  private func answer(to opening: [UInt8], from remoteIndex: UInt32, via carrier: Carrier) -> Answer? {
    answers.values.first {
      $0.remoteIndex == remoteIndex && $0.carrier == carrier && $0.opening == opening
    }
  }

  /// The oldest that has ended goes, or the oldest at all; of equals the one with the lowest index.
  private mutating func makeRoom() {
    guard answers.count >= HandshakeLimits.answersMax else { return }
    let oldest = answers.min {
      let (left, right) = ($0.1.isWaiting ? 1 : 0, $1.1.isWaiting ? 1 : 0)
      return (left, $0.1.expires, $0.0) < (right, $1.1.expires, $1.0)
    }
    guard let oldest else { return }
    if oldest.1.isWaiting { counters.evicted += 1 }
    forget(answer: oldest.0)
  }

  /// The index stays taken if a session has it.
  private mutating func forget(answer index: UInt32) {
    guard let answer = answers.removeValue(forKey: index) else { return }
    if case .established = answer.phase { return }
    indices.remove(index)
  }
}
