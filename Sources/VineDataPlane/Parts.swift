import CLinuxShim
import Glibc
import VineBase
import VineRouting
import VineSession

/// The parts of the data thread, put together once, and which command is whose.
struct Parts<Injection: PacketInjection>: ~Copyable {
  let socket: FileDescriptor
  let counters = Counters()
  let peers = Peers()
  let channels: Channels
  let transmitter: Transmitter
  let waiting: WaitingRoom
  let trains: Trains
  let dialBacks = DialBacks()
  let relays: RelayStation
  let outbound: OutboundPath<Injection>
  let inbound: InboundPath<Injection>
  private let injection: Injection
  private let node: NodeID
  private let queueNumber: UInt16

  init(
    _ configuration: DataPlaneConfiguration, loop: EventLoop, injection: Injection, at now: Instant,
    onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) throws(DataPlaneError) {
    self.injection = injection
    (node, queueNumber) = (configuration.node, configuration.queueNumber)
    let socket = try Sockets.datagram(on: configuration.listen)
    channels = try Channels(loop: loop, configuration: configuration, counters: counters, onEvent: onEvent)
    waiting = WaitingRoom(limits: configuration.relayLimits, counters: counters)
    transmitter = Transmitter(
      node: configuration.node,
      datagrams: DatagramSender(
        descriptor: socket.raw, counters: counters, sendsTrains: configuration.usesOffloads),
      channels: channels, peers: peers, waiting: waiting, onEvent: onEvent)
    self.socket = socket
    trains = Trains(peers: peers, transmitter: transmitter, onEvent: onEvent)
    relays = RelayStation(
      node: configuration.node, peers: peers, channels: channels, transmitter: transmitter, waiting: waiting,
      counters: counters,
      at: now, onEvent: onEvent)
    // Weak: the station holds the channels, and what nobody holds closes its sockets.
    channels.onLost = { [weak relays] in relays?.keep(lost: $0, for: $1, at: MonotonicClock.now) }
    outbound = OutboundPath(
      injection: injection, mirror: configuration.mirror, peers: peers, transmitter: transmitter, counters: counters,
      at: now)
    inbound = InboundPath(
      node: configuration.node, injection: injection, mirror: configuration.mirror, peers: peers, relays: relays,
      channels: channels,
      trains: trains, transmitter: transmitter, counters: counters, at: now, onEvent: onEvent)
  }

  func refresh() { injection.refresh() }

  func carryOut(_ command: DataPlaneCommand, at now: Instant) {
    switch command {
    case .install(let session): peers.install(session, at: now)
    case .releaseSession(let index): peers.release(index)
    case .path(let node, let carrier):
      peers.path(to: node, carrier)
      relays.drain(at: now)
    case .removePeer(let node): peers.remove(node)
    case .table(let table): peers.adopt(table)
    case .limitedPeers(let tags): waiting.serve(tags)
    case .relayRoutes(let routes): relays.route(routes)
    case .control(let message, let node, let carrier): control(message, to: node, via: carrier, at: now)
    case .handshake(let bytes, let carrier):
      inbound.sends(handshake: bytes)
      if let reason = transmitter.handshake(bytes, via: carrier, at: now) { counters.drop(reason) }
    case .dialBack(let endpoint, let nonce): dialBacks.send(nonce, to: endpoint, at: now)
    case .sendTrain(let train, let node, let endpoint, let count):
      trains.send(train, to: node, at: endpoint, count: count, now)
    case .expectTrain(let train, let node): trains.expect(train, from: node, at: now)
    case .probeSize(let message, let node, let endpoint):
      guard let peer = peers[node] else { return counters.drop(.noSession) }
      if let reason = transmitter.probe(message, to: peer, at: endpoint, now) { counters.drop(reason) }
    case .pathMTU(let node, let byteCount): peers[node]?.pathMTU = byteCount
    case .openChannel(let channel, let endpoint): channels.open(channel, to: endpoint, at: now)
    case .closeChannel(let channel):
      channels.close(channel, reason: "closed by this VR")
      relays.drain(at: now)
    case .status(let answer): answer(status(at: now))
    }
  }

  private func control(_ message: [UInt8], to node: NodeID, via carrier: Carrier?, at now: Instant) {
    guard let peer = peers[node] else { return counters.drop(.noSession) }
    if let reason = transmitter.control(message, to: peer, via: carrier, at: now) { counters.drop(reason) }
  }

  private func status(at now: Instant) -> DataPlaneStatus {
    // The table names this VR, too: it is no peer of itself.
    let others = peers.all.filter { $0.node != node }
    return DataPlaneStatus(
      drops: counters.dropped,
      dropExamples: Dictionary(
        uniqueKeysWithValues: DropReason.allCases.compactMap { reason in
          counters.example(of: reason).map { (reason, $0) }
        }), peers: others.map { $0.status(at: now) }, channels: channels.status,
      queues: waiting.status, relay: waiting.store.counters, relayed: counters.relayed, captured: counters.captured,
      injected: counters.injected, sent: counters.sent, received: counters.received,
      netfilterQueue: NetfilterQueueFile.status(
        of: [queueNumber, DataPlaneConfiguration.plainQueue(beside: queueNumber)]))
  }
}

extension Peer {
  fileprivate func status(at now: Instant) -> PeerStatus {
    PeerStatus(
      node: node, carrier: carrier, suite: sending?.sealing.suite, sessions: sessions.count, sent: sent,
      received: received, silentFor: lastHeard.map { now - $0 }, innerMTU: carrier == nil ? nil : innerMTU)
  }
}

extension WaitingRoom {
  fileprivate var status: [QueueStatus] {
    store.tally.map { tag, counters, oldest in
      QueueStatus(tag: tag, frames: store.held(for: tag).frames, counters: counters, oldest: oldest)
    }
  }
}
