import VineBase
import VineGossip
import VinePath
import VineRelay
import VineSession
import VineWire

/// Sessions, channels and paths: how frames get to the other VRs.
extension Router {
  mutating func run(handshake input: Handshakes.Input, _ turn: inout Turn) {
    let effects = handshakes.handle(input, at: turn.now, wall: turn.wall, authenticator: authenticator)
    for effect in effects {
      switch effect {
      case .send(let bytes, let carrier):
        if case .datagram(let endpoint) = carrier { run(nat: .wroteTo(endpoint.address), &turn) }
        turn.emit(.handshake(bytes, via: carrier))
      case .established(let session): established(session, &turn)
      case .failed(let peer, let carrier, let failure): failed(peer, via: carrier, failure, &turn)
      case .refusedPeer(let carrier, let reason):
        if let peer = knownPeer(at: carrier) { peers.refused(peer, reason, at: turn.now) }
        turn.report(.peerRefused(via: carrier, reason))
      }
    }
  }

  private mutating func failed(
    _ peer: NodeID?, via carrier: Carrier, _ failure: HandshakeFailure, _ turn: inout Turn
  ) {
    if case .refused(let reason) = failure {
      if let peer = peer ?? knownPeer(at: carrier) { peers.refused(peer, reason, at: turn.now) }
      turn.report(.refusedByPeer(peer, via: carrier, reason))
    } else {
      turn.report(.handshakeFailed(peer, via: carrier, failure.description))
    }
  }

  private mutating func established(_ session: EstablishedSession, _ turn: inout Turn) {
    let peer = session.peer.node
    let wasConnected = peers.isConnected(peer)
    for index in peers.established(session, at: turn.now) { release(index, &turn) }
    turn.emit(.install(session))
    guard !session.peer.isGuest else {
      for guest in peers.surplusGuests { forget(guest, &turn) }
      carry(peer, by: session.carrier, &turn)
      return
    }
    if !wasConnected {
      turn.report(.sessionEstablished(peer, site: directory.name(of: peer), via: session.carrier))
    }
    if case .channel(let channel) = session.carrier {
      // Odd numbers are the keeper's own (VineRelay).
      if channel.rawValue % 2 == 1 {
        run(owning: channel, .established(channel, peer), &turn)
      } else {
        channels.accepted[peer] = channel
      }
    }
    turn.pathsChanged = true
    choosePaths(&turn)
    send(hello(over: session.carrier), to: peer, &turn)
    let isPublic = directory.records[peer].map { $0.role == .public } ?? (peer == identity.genesis.founder)
    run(reachability: .connected(peer, isPublic: isPublic), &turn)
    run(gossip: .connected(peer), &turn)
    if !wasConnected { tellHosts(to: peer, &turn) }
    run(registrar.connected(to: peer, at: turn.now), &turn)
  }

  /// The peer learns how it looks from here, which tells it whether a NAT lies between.
  func hello(over carrier: Carrier) -> ControlMessage {
    var observed: Endpoint?
    if case .datagram(let endpoint) = carrier { observed = endpoint }
    if case .channel(let channel) = carrier { observed = channels.acceptedFrom[channel] }
    return .hello(observed: observed, softwareVersion: identity.softwareVersion)
  }

  // MARK: Looking after

  /// Every half second: handshakes that are due, signs of life, candidates for the channel.
  mutating func tick(_ turn: inout Turn) {
    var close: [Bool] = []
    for peer in peers.all.keys { close.append(isClose(peer)) }
    for peer in peers.gone(at: turn.now, isClose: close) { forget(peer, &turn) }
    // Ways grow stale only by time.
    ticks += 1
    if ticks.isMultiple(of: 4) { turn.pathsChanged = true }
    if case .idle = failOver.state { lookAtFirstVR(&turn) }
    for (peer, until) in channels.relayed where until <= turn.now { channels.relayed[peer] = nil }
    let wanted = wantedPeers
    let connected = peers.connected
    for peer in wanted {
      let silence = silence(of: peer)
      if peers.needsHandshake(peer, yields: yields(to: peer), silence, at: turn.now) { connect(to: peer, &turn) }
    }
    peers.forgetWishes(besides: wanted)
    for peer in connected {
      // A VR that does not know its role yet asks until somebody tells how it looks from there: a greeting can be lost.
      let isOurs = wanted.contains(peer) || isClose(peer)
      if reachability.role == .unknown || isOurs && peers.needsKeepalive(peer, silence(of: peer), at: turn.now) {
        peers.keepaliveSent(to: peer, at: turn.now)
        send(.keepalive(sequence: 0, isReply: false), to: peer, &turn)
      }
    }
    if connected.isEmpty, wanted.isEmpty || turn.now - started >= Self.patienceBeforeBootstrap { bootstrap(&turn) }
    chooseVoters(&turn)
    lookAfterDelegation(&turn)
    lookAfterCertificate(&turn)
    nextTick = turn.now + (wanted.count <= connected.count ? Self.tick * 2 : Self.tick)
    announceRoutes(&turn)
    offerCandidates(&turn)
    chooseLinks(&turn)
  }

