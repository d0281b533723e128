import VineBase
import VineGossip
import VineIdentity
import VineRegistry
import VineRouter
import VineSession
import VineWire

/// `vine-mesh join` of one site: a handshake as a guest over a channel, the genesis, the request, the grant; then the
/// VR starts with what it was granted (VineHost's `JoinClient` and `MeshSetup`).
struct GuestJoin: Sendable {
  let token: InvitationToken
  var handshakes: Handshakes
  var session: EstablishedSession?
  var reassembly = Reassembler()

  static let channel = 1
}

extension World {
  /// Joins with the token, through the endpoints in it.
  mutating func join(_ index: Int, with token: InvitationToken, after delay: Duration) {
    guests[index] = guest(index, with: token)
    queue.add(.join, at: now + delay.inNanoseconds, index: index)
  }

  /// Begins, or begins again: the channel closed before there was an answer.
  mutating func beginJoin(_ index: Int) {
    guard let token = guests[index]?.token else { return }
    guests[index] = guest(index, with: token)
    if let endpoint = token.endpoints.first { open(GuestJoin.channel, from: index, to: endpoint) }
  }

  private mutating func guest(_ index: Int, with token: InvitationToken) -> GuestJoin {
    let identity = vrs[index].identity
    let seed = random.next()
    let handshakes = Handshakes(
      key: identity.key, mesh: token.mesh,
      credential: Credential.invitation(node: identity.node, id: token.id).encode(), isGuest: true,
      suites: CipherSuite.available, ephemeralKeys: SeededEphemeralKeys(seed: seed),
      random: RandomSource(seed: seed ^ 1))
    return GuestJoin(token: token, handshakes: handshakes)
  }

  /// The channel is open: the handshake begins.
  mutating func guestConnected(_ index: Int) {
    guestHandshake(.connect(nil, via: .channel(ChannelID(rawValue: UInt64(GuestJoin.channel)))), index)
  }

  mutating func guestReceived(_ frame: Frame, at index: Int) {
    switch frame.body {
    case .handshake(let bytes):
      trace.note(.record, at: now, index, frame.sender, 1, bytes)
      guestHandshake(.received(bytes, via: .channel(ChannelID(rawValue: UInt64(GuestJoin.channel)))), index)
    case .control(let bytes, _, _):
      trace.note(.record, at: now, index, frame.sender, 3, bytes)
      guard var message = try? ControlMessage.decode(bytes) else { return }
      if case .fragment(let fragment) = message {
        let (sender, time) = (vrs[frame.sender].node, instant)
        let whole = guests[index]?.reassembly.add(fragment, from: sender, at: time)
        guard let whole, let inner = try? ControlMessage.decode(whole) else { return }
        message = inner
      }
      guestReceived(message, at: index)
    case .dialBack, .data, .relay: break
    }
  }

  private mutating func guestReceived(_ message: ControlMessage, at index: Int) {
    guard let guest = guests[index] else { return }
    switch message {
    case .genesis:
      let request = ControlMessage.joinRequest(
        invitation: guest.token.id, secret: guest.token.secret, softwareVersion: Founding.softwareVersion)
      guestSend(request, index)
    case .joinReply(let grant): enter(index, grant)
    // A refusal is a fault of the scenario: the VR never starts, and the run fails for that.
    default: break
    }
  }

  private mutating func guestHandshake(_ input: Handshakes.Input, _ index: Int) {
    guard var guest = guests[index] else { return }
    let effects = guest.handshakes.handle(
      input, at: vrs[index].local(now), wall: wallTime, authenticator: ProvisionalAuthenticator())
    var isEstablished = false
    for effect in effects {
      switch effect {
      case .send(let bytes, let carrier): send(.handshake(bytes), from: index, via: carrier)
      case .established(let session):
        guest.session = session
        isEstablished = true
      case .failed, .refusedPeer: break
      }
    }
    guests[index] = guest
    if isEstablished { guestSend(.genesisRequest, index) }
  }

  private mutating func guestSend(_ message: ControlMessage, _ index: Int) {
    guard let session = guests[index]?.session else { return }
    let key = session.handshakeHash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    send(
      .control(message.encode(), index: session.remoteIndex, key: key), from: index,
      via: .channel(ChannelID(rawValue: UInt64(GuestJoin.channel))))
  }

  private mutating func enter(_ index: Int, _ grant: JoinGrant) {
    let trust = RecordTrust(
      founder: vrs[index].identity.genesis.founder, isValid: checks.signature, content: checks.content)
    vrs[index].store.persist(trust.believed(grant.facts).map(checks.kept))
    close(GuestJoin.channel, at: index)
    guests[index] = nil
    start(index)
  }
}
