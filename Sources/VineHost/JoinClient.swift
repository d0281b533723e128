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
  /// Between two rounds: a VR that closes connections because it has too many is not to be run down.
  private static let pause = Duration.milliseconds(250)

  /// Asks each VR of the token, and again while what went wrong may pass and there is time: the mesh takes the same VR's
  /// second request for a repetition.
  /// - Throws: `HostError` with the one line that both sides see.
  func run() throws(HostError) -> (grant: JoinGrant, genesis: Genesis) {
    var last = HostError("the token names no VR to ask", mend: "ask for a new token", .failed)
    while true {
      for endpoint in token.endpoints {
        do throws(HostError) {
          var connection = try FrameConnection(to: endpoint, deadline: min(deadline, Clock.now + Self.attemptMax))
          defer { connection.close() }
          return try join(over: &connection, endpoint)
        } catch {
          last = error
        }
      }
      guard last.isPassing, Clock.now + Self.pause < deadline else { throw last }
      Thread.sleep(forTimeInterval: Self.pause.inSeconds)
    }
  }

  private func join(
    over connection: inout FrameConnection, _ endpoint: Endpoint
  ) throws(HostError) -> (grant: JoinGrant, genesis: Genesis) {
    let door = GuestDoor(key: key, mesh: token.mesh, invitation: token.id)
    let session = try door.open(over: &connection, endpoint)
    var exchange = Exchange(session: session)
    guard let bytes = try exchange.genesis(over: &connection), let genesis = try? Genesis(decoding: bytes),
      genesis.meshID == token.mesh
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
    switch try exchange.verdict(over: &connection) {
    case .granted(let grant): return (grant, genesis)
    case .refused(let why): throw HostError("the mesh refused: \(why)", mend: "", .failed)
    }
  }
}

extension Clock {
  /// For choices that need no secrecy.
  static var seed: UInt64 { Sodium.randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Sealed control messages over the guest's session.
struct Exchange {
  let session: EstablishedSession
  private let sealing: SealingKey
  private let opening: OpeningKey
  private var reassembly = Reassembler()

  init(session: EstablishedSession) {
    self.session = session
    sealing = SealingKey(suite: session.suite, key: session.sendKey)
    opening = OpeningKey(suite: session.suite, key: session.receiveKey)
  }

  func send(_ message: ControlMessage, over connection: inout FrameConnection) throws(HostError) {
    if let frame = seal(message) { try connection.write(frame) }
  }

  /// - Returns: nil when the session's counters are used up.
  func seal(_ message: ControlMessage) -> [UInt8]? {
    let plain = message.encode()
    guard let counter = sealing.takeCounter() else { return nil }
    var frame = [UInt8](repeating: 0, count: FrameSize.header + plain.count + FrameSize.tag)
    frame.withUnsafeMutableBytes { buffer in
      FrameHeader(kind: .control, index: session.remoteIndex, counter: counter).write(to: buffer)
      guard let base = buffer.baseAddress else { return }
      let body = base.advanced(by: FrameSize.header).assumingMemoryBound(to: UInt8.self)
      for (offset, byte) in plain.enumerated() { body[offset] = byte }
      sealing.seal(header: base, headerCount: FrameSize.header, counter: counter, body: body, count: plain.count)
    }
    return frame
  }

  /// How long the other side's router may take to hand the session to its data plane.
  private static let patience = Duration.milliseconds(250)

  /// Asks for the genesis, and again while it does not come: a request that follows at the heels of the handshake's last
  /// step is dropped where the data plane has not got the session yet. Usually TCP holds the request back until the step
  /// is acknowledged; after a lost segment it does not.
  /// - Returns: nil if something else came in its place.
  mutating func genesis(over connection: inout FrameConnection) throws(HostError) -> [UInt8]? {
    while true {
      try send(.genesisRequest, over: &connection)
      let time = Clock.now + Self.patience
      while let message = try receive(over: &connection, before: time) {
        switch message {
        case .genesis(let bytes): return bytes
        case .joinReply, .joinRefused: return nil
        default: continue
        }
      }
    }
  }

  enum Verdict {
    case granted(JoinGrant)
    case refused(String)
  }

  /// The answer to a request to join. Others (a greeting, a second genesis) are passed over.
  mutating func verdict(over connection: inout FrameConnection) throws(HostError) -> Verdict {
    while true {
      switch try next(over: &connection) {
      case .joinReply(let grant): return .granted(grant)
      case .joinRefused(let why): return .refused(why)
      default: continue
      }
    }
  }

  /// The next message, within the connection's time; nil for one that says nothing.
  mutating func next(over connection: inout FrameConnection) throws(HostError) -> ControlMessage? {
    try receive(over: &connection, before: connection.deadline)
  }

  /// The next message.
  private mutating func receive(
    over connection: inout FrameConnection, before time: Instant
  ) throws(HostError) -> ControlMessage? {
    while let frame = try connection.read(before: time) {
      guard let plain = open(frame), let message = try? ControlMessage.decode(plain) else { continue }
      guard case .fragment(let fragment) = message else { return message }
      if let whole = reassembly.add(fragment, from: session.peer.node, at: Clock.now),
        let inner = try? ControlMessage.decode(whole)
      {
        return inner
      }
    }
    return nil
  }

  /// - Returns: nil for what is not sealed for this session.
  func open(_ bytes: [UInt8]) -> [UInt8]? {
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