  /// Data peers that get a session before there is a packet for them.
  static let eagerPeersMax = 32

  /// Sites up to which each keeps a session with the leader, and for each voter with one of them, so that its first
  /// command need not wait for one. In a larger mesh voters would keep too many.
  static let sitesPerVoterMax = 128

  /// Peers that this VR keeps sessions with: its neighbours in gossip, voters among themselves and others with one of
  /// them, the VRs behind which hosts of its ViNes are (the first few of many; others when there is a packet).
  private var wantedPeers: [NodeID] {
    var wanted = gossip.wanted + dataPeers.prefix(Self.eagerPeersMax).filter { !directory.view.isRevoked($0) }
    if registrar.isMember { wanted += registrar.members }
    let voters = registrar.voters.count
    if voters > 1, directory.view.sites.count <= voters * Self.sitesPerVoterMax, let voter = registrar.nextVoter {
      wanted.append(voter)
    }
    wanted += channels.relayed.keys
    wanted += queueing.wanted
    for other in [succession.standsInFor, succession.secondVR] {
      if let peer = node(of: other) { wanted.append(peer) }
    }
    wanted = wanted.filter { $0 != node }.sorted()
    return wanted.indices.filter { $0 == 0 || wanted[$0] != wanted[$0 - 1] }.map { wanted[$0] }
  }

  /// Of two public VRs that want a session the one with the lower NodeID begins.
  func yields(to peer: NodeID) -> Bool {
    peer < node && reachability.role == .public && directory.records[peer]?.role == .public
  }

  /// Carries traffic to or for this VR.
  private func isClose(_ peer: NodeID) -> Bool {
    peer == channels.queueVR || channels.accepted[peer] != nil || dataPeers.contains(peer)
      || registrar.isMember && registrar.raft.configuration.names(peer)
  }

  private func silence(of peer: NodeID) -> Peers.Silence { isClose(peer) ? .close : .distant }

  /// A VR that knows others tries those for this long first: a mesh that restarts as a whole does not fall upon one VR.
  static let patienceBeforeBootstrap = Duration.seconds(3)

  /// Nothing is known, or nobody is reached: ask where the invitation said.
  private mutating func bootstrap(_ turn: inout Turn) {
    guard reachability.role != .limited else { return }
    for endpoint in placement.bootstrap where !placement.declaredEndpoints.contains(endpoint) {
      run(handshake: .connect(nil, via: .datagram(endpoint)), &turn)
    }
  }

  mutating func connect(to peer: NodeID, _ turn: inout Turn) {
    guard peer != node, !directory.view.isRevoked(peer), let carrier = carrier(to: peer, at: turn.now) else { return }
    if case .relayed(let queueVR, _) = carrier, queueVR != node, !peers.isConnected(queueVR) {
      // First a session with the VR that holds the channel, which is reached directly or not at all: records that are
      // out of date may name queue-VRs in a circle.
      if case .relayed? = self.carrier(to: queueVR, at: turn.now) { return }
      channels.relayed[queueVR] = turn.now + Self.relayedFor
      if peers.mayTry(queueVR, at: turn.now) { connect(to: queueVR, &turn) }
      return
    }
    peers.tried(peer, at: turn.now)
    run(handshake: .connect(peer, via: carrier), &turn)
  }

  /// How long after a relay was asked for the session for it is kept.
  static let relayedFor = Duration.seconds(600)
  static let relayedMax = 256

