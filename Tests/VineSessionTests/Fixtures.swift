import Testing
import VineBase

@testable import VineSession

/// The bytes of a text in hexadecimal; fails the test if it is none.
func hex(_ text: String) throws -> [UInt8] { try #require(Hex.decode(text)) }

extension StaticKey {
  /// The key of a named test VR.
  static func named(_ name: Character) -> StaticKey {
    guard let byte = name.asciiValue, let key = StaticKey(seed: [UInt8](repeating: byte, count: 32)) else {
      preconditionFailure("names are ASCII")
    }
    return key
  }
}

extension MeshID {
  static func filled(with byte: UInt8) -> MeshID {
    guard let mesh = MeshID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are 32") }
    return mesh
  }
}

/// A credential that says what is to be thought of it: kind, then the node.
enum StubCredential {
  static func certificate(of key: StaticKey) -> [UInt8] { [0] + key.node.bytes }
  static func invitation(of key: StaticKey) -> [UInt8] { [1] + key.node.bytes }
  static func refused(_ reason: RefusalReason, _ key: StaticKey) -> [UInt8] { [100 + reason.rawValue] + key.node.bytes }
}

/// Believes what a `StubCredential` says; whether the key fits is left to the handshake.
struct StubAuthenticator: PeerAuthenticator {
  func judge(
    credential: [UInt8], noiseKey: [UInt8], peerIsInitiator: Bool, at now: WallTime
  ) -> Result<AuthenticatedPeer, RefusalReason> {
    guard let kind = credential.first, let node = NodeID(credential.dropFirst()) else {
      return .failure(.noCertificate)
    }
    if kind >= 100 { return .failure(RefusalReason(rawValue: kind - 100) ?? .badCertificate) }
    return .success(AuthenticatedPeer(node: node, isGuest: kind == 1, credential: credential))
  }
}

/// A handshake machine with its surroundings. A class, because `#expect` cannot call what mutates a value;
/// `copy` branches history.
final class TestVR {
  let key: StaticKey
  let carrier: Carrier
  var machine: Handshakes
  var now = Instant.zero

  init(
    _ name: Character, mesh: UInt8 = 7, credential: [UInt8]? = nil, isGuest: Bool = false,
    suites: [CipherSuite] = [.chacha20poly1305], seed: UInt64 = 1
  ) {
    key = .named(name)
    let number = UInt32(name.asciiValue ?? 0)
    carrier = .datagram(Endpoint(address: IPv4Address(rawValue: 0xC612_0000 + number)))
    machine = Handshakes(
      key: key, mesh: .filled(with: mesh), credential: credential ?? StubCredential.certificate(of: key),
      isGuest: isGuest, suites: suites, ephemeralKeys: SeededEphemeralKeys(seed: seed &* 1000 &+ UInt64(number)),
      random: RandomSource(seed: seed &* 2000 &+ UInt64(number)))
  }

  private init(copying vr: TestVR) {
    (key, carrier, machine, now) = (vr.key, vr.carrier, vr.machine, vr.now)
  }

  var endpoint: Endpoint? {
    if case .datagram(let endpoint) = carrier { endpoint } else { nil }
  }

  func copy() -> TestVR { TestVR(copying: self) }

  func handle(_ input: Handshakes.Input) -> [Handshakes.Effect] {
    machine.handle(input, at: now, wall: WallTime(secondsSince1970: 0), authenticator: StubAuthenticator())
  }

  func receive(_ bytes: [UInt8], from peer: TestVR) -> [Handshakes.Effect] {
    handle(.received(bytes, via: peer.carrier))
  }
}

extension [Handshakes.Effect] {
  var sent: [[UInt8]] { compactMap { if case .send(let bytes, _) = $0 { bytes } else { nil } } }
  var sessions: [EstablishedSession] { compactMap { if case .established(let session) = $0 { session } else { nil } } }
  var failures: [HandshakeFailure] { compactMap { if case .failed(_, _, let failure) = $0 { failure } else { nil } } }
  var refusals: [RefusalReason] { compactMap { if case .refusedPeer(_, let reason) = $0 { reason } else { nil } } }
}

/// The three steps between two VRs over a perfect channel.
struct Exchange {
  let initiator: TestVR
  let responder: TestVR
  let step1, step2, step3: [UInt8]
  let begun, answered: EstablishedSession

  init(_ first: TestVR, _ second: TestVR) throws {
    (initiator, responder) = (first, second)
    let opening = initiator.handle(.connect(second.key.node, via: second.carrier))
    step1 = try #require(opening.sent.first)
    let answer = responder.receive(step1, from: initiator)
    step2 = try #require(answer.sent.first)
    let closing = initiator.receive(step2, from: responder)
    step3 = try #require(closing.sent.first)
    begun = try #require(closing.sessions.first)
    let closed = responder.receive(step3, from: initiator)
    answered = try #require(closed.sessions.first)
  }
}
