import VineBase

/// A handshake begun here.
struct Attempt: Sendable {
  enum Phase: Sendable {
    /// Step 1 is out.
    case opening(NoiseXX)
    /// Step 3 is out in answer to these bytes; the session is established on this side.
    case closing(answer: [UInt8])
  }

  let node: NodeID?
  let carrier: Carrier
  var phase: Phase
  /// Step 1 or step 3.
  var frame: [UInt8]
  /// A refusal came: it is reported and nothing is repeated, but a proper answer still counts.
  var isRefused = false
  /// Step 1 went out and no cookie was used since: one cookie makes one frame.
  var takesCookie: Bool
  private var nextRetry: Instant
  private var interval = HandshakeLimits.retryFirst
  private(set) var givesUp: Instant

  init(node: NodeID?, carrier: Carrier, phase: Phase, frame: [UInt8], at now: Instant) {
    (self.node, self.carrier, self.phase, self.frame) = (node, carrier, phase, frame)
    if case .opening = phase { takesCookie = true } else { takesCookie = false }
    nextRetry = now + interval
    givesUp = now + HandshakeLimits.giveUp
  }

  var isClosing: Bool {
    if case .closing = phase { true } else { false }
  }

  var nextAction: Instant { isRefused ? givesUp : min(nextRetry, givesUp) }

  /// - Returns: whether to send `frame` again.
  mutating func isRetryDue(at now: Instant) -> Bool {
    guard !isRefused, now >= nextRetry else { return false }
    interval = min(interval + interval, HandshakeLimits.retryLongest)
    nextRetry = now + interval
    takesCookie = !isClosing
    return true
  }
}

extension Handshakes {
  mutating func connect(_ node: NodeID?, via carrier: Carrier, at now: Instant) -> [Effect] {
    if let index = attempt(for: node, via: carrier), let present = attempts[index] {
      guard present.carrier != carrier || present.isRefused || present.isClosing else { return [] }
      drop(attempt: index)
    }
    let index = takeIndex()
    var noise = begin(isInitiator: true)
    let header = HandshakeFrame.header(step: 1, mesh.tag, index)
    noise.bind(header)
    let room = HandshakeLimits.openingByteCount - header.count - Curve25519.keyByteCount
    let offered = suites.map(\.rawValue) + versions.offer
    let offer = offered + [UInt8](repeating: 0, count: room - offered.count)
    guard let message = noise.write(offer) else { return [] }
    let frame = header + message
    attempts[index] = Attempt(node: node, carrier: carrier, phase: .opening(noise), frame: frame, at: now)
    return [.send(frame, via: carrier)]
  }

  /// Step 2 came.
  mutating func answered(_ frame: HandshakeFrame, _ arrival: Arrival) -> [Effect] {
    guard case .answer(let index, let remoteIndex, let message) = frame else { return [] }
    guard let attempt = attempts[index] else {
      counters.unknownIndex += 1
      return []
    }
    switch attempt.phase {
    case .closing(let answer):
      // A repeated step 2 asks for step 3 again.
      return answer == frame.bytes ? [.send(attempt.frame, via: attempt.carrier)] : []
    case .opening(var noise):
      guard let payload = noise.read(message, binding: frame.header) else {
        counters.unauthentic += 1
        return []
      }
      return finish(attempt, index, noise, payload, remoteIndex, answer: frame.bytes, arrival)
    }
  }