  /// A limited-VR's frames shall go on to the VR with this tag: there has to be a session with it, or if it is limited
  /// itself, with its queue-VR.
  mutating func relay(to tag: NodeTag, _ turn: inout Turn) {
    guard let peer = directory.node(tagged: tag) else { return }
    let next = directory.records[peer]?.role == .limited ? directory.records[peer]?.queueVR : peer
    guard let next, next != node, channels.relayed.count < Self.relayedMax || channels.relayed[next] != nil else {
      return
    }
    channels.relayed[next] = turn.now + Self.relayedFor
    if !peers.isConnected(next), peers.mayTry(next, at: turn.now) { connect(to: next, &turn) }
  }

  /// The VR that says of itself that it is reached there.
  private func knownPeer(at carrier: Carrier) -> NodeID? {
    directory.admitted.first { peer in
      switch carrier {
      case .datagram(let endpoint): directory.records[peer]?.endpoints.contains(endpoint) ?? false
      case .relayed(_, let tag): peer.tag == tag
      case .channel: false
      }
    }
  }

  /// The sender has keys that this VR lost, by a restart: a new session is begun from here, where the sender is known.
  mutating func answerStaleSession(via carrier: Carrier, _ turn: inout Turn) {
    guard let sender = knownPeer(at: carrier), peers.mayTry(sender, at: turn.now) else { return }
    connect(to: sender, &turn)
  }

  private mutating func release(_ index: UInt32, _ turn: inout Turn) {
    run(handshake: .release(localIndex: index), &turn)
    turn.emit(.releaseSession(localIndex: index))
  }

  mutating func forget(_ peer: NodeID, _ turn: inout Turn) {
    for index in peers.remove(peer) { run(handshake: .release(localIndex: index), &turn) }
    turn.emit(.removePeer(peer))
    channels.accepted[peer] = nil
    reassembly.forget(peer)
    run(reachability: .disconnected(peer), &turn)
    run(paths: .disconnected(peer), &turn)
    run(links: .disconnected(peer), &turn)
    run(mtu: .gone(peer), &turn)
    run(gossip: .disconnected(peer), &turn)
  }

  // MARK: Channels

  mutating func run(keeper input: ChannelKeeper.Input, _ turn: inout Turn) {
    for effect in keeper.handle(input, at: turn.now) {
      switch effect {
      case .dial(let channel, let endpoint): turn.emit(.openChannel(channel, endpoint))
      case .close(let channel):
        if channels.toQueueVR == channel { channels.toQueueVR = nil }
        turn.pathsChanged = true
        turn.emit(.closeChannel(channel))
      case .keepalive(let channel):
        if let peer = keeper.queueVR {
          send(.keepalive(sequence: 1, isReply: false), to: peer, via: .channel(channel), &turn)
        }
      case .queueVR(let peer): queueVRChanged(peer, &turn)
      }
    }
    if keeper.queueVR != nil, keeper.channel == nil { takeStandby(&turn) }
  }

  mutating func queueVRChanged(_ peer: NodeID?, _ turn: inout Turn) {
    let isSame = channels.queueVR == peer
    channels.queueVR = peer
    channels.toQueueVR = peer == nil ? nil : keeper.channel
    turn.pathsChanged = true
    guard !isSame else { return }
    channels.queueVRSince = turn.now
    turn.report(.queueVRChanged(peer, site: peer.map(directory.name(of:))))
    turn.ownRecordChanged = true
  }

  mutating func channelOpened(_ channel: ChannelID, _ turn: inout Turn) {
    run(owning: channel, .opened(channel), &turn)
    run(handshake: .connect(nil, via: .channel(channel)), &turn)
  }

  mutating func channelClosed(_ channel: ChannelID, reason: String, _ turn: inout Turn) {
    channels.acceptedFrom[channel] = nil
    turn.report(.channelClosed(channel, reason: reason))
    // A guest that has what it came for closes its channel.
    for guest in peers.guests(on: channel) { forget(guest, &turn) }
    for (peer, held) in channels.accepted where held == channel { channels.accepted[peer] = nil }
    if channels.toQueueVR == channel { channels.toQueueVR = nil }
    run(owning: channel, .closed(channel), &turn)
    turn.pathsChanged = true
  }

