import VineBase
import VineIdentity

@testable import VineSession

extension Door {
  /// Two VRs with real keys and certificates, and somebody between them who repeats, reorders, damages and makes up
  /// handshake frames: `[step u8]` and what the step needs.
  static let handshake = Door(name: "Handshake") { bytes in
    var play = HandshakePlay(Script(bytes))
    return play.run()
  }
}

private struct HandshakePlay {
  private struct Side {
    let number: UInt8
    let node: NodeID
    let carrier: Carrier
    var machine: Handshakes
    var sessions: [EstablishedSession] = []
  }

  private struct Letter {
    let to: Int
    let bytes: [UInt8]
  }

  private var script: Script
  private var sides: [Side] = []
  private var letters: [Letter] = []
  private var now = Instant.zero
  private static let lettersMax = 64
  private static let stepsMax = 300

  init(_ script: Script) {
    self.script = script
    for number in [UInt8(1), 2] { sides.append(Self.side(number)) }
  }

  mutating func run() -> String? {
    for _ in 0..<Self.stepsMax where !script.isEmpty {
      if let wrong = step() ?? limits { return wrong }
    }
    return agreement
  }

  private mutating func step() -> String? {
    let choice = script.byte()
    let one = Int(choice & 1)
    switch choice >> 1 & 15 {
    case 0, 1: take(.connect(choice & 64 == 0 ? sides[1 - one].node : nil, via: sides[1 - one].carrier), one)
    case 2, 3, 4, 5, 6: deliver { script, bytes in bytes }
    case 7, 8, 9: deliver { script, bytes in script.damaged(bytes) }
    case 10:
      if let letter = letters.first { letters.append(letter) }
    case 11:
      if !letters.isEmpty { letters.append(letters.removeFirst()) }
    case 12: take(.received(script.chunk(), via: sides[1 - one].carrier), one)
    case 13:
      now = now + .milliseconds(Int(script.word()))
      for side in sides.indices where sides[side].machine.nextWakeup.map({ $0.at <= now }) ?? false {
        take(.wakeup, side)
        if let next = sides[side].machine.nextWakeup, next.at <= now { return "a wakeup leaves another that is due" }
      }
    case 14:
      guard let session = sides[one].sessions.last else { return nil }
      take(
        choice & 64 == 0 ? .confirmed(localIndex: session.localIndex) : .release(localIndex: session.localIndex), one)
    default:
      let credential = choice & 64 == 0 ? Array(script.chunk().prefix(1024)) : HandshakeMesh.credentials[one]
      take(.credential(credential, isGuest: choice & 128 != 0), one)
    }
    return nil
  }

  private mutating func deliver(_ change: (inout Script, [UInt8]) -> [UInt8]) {
    guard !letters.isEmpty else { return }
    let letter = letters.removeFirst()
    take(.received(change(&script, letter.bytes), via: sides[1 - letter.to].carrier), letter.to)
  }

  private mutating func take(_ input: Handshakes.Input, _ side: Int) {
    let effects = sides[side].machine.handle(
      input, at: now, wall: HandshakeMesh.wall, authenticator: HandshakeMesh.authenticator)
    for effect in effects {
      switch effect {
      case .send(let bytes, let carrier):
        let to = sides.firstIndex { $0.carrier == carrier }
        if let to, letters.count < Self.lettersMax { letters.append(Letter(to: to, bytes: bytes)) }
      case .established(let session): sides[side].sessions.append(session)
      case .failed, .refusedPeer: break
      }
    }
  }

  private var limits: String? {
    for side in sides {
      if side.machine.answers.count > HandshakeLimits.answersMax { return "too many handshakes are half open" }
      if side.machine.attempts.count > 3 { return "one peer has \(side.machine.attempts.count) attempts" }
    }
    return nil
  }

  /// Whoever answered has a session only with who began it, and both know the same keys.
  private var agreement: String? {
    for (one, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
      for session in one.sessions where !session.isInitiator && !session.peer.isGuest {
        let same = other.sessions.first { $0.handshakeHash == session.handshakeHash && $0.isInitiator }
        guard let same else { return "a session was answered that nobody began" }
        guard session.peer.node == other.node, same.peer.node == one.node else {
          return "a session names somebody else"
        }
        guard same.sendKey == session.receiveKey, same.receiveKey == session.sendKey, same.suite == session.suite,
          same.localIndex == session.remoteIndex, same.remoteIndex == session.localIndex
        else { return "the two sides of a session differ" }
      }
    }
    return nil
  }

  private static func side(_ number: UInt8) -> Side {
    let key = HandshakeMesh.keys[Int(number) - 1]
    return Side(
      number: number, node: key.node,
      carrier: .datagram(Endpoint(address: IPv4Address(rawValue: 0xC612_0000 + UInt32(number)))),
      machine: Handshakes(
        key: key, mesh: HandshakeMesh.genesis.meshID, credential: HandshakeMesh.credentials[Int(number) - 1],
        ephemeralKeys: SeededEphemeralKeys(seed: UInt64(number)), random: RandomSource(seed: UInt64(number))))
  }
}

/// A mesh of two VRs, the same each time.
enum HandshakeMesh {
  static let wall = WallTime(secondsSince1970: 1_800_000_000)
  static let keys = [UInt8(1), 2].map { byte -> StaticKey in
    guard let key = StaticKey(seed: [UInt8](repeating: byte, count: 32)) else { fatalError("32 bytes are 32") }
    return key
  }
  static let authority = made {
    try CertificateAuthority.create(meshName: "fuzz", seed: [UInt8](repeating: 9, count: 32), at: wall)
  }
  static let genesis = made {
    try Genesis(
      meshName: "fuzz", space: "172.16.0.0/12", founder: keys[0].node, caCertificate: authority.certificateDER,
      nonce: [UInt8](repeating: 4, count: 16))
  }
  static let trust = made { try MeshTrust(genesis: genesis) }
  static let certificates = keys.enumerated().map { number, key in
    made { try authority.issue(node: key.node, site: "site\(number)", mesh: genesis.meshID, at: wall) }
  }
  static let credentials = certificates.map { Credential.certificate($0).encode() }
  static let authenticator = Authenticator()

  private static func made<Value>(_ body: () throws -> Value) -> Value {
    do { return try body() } catch { fatalError("no mesh: \(error)") }
  }

  /// As VineRouter's, without revocations.
  struct Authenticator: PeerAuthenticator {
    func judge(
      credential: [UInt8], noiseKey: [UInt8], peerIsInitiator: Bool, at now: WallTime
    ) -> Result<AuthenticatedPeer, RefusalReason> {
      switch try? Credential(decoding: credential) {
      case nil: .failure(.noCertificate)
      case .invitation(let node, _)?:
        peerIsInitiator
          ? .success(AuthenticatedPeer(node: node, isGuest: true, credential: credential)) : .failure(.noCertificate)
      case .certificate(let der)?:
        (try? trust.verify(certificateDER: der, at: now)).map {
          .success(AuthenticatedPeer(node: $0.node, isGuest: false, credential: credential))
        } ?? .failure(.badCertificate)
      }
    }
  }
}