  private mutating func finish(
    _ attempt: Attempt, _ index: UInt32, _ before: NoiseXX, _ payload: [UInt8], _ remoteIndex: UInt32,
    answer: [UInt8], _ arrival: Arrival
  ) -> [Effect] {
    guard before.remoteStatic != key.noisePublic else { return fail(index, attempt, .ourselves) }
    guard let first = payload.first, let suite = CipherSuite(rawValue: first), suites.contains(suite) else {
      return reject(index, attempt, remoteIndex, .noCommonSuite, arrival)
    }
    var rest = payload.dropFirst()
    let version = WireVersions.takeVersion(from: &rest)
    guard versions.contains(version) else {
      return reject(index, attempt, remoteIndex, .noCommonWireVersion, arrival)
    }
    let peer: AuthenticatedPeer
    switch judge(Array(rest), of: before, arrival) {
    case .failure(let reason): return reject(index, attempt, remoteIndex, reason, arrival)
    case .success(let found): peer = found
    }
    guard attempt.node == nil || attempt.node == peer.node else {
      return fail(index, attempt, .otherPeer(peer.node))
    }
    var noise = before
    let header = HandshakeFrame.header(step: 3, remoteIndex, index)
    noise.bind(header)
    guard let message = noise.write(credential) else { return fail(index, attempt, .rejected(.badCertificate)) }
    let frame = header + message
    attempts[index] = Attempt(
      node: peer.node, carrier: attempt.carrier, phase: .closing(answer: answer), frame: frame, at: arrival.now)
    let keys = noise.split()
    let session = EstablishedSession(
      peer: peer, carrier: attempt.carrier, suite: suite, version: version, sendKey: keys.send,
      receiveKey: keys.receive,
      localIndex: index, remoteIndex: remoteIndex, isInitiator: true, handshakeHash: noise.handshakeHash)
    // The session first: the peer's answer to step 3 may be here before the caller has done with these effects.
    return [.established(session), .send(frame, via: attempt.carrier)]
  }

  /// A refusal came, of whatever step. Anybody who saw our index can have made it.
  mutating func refused(_ frame: HandshakeFrame, _ arrival: Arrival) -> [Effect] {
    guard case .refusal(let index, let tag, let reason) = frame else { return [] }
    guard tag == mesh.tag || reason == .foreignMesh else {
      counters.malformed += 1
      return []
    }
    if var attempt = attempts[index] {
      guard !attempt.isRefused else { return [] }
      attempt.isRefused = true
      attempts[index] = attempt
      return [.failed(attempt.node, via: attempt.carrier, .refused(reason))]
    }
    if var answer = answers[index], answer.isWaiting {
      guard !answer.isRefused else { return [] }
      answer.isRefused = true
      answers[index] = answer
      return [.failed(nil, via: answer.carrier, .refused(reason))]
    }
    counters.unknownIndex += 1
    return []
  }

  /// A cookie came: the peer has many first messages, and wants this one again with it. Nothing is kept of it: the next
  /// repetition asks anew, which helps against a cookie that somebody made up or that has grown too old.
  mutating func repeated(with frame: HandshakeFrame, _ arrival: Arrival) -> [Effect] {
    guard case .cookie(let index, let tag, let cookie) = frame else { return [] }
    guard tag == mesh.tag, var attempt = attempts[index], attempt.carrier == arrival.carrier else {
      counters.unknownIndex += 1
      return []
    }
    guard attempt.takesCookie, !attempt.isRefused, let again = CookieFrame.wrap(attempt.frame, with: cookie) else {
      return []
    }
    attempt.takesCookie = false
    attempts[index] = attempt
    return [.send(again, via: attempt.carrier)]
  }

  mutating func retryAttempts(at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    for index in attempts.keys {
      guard var attempt = attempts[index] else { continue }
      if now >= attempt.givesUp {
        drop(attempt: index)
        guard !attempt.isRefused else { continue }
        effects.append(.failed(attempt.node, via: attempt.carrier, attempt.isClosing ? .unconfirmed : .timedOut))
      } else if attempt.isRetryDue(at: now) {
        attempts[index] = attempt
        effects.append(.send(attempt.frame, via: attempt.carrier))
      }
    }
    return effects
  }

  private mutating func fail(_ index: UInt32, _ attempt: Attempt, _ failure: HandshakeFailure) -> [Effect] {
    drop(attempt: index)
    return [.failed(attempt.node, via: attempt.carrier, failure)]
  }

  private mutating func reject(
    _ index: UInt32, _ attempt: Attempt, _ remoteIndex: UInt32, _ reason: RefusalReason, _ arrival: Arrival
  ) -> [Effect] {
    [.send(refusal(to: remoteIndex, reason), via: attempt.carrier), .refusedPeer(via: attempt.carrier, reason)]
      + fail(index, attempt, .rejected(reason))
  }

  /// The index stays taken if a session has it.
  private mutating func drop(attempt index: UInt32) {
    guard let attempt = attempts.removeValue(forKey: index), !attempt.isClosing else { return }
    indices.remove(index)
  }

  private func attempt(for node: NodeID?, via carrier: Carrier) -> UInt32? {
    attempts.first { _, attempt in
      node == nil ? attempt.node == nil && attempt.carrier == carrier : attempt.node == node
    }?.0
  }
}