  private mutating func offerCandidates(_ turn: inout Turn) {
    guard reachability.role != .public else { return }
    // In a large mesh the neighbours are as good a choice as any.
    let admitted = directory.view.sites.count > 64 ? gossip.wanted : directory.admitted
    let known = admitted.compactMap { peer -> QueueCandidate? in
      guard peer != node, let record = directory.records[peer], record.role == .public,
        let endpoint = record.endpoints.first
      else { return nil }
      return QueueCandidate(node: peer, endpoint: endpoint)
    }
    let unknown = placement.bootstrap.filter { endpoint in !known.contains { $0.endpoint == endpoint } }
    chooseQueueVR(among: known, besides: unknown.map { QueueCandidate(node: nil, endpoint: $0) }, &turn)
  }

  // MARK: Paths

  func carrier(to peer: NodeID, at now: Instant) -> Carrier? {
    if let path = directPaths.path(to: peer) { return .datagram(path.endpoint) }
    guard let reachability = directory.reachability(of: peer) else { return nil }
    // A limited-VR that restarted speaks from behind its NAT before its record says anything new: the way its frames
    // come is the way back, while they come.
    if reachability.role != .public, self.reachability.role != .limited, let back = peers.wayBack(to: peer, at: now),
      !isStale(back)
    {
      return back
    }
    // The second channel leads to its own VR, too.
    if peer != channels.queueVR, peer == standby.queueVR, let channel = standby.channel { return .channel(channel) }
    return PathChoice.carrier(
      to: reachability,
      own: OwnReachability(
        role: self.reachability.role, queueVR: channels.queueVR, channel: channels.toQueueVR,
        channels: channels.accepted))
  }

  /// Tells the data plane where each connected peer is to be found now.
  mutating func choosePaths(_ turn: inout Turn) {
    guard turn.pathsChanged else { return }
    turn.pathsChanged = false
    for peer in peers.all.keys where peers.isConnected(peer) {
      let newest = peers.all[peer]?.sessions.last { !$0.isGuest }?.carrier
      carry(peer, by: carrier(to: peer, at: turn.now) ?? (isStale(newest) ? nil : newest), &turn)
    }
  }

  /// A VR's record says who its queue-VR is.
  mutating func noteQueueVR(of peer: NodeID, at now: Instant) {
    guard peer != node else { return }
    let queue = directory.view.isRevoked(peer) ? nil : directory.records[peer]?.queueVR
    queueing.noted(peer, queue, at: now)
    let serves = channels.served[peer.tag] != nil
    if serves != (queue == node) {
      channels.served[peer.tag] = queue == node ? true : nil
      channels.servedChanged = true
    }
    let route = queue == node ? nil : queue
    if channels.routes[peer.tag] != route {
      channels.routes[peer.tag] = route
      channels.routesChanged = true
    }
  }

  private mutating func announceRoutes(_ turn: inout Turn) {
    if channels.servedChanged { turn.emit(.limitedPeers(Array(channels.served.keys))) }
    if channels.routesChanged { turn.emit(.relayRoutes(channels.routes)) }
    (channels.servedChanged, channels.routesChanged) = (false, false)
  }

  private func isStale(_ carrier: Carrier?) -> Bool {
    guard case .channel(let channel)? = carrier else { return false }
    return channel != channels.toQueueVR && channel != standby.channel && !channels.accepted.values.contains(channel)
  }

  private mutating func carry(_ peer: NodeID, by carrier: Carrier?, _ turn: inout Turn) {
    guard peers.all[peer]?.carrier != carrier else { return }
    peers.carries(peer, carrier)
    turn.emit(.path(peer, carrier))
  }

  // MARK: Reachability

  mutating func run(reachability input: Reachability.Input, _ turn: inout Turn) {
    for effect in reachability.handle(input, at: turn.now) {
      switch effect {
      case .askDialBack(let peer, let wanted, let nonce):
        send(.dialBackRequest(wanted: wanted, nonce: nonce, .fromOtherPort), to: peer, &turn)
      case .answerDialBack(let endpoint, let nonce): turn.emit(.dialBack(to: endpoint, nonce: nonce))
      case .roleChanged(let role, let evidence):
        turn.report(.roleChanged("\(role)", evidence: evidence.description))
        run(keeper: .role(limited: role == .limited), &turn)
        run(standby: .role(limited: role == .limited), &turn)
        if role == .limited { lookAround(&turn) }
        turn.ownRecordChanged = true
        turn.pathsChanged = true
      }
    }
  }
}
