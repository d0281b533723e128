import VineBase
import VinePath
import VineSession
import VineWire

/// Direct ways past queue-VRs, and what the NAT in front of this VR does.
extension Router {
  /// Packets flow: a direct way is worth looking for where a limited-VR is at one end.
  mutating func trafficFlows(_ shares: [TrafficShare], _ turn: inout Turn) {
    if !shares.isEmpty { run(keeper: .busy, &turn) }
    for share in shares {
      // What went by another way says nothing of the link.
      guard let peer = peers.all[share.node], case .datagram(let endpoint)? = peer.carrier else { continue }
      if peers.isConnected(share.node) {
        run(mtu: .traffic(share.node, endpoint, roundTrip: peer.asks.roundTrip), &turn)
      }
      run(links: .delivered(share.node, to: share.sent, from: share.received), &turn)
    }
    let busy = shares.map(\.node)
    guard placement.usesDirectPaths else { return }
    let wishes = busy.compactMap { peer -> DirectPaths.Wish? in
      guard peers.isConnected(peer), let record = directory.records[peer] else { return nil }
      guard reachability.role != .public || record.role != .public else { return nil }
      // The limited one begins; a public VR would knock at a closed door.
      guard reachability.role != .public else { return nil }
      return DirectPaths.Wish(node: peer, endpoints: record.role == .public ? record.endpoints : [])
    }
    guard !wishes.isEmpty else { return }
    offerAnchors(&turn)
    run(paths: .traffic(wishes), &turn)
  }

  /// Asks public VRs how they see this one, from which its NAT's behaviour follows.
  mutating func lookAround(_ turn: inout Turn) {
    offerAnchors(&turn)
    run(paths: .look, &turn)
  }

  /// Public VRs that sessions are held with; the queue-VR first.
  private mutating func offerAnchors(_ turn: inout Turn) {
    let queueVR = channels.queueVR
    let others = peers.connected.filter { $0 != queueVR }
    let anchors = ((queueVR.map { [$0] } ?? []) + others).compactMap { peer -> DirectPaths.Wish? in
      guard peers.isConnected(peer), let record = directory.records[peer], record.role == .public else { return nil }
      return DirectPaths.Wish(node: peer, endpoints: record.endpoints)
    }
    run(paths: .anchors(Array(anchors.prefix(2))), &turn)
  }

  mutating func addressesChanged(_ addresses: [IPv4Address], _ turn: inout Turn) {
    let endpoints = addresses.map { Endpoint(address: $0, port: placement.port) }
    run(paths: .localEndpoints(endpoints), &turn)
    run(reachability: .localAddresses(addresses), &turn)
  }

  /// A probe or the answer to one.
  mutating func probed(
    _ nonce: UInt64, _ step: PathProbeStep, from peer: NodeID, via carrier: Carrier, _ turn: inout Turn
  ) {
    guard peers.isConnected(peer), case .datagram(let endpoint) = carrier else { return }
    peers.heardBeside(peer, at: turn.now)
    switch step {
    case .reply(let observed):
      run(paths: .answered(by: peer, from: endpoint, nonce: nonce, observed: observed), &turn)
      if let path = directPaths.path(to: peer), path.endpoint == endpoint {
        peers.answered(peer, at: turn.now, roundTrip: path.roundTrip)
      }
    case .ask: run(paths: .probed(by: peer, from: endpoint, nonce: nonce), &turn)
    case .look: send(.pathProbe(nonce: nonce, .reply(observed: endpoint)), to: peer, via: carrier, &turn)
    }
  }

