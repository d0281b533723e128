import Foundation
import VineBase
import VineControl
import VineIdentity
import VineRouter
import VineSession
import VineWire

/// The joiner's side of `vine-mesh join`: one TCP connection to the bootstrap VR, a Noise session as a guest, the
/// genesis checked against the token, the server's certificate checked against the genesis, and only then the
/// invitation's secret.
struct JoinClient {
  let token: InvitationToken
  let key: StaticKey
  let deadline: Instant

  /// One connection gets this long; then another is tried.
  private static let attemptMax = Duration.seconds(5)

  /// Asks each VR of the token, and again while what went wrong may pass and there is time: the mesh takes the same VR's
  /// second request for a repetition.
  /// - Throws: `HostError` with the one line that both sides see.
  func run() throws(HostError) -> (grant: JoinGrant, genesis: Genesis) {
    var last = HostError("the token names no VR to ask", mend: "ask for a new token", .failed)
    repeat {
      for endpoint in token.endpoints {
        do throws(HostError) {
          var connection = try FrameConnection(to: endpoint, deadline: min(deadline, Clock.now + Self.attemptMax))
          defer { connection.close() }
          return try join(over: &connection, endpoint)
        } catch {
          last = error
        }
      }
    } while last.isPassing && Clock.now < deadline
    throw last
  }

  private func join(
    over connection: inout FrameConnection, _ endpoint: Endpoint
  ) throws(HostError) -> (grant: JoinGrant, genesis: Genesis) {
    let session = try handshake(over: &connection, endpoint)
    var exchange = Exchange(session: session)
    try exchange.send(.genesisRequest, over: &connection)
    guard case .genesis(let bytes) = try exchange.receive(over: &connection),
      let genesis = try? Genesis(decoding: bytes), genesis.meshID == token.mesh
    else {
      throw HostError(
        "the VR at \(endpoint) is not of mesh \(token.mesh)", mend: "check the token and who answers there", .failed)
    }
    guard case .certificate(let der)? = try? Credential(decoding: session.peer.credential),
      let trust = try? MeshTrust(genesis: genesis), let server = try? trust.verify(certificateDER: der, at: Clock.wall),
      server.node == session.peer.node
    else {
      throw HostError(
        "the VR at \(endpoint) has no certificate of mesh \(token.mesh)", mend: "check the token and who answers there",
        .failed)
    }
    let request = ControlMessage.joinRequest(
      invitation: token.id, secret: token.secret, softwareVersion: SoftwareVersion.current)
    try exchange.send(request, over: &connection)
    switch try exchange.receive(over: &connection) {
    case .joinReply(let grant): return (grant, genesis)
    case .joinRefused(let why): throw HostError("the mesh refused: \(why)", mend: "", .failed)
    default: throw HostError("the VR at \(endpoint) answered nonsense", mend: "update the older side", .failed)
    }
  }

  private func handshake(
    over connection: inout FrameConnection, _ endpoint: Endpoint
  ) throws(HostError) -> EstablishedSession {
    let carrier = Carrier.channel(ChannelID(rawValue: 1))
    var handshakes = Handshakes(
      key: key, mesh: token.mesh, credential: Credential.invitation(node: key.node, id: token.id).encode(),
      isGuest: true, suites: CipherSuite.available, ephemeralKeys: SystemEphemeralKeys(),
      random: RandomSource(seed: Clock.seed))
    let judge = ProvisionalAuthenticator()
    var effects = handshakes.handle(.connect(nil, via: carrier), at: Clock.now, wall: Clock.wall, authenticator: judge)
    var established: EstablishedSession?
    while true {
      for effect in effects {
        switch effect {
        case .send(let bytes, _): try connection.write(bytes)
        case .established(let session): established = session
        case .failed(_, _, .refused(let reason)), .refusedPeer(_, let reason):
          throw HostError("the VR at \(endpoint) refused: \(reason.explanation)", mend: "", .failed)
        case .failed(_, _, let failure):
          throw HostError("no session with \(endpoint): \(failure)", mend: "try again", .failed, isPassing: true)
        }
      }
      if let established { return established }
      let bytes = try connection.read()
      effects = handshakes.handle(
        .received(bytes, via: carrier), at: Clock.now, wall: Clock.wall, authenticator: judge)
    }
  }
}

extension Clock {
  /// For choices that need no secrecy.
  static var seed: UInt64 { Sodium.randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Sealed control messages over the guest's session.
private struct Exchange {
  let session: EstablishedSession
  let sealing: SealingKey
  let opening: OpeningKey
  var reassembly = Reassembler()

  init(session: EstablishedSession) {
    self.session = session
    sealing = SealingKey(suite: session.suite, key: session.sendKey)
    opening = OpeningKey(suite: session.suite, key: session.receiveKey)
  }

  func send(_ message: ControlMessage, over connection: inout FrameConnection) throws(HostError) {
    let plain = message.encode()
    guard let counter = sealing.takeCounter() else { return }
    var frame = [UInt8](repeating: 0, count: FrameSize.header + plain.count + FrameSize.tag)
    frame.withUnsafeMutableBytes { buffer in
      FrameHeader(kind: .control, index: session.remoteIndex, counter: counter).write(to: buffer)
      guard let base = buffer.baseAddress else { return }
      let body = base.advanced(by: FrameSize.header).assumingMemoryBound(to: UInt8.self)
      for (offset, byte) in plain.enumerated() { body[offset] = byte }
      sealing.seal(header: base, headerCount: FrameSize.header, counter: counter, body: body, count: plain.count)
    }
    try connection.write(frame)
  }

  /// The next message that is about joining; others (a greeting, say) are passed over.
  mutating func receive(over connection: inout FrameConnection) throws(HostError) -> ControlMessage {
    while true {
      guard let plain = open(try connection.read()), var message = try? ControlMessage.decode(plain) else { continue }
      if case .fragment(let fragment) = message {
        guard let whole = reassembly.add(fragment, from: session.peer.node, at: Clock.now),
          let inner = try? ControlMessage.decode(whole)
        else { continue }
        message = inner
      }
      switch message {
      case .genesis, .joinReply, .joinRefused: return message
      default: continue
      }
    }
  }

  private func open(_ bytes: [UInt8]) -> [UInt8]? {
    var frame = bytes
    return frame.withUnsafeMutableBytes { buffer -> [UInt8]? in
      guard let header = try? FrameHeader(parsing: UnsafeRawBufferPointer(buffer)), header.kind == .control,
        header.index == session.localIndex, let base = buffer.baseAddress
      else { return nil }
      let body = base.advanced(by: FrameSize.header).assumingMemoryBound(to: UInt8.self)
      let count = buffer.count - FrameSize.header
      guard
        opening.open(header: base, headerCount: FrameSize.header, counter: header.counter, body: body, count: count)
      else { return nil }
      return Array(UnsafeBufferPointer(start: body, count: count - FrameSize.tag))
    }
  }
}
