import VineBase

/// All handshakes of one VR, those it begins and those it answers.
///
/// ```
///     initiator                                   responder
///   connect ── step 1: suites, versions ────────▶
///              (again after 0.5, 1, 2, 4 … s)     picks of both, half-open
///            ◀─ step 2: suite, version, credential ──
///   judges, established
///              ── step 3: credential ────────────▶ judges, established
///              (again until confirmed)
///            ◀────────── any frame of the session ──
///   confirmed
/// ```
/// A responder with too many first messages answers step 1 with a cookie, and step 1 is sent again with that
/// (`HandshakeGate`, which the responder's `Handshakes` is behind).
///
/// Wrong bytes change nothing: they may have been made by anybody. A repeated step 1 or refused step 3 gets the
/// answer of the first one, a repeated good step 3 makes no second session. If both sides begin at once there are two sessions, and both are good. Who renews a session
/// and when is the caller's business: it connects again.
///
/// Source: Noise framework, revision 34 (pattern XX); paper 3.7 (VRs know one another by certified keys).
public struct Handshakes: Sendable {
  public enum Input: Hashable, Sendable {
    /// Begin. Nil for a bootstrap endpoint, where any VR of the mesh will do. While the same attempt is under
    /// way nothing happens; another carrier, or a refused attempt, starts afresh.
    case connect(NodeID?, via: Carrier)
    /// A frame of kind handshake.
    case received([UInt8], via: Carrier)
    /// The first frame opened on a session: the peer has it, too.
    case confirmed(localIndex: UInt32)
    /// The session is gone; its index may be used again.
    case release(localIndex: UInt32)
    /// What this VR shows from now on. A guest (only an invitation) begins handshakes and answers none: it has no
    /// certificate to answer with, and who holds an invitation is nobody else's business.
    case credential([UInt8], isGuest: Bool)
    /// `nextWakeup` has come.
    case wakeup
  }

  /// To be carried out in order.
  public enum Effect: Hashable, Sendable {
    case send([UInt8], via: Carrier)
    /// Send any frame on it soon: an initiator repeats step 3 until it opens one.
    case established(EstablishedSession)
    /// Nil: the peer that was to be found is not known, or it began the handshake.
    case failed(NodeID?, via: Carrier, HandshakeFailure)
    /// This VR refused somebody, who was told so.
    case refusedPeer(via: Carrier, RefusalReason)
  }

  /// When `wakeup` is due; nil while no handshake is under way.
  public private(set) var nextWakeup: Wakeup?

  let key: StaticKey
  let mesh: MeshID
  let suites: [CipherSuite]
  let versions: WireVersions
  var credential: [UInt8]
  var isGuest: Bool
  var ephemeralKeys: any EphemeralKeys
  var random: RandomSource
  /// Handshakes begun here, by local index; at most one for each peer or bootstrap carrier.
  var attempts: SortedMap<UInt32, Attempt> = [:]
  /// Handshakes begun by others, by local index.
  var answers: SortedMap<UInt32, Answer> = [:]
  /// Indices of handshakes and of sessions not yet released.
  var indices: Set<UInt32> = []
  public internal(set) var counters = HandshakeCounters()

  /// - Parameters:
  ///   - credential: at most `HandshakeLimits.credentialByteCountMax` bytes.
  ///   - isGuest: the credential is only an invitation.
  ///   - suites: best first, not empty.
  ///   - random: for session indices, which need to be distinct and not secret.
  public init(
    key: StaticKey, mesh: MeshID, credential: [UInt8], isGuest: Bool = false,
    suites: [CipherSuite] = CipherSuite.available, versions: WireVersions = .own,
    ephemeralKeys: any EphemeralKeys = SystemEphemeralKeys(),
    random: RandomSource
  ) {
    precondition(credential.count <= HandshakeLimits.credentialByteCountMax, "the credential does not fit step 2")
    precondition(!suites.isEmpty, "without a cipher suite there are no sessions")
    (self.key, self.mesh, self.suites, self.versions) = (key, mesh, suites, versions)
    (self.ephemeralKeys, self.random) = (ephemeralKeys, random)
    (self.credential, self.isGuest) = (credential, isGuest)
  }