  mutating func run(paths input: DirectPaths.Input, _ turn: inout Turn) {
    for effect in directPaths.handle(input, at: turn.now) {
      switch effect {
      case .probe(let peer, let endpoint, let nonce):
        if directPaths.path(to: peer)?.endpoint == endpoint { peers.asked(peer, at: turn.now) }
        run(nat: .wroteTo(endpoint.address), &turn)
        send(.pathProbe(nonce: nonce, .ask), to: peer, via: .datagram(endpoint), &turn)
      case .look(let peer, let endpoint, let nonce):
        run(nat: .wroteTo(endpoint.address), &turn)
        send(.pathProbe(nonce: nonce, .look), to: peer, via: .datagram(endpoint), &turn)
      case .answer(let peer, let endpoint, let nonce):
        send(.pathProbe(nonce: nonce, .reply(observed: endpoint)), to: peer, via: .datagram(endpoint), &turn)
      case .offer(let peer, let endpoints): send(.pathOffer(endpoints), to: peer, &turn)
      case .path(let peer, let endpoint): directPathChanged(peer, endpoint, &turn)
      case .seenAs(let observations):
        let locals = reachability.localAddresses.map { Endpoint(address: $0, port: placement.port) }
        run(nat: .observed(observations, locals: locals), &turn)
      }
    }
  }

  private mutating func directPathChanged(_ peer: NodeID, _ endpoint: Endpoint?, _ turn: inout Turn) {
    turn.report(.directPath(peer, site: directory.name(of: peer), endpoint))
    turn.pathsChanged = true
    // Who is no longer there is not answered there either.
    if endpoint == nil, case .datagram(let gone)? = peers.all[peer]?.carrier {
      peers.forgetWay(to: peer, .datagram(gone))
    }
  }

  // MARK: How long packets may be

  mutating func run(mtu input: PathMTU.Input, _ turn: inout Turn) {
    for effect in pathMTU.handle(input, at: turn.now) {
      switch effect {
      case .probe(let peer, let endpoint, let id, let byteCount):
        let room = byteCount - FrameSize.underlay - FrameSize.controlOverhead
        turn.emit(.probeSize(ControlMessage.sizeProbe(id: id, byteCount: room).encode(), to: peer, at: endpoint))
      case .size(let peer, let byteCount):
        turn.emit(.pathMTU(peer, byteCount))
        turn.report(.pathMTU(peer, site: directory.name(of: peer), byteCount))
      }
    }
  }

  // MARK: NAT

  mutating func run(nat input: NATClassifier.Input, _ turn: inout Turn) {
    for effect in nat.handle(input, at: turn.now) {
      switch effect {
      case .ask(let peer, let at, let wanted, let nonce, let fromOtherAddress):
        let manner: DialBackManner = fromOtherAddress ? .fromOtherAddress : .fromOtherPort
        send(.dialBackRequest(wanted: wanted, nonce: nonce, manner), to: peer, via: .datagram(at), &turn)
      case .learned(let behaviour): turn.report(.natLearned(behaviour.description))
      }
    }
  }

  mutating func dialBackRequested(
    by peer: NodeID, _ wanted: Endpoint, _ nonce: [UInt8], _ manner: DialBackManner, via carrier: Carrier,
    _ turn: inout Turn
  ) {
    switch (manner, carrier) {
    case (.fromOtherPort, .datagram(let observed)):
      run(reachability: .dialBackRequest(from: peer, observed: observed, wanted: wanted, nonce: nonce), &turn)
    case (.fromOtherAddress, .datagram(let observed)):
      // Only what these eyes saw is vouched for: nobody can aim probes at a third party.
      guard wanted == observed, let other = anotherPublicVR(besides: peer) else { return }
      send(.dialBackRequest(wanted: wanted, nonce: nonce, .vouched), to: other, &turn)
    case (.vouched, _):
      guard directory.records[peer]?.role == .public else { return }
      run(reachability: .dialBackRequest(from: peer, observed: wanted, wanted: wanted, nonce: nonce), &turn)
    case (.fromOtherPort, _), (.fromOtherAddress, _): break
    }
  }

  private mutating func anotherPublicVR(besides asker: NodeID) -> NodeID? {
    let own = reachability.endpoints.map(\.address)
    return random.element(
      of: peers.connected.filter { peer in
        guard peer != asker, let record = directory.records[peer], record.role == .public else { return false }
        return record.endpoints.first.map { !own.contains($0.address) } ?? false
      })
  }
}