  /// The one door.
  /// - Parameters:
  ///   - now: of the monotonic clock, for retransmission.
  ///   - wall: the time of day, handed to the authenticator and used for nothing else.
  public mutating func handle(
    _ input: Input, at now: Instant, wall: WallTime, authenticator: any PeerAuthenticator
  ) -> [Effect] {
    defer { nextWakeup = earliestWakeup }
    switch input {
    case .connect(let node, let carrier): return connect(node, via: carrier, at: now)
    case .received(let bytes, let carrier):
      guard let frame = HandshakeFrame(bytes) else {
        counters.malformed += 1
        return []
      }
      let arrival = Arrival(carrier: carrier, now: now, wall: wall, authenticator: authenticator)
      switch frame {
      case .opening: return opened(frame, arrival)
      case .answer: return answered(frame, arrival)
      case .closing: return closed(frame, arrival)
      case .refusal: return refused(frame, arrival)
      case .cookie: return repeated(with: frame, arrival)
      }
    case .confirmed(let index):
      if attempts[index]?.isClosing == true { attempts[index] = nil }
      return []
    case .release(let index):
      // An answered handshake is forgotten with its session, so that an index names one thing at a time.
      attempts[index] = nil
      answers[index] = nil
      indices.remove(index)
      return []
    case .credential(let bytes, let isGuest):
      precondition(bytes.count <= HandshakeLimits.credentialByteCountMax, "the credential does not fit step 2")
      (credential, self.isGuest) = (bytes, isGuest)
      return []
    case .wakeup: return retryAttempts(at: now) + expireAnswers(at: now)
    }
  }

  private var earliestWakeup: Wakeup? {
    let retry = attempts.lazy.map(\.1.nextAction).min().map { Wakeup(at: $0, reason: "handshake retransmission") }
    let expiry = answers.lazy.map(\.1.expires).min().map { Wakeup(at: $0, reason: "half-open handshake expires") }
    return .earliest(retry, expiry)
  }

  /// Handshakes under way, for limits and status: begun here, begun by others.
  public var openCounts: (begun: Int, answered: Int) { (attempts.count, answers.count) }
}

/// What a frame came with.
struct Arrival {
  let carrier: Carrier
  let now: Instant
  let wall: WallTime
  let authenticator: any PeerAuthenticator
}

// MARK: - What both sides share

extension Handshakes {
  /// "vine-mesh/1" and the mesh's identity: VRs of different meshes never agree on a hash.
  var prologue: [UInt8] { Array("vine-mesh/1".utf8) + mesh.bytes }

  mutating func begin(isInitiator: Bool) -> NoiseXX {
    NoiseXX(
      isInitiator: isInitiator, prologue: prologue, staticSecret: key.noiseSecret, staticPublic: key.noisePublic,
      ephemeralSecret: ephemeralKeys.bytes(Curve25519.keyByteCount))
  }

  /// A random index, never zero, that nothing else of this VR has.
  mutating func takeIndex() -> UInt32 {
    while true {
      let index = UInt32(truncatingIfNeeded: random.next() >> 32)
      if index != 0, indices.insert(index).inserted { return index }
    }
  }

  func refusal(to index: UInt32, _ reason: RefusalReason) -> [UInt8] {
    HandshakeFrame.refusal(receiver: index, meshTag: mesh.tag, reason: reason).bytes
  }

  /// Asks the authenticator, and checks that the node it found has the key that the handshake proved.
  func judge(
    _ credential: [UInt8], of noise: NoiseXX, _ arrival: Arrival
  ) -> Result<AuthenticatedPeer, RefusalReason> {
    guard credential.count <= HandshakeLimits.credentialByteCountMax else { return .failure(.badCertificate) }
    let verdict = arrival.authenticator.judge(
      credential: credential, noiseKey: noise.remoteStatic, peerIsInitiator: !noise.isInitiator, at: arrival.wall)
    guard case .success(let peer) = verdict else { return verdict }
    guard StaticKey.noiseKey(of: peer.node) == noise.remoteStatic else { return .failure(.badCertificate) }
    // A guest has no certificate to answer with.
    return noise.isInitiator && peer.isGuest ? .failure(.noCertificate) : verdict
  }
}
