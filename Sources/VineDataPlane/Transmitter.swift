import VineBase
import VineRouting
import VineSession

/// Seals frames and puts them on their way: UDP, TCP channel, or inside a relay frame to a queue-VR.
///
/// Every function returns why the frame was dropped, nil if it was not; the caller counts.
final class Transmitter {
  private let datagrams: DatagramSender
  private let channels: Channels
  private let peers: Peers
  private let waiting: WaitingRoom
  private let ownTag: NodeTag
  private let onEvent: @Sendable (DataPlaneEvent) -> Void

  init(
    node: NodeID, datagrams: DatagramSender, channels: Channels, peers: Peers, waiting: WaitingRoom,
    onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) {
    ownTag = node.tag
    (self.datagrams, self.channels, self.peers) = (datagrams, channels, peers)
    (self.waiting, self.onEvent) = (waiting, onEvent)
  }

  /// How packets get to a peer: looked up once for all that follow one another.
  struct Road {
    let peer: Uncounted<Peer>
    let session: Uncounted<Session>
    let carrier: Carrier?
    let mustWait: Bool
  }

  /// The road to `peer`; if there is none, why.
  @inline(__always)
  func road(to peer: Uncounted<Peer>, at now: Instant) -> Result<Road, NoRoad> {
    peer.with { found in
      guard let session = found.currentSending else { return .failure(NoRoad(reason: wanting(found, now))) }
      guard !session.with(\.isGuest) else { return .failure(NoRoad(reason: .guestSession)) }
      let mustWait = mustWait(found)
      guard mustWait || found.carrier != nil else { return .failure(NoRoad(reason: .noPath)) }
      return .success(Road(peer: peer, session: session, carrier: found.carrier, mustWait: mustWait))
    }
  }

  struct NoRoad: Error {
    let reason: DropReason
  }

  /// A packet in the ViNe `network` for a host of the road's peer. If that is a limited-VR of this one and its channel
  /// is closed, the packet waits, sealed, as those of other VRs do.
  /// - Parameter rest: what follows `packet`, if it is in two pieces.
  @inline(__always)
  func data(
    _ packet: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    network: UInt32, on road: Road, at now: Instant
  ) -> DropReason? {
    var frame = datagrams.reserve()
    frame.append(network)
    guard frame.append(packet), frame.append(rest) else { return .sendFailed }
    let reason = road.session.with { session in road.peer.with { seal(&frame, .data, session, $0, now) } }
    if let reason { return reason }
    guard road.mustWait else { return carry(frame, by: road.carrier, flow: FlowHash.of(packet), at: now) }
    let tag = road.peer.with(\.tag)
    waiting.keep(UnsafeRawBufferPointer(frame.bytes), for: tag, from: ownTag, hops: 0, at: now)
    return nil
  }

  /// - Parameter via: this once, instead of the peer's path.
  func control(_ message: [UInt8], to peer: Peer, via: Carrier? = nil, at now: Instant) -> DropReason? {
    guard let session = peer.sending else { return wanting(peer, now) }
    guard message.count <= DataPlane.controlByteCountMax else { return .sendFailed }
    guard let carrier = via ?? peer.carrier else { return .noPath }
    var frame = datagrams.reserve()
    guard message.withUnsafeBytes({ frame.append($0) }) else { return .sendFailed }
    if let reason = seal(&frame, .control, session, peer, now) { return reason }
    return carry(frame, by: carrier, flow: 0, at: now)
  }

  /// One frame of a train; see `Trains`.
  func train(_ content: UnsafeRawBufferPointer, to peer: Peer, at endpoint: Endpoint, _ now: Instant) -> DropReason? {
    guard let session = peer.sending, !session.isGuest else { return .noSession }
    var frame = datagrams.reserve()
    guard frame.append(content) else { return .sendFailed }
    if let reason = seal(&frame, .train, session, peer, now) { return reason }
    datagrams.commit(frame, to: endpoint, isAlone: true)
    return nil
  }

  /// A control message in a datagram of its own, which must not be fragmented.
  func probe(_ message: [UInt8], to peer: Peer, at endpoint: Endpoint, _ now: Instant) -> DropReason? {
    guard let session = peer.sending, !session.isGuest else { return .noSession }
    var frame = datagrams.reserve()
    guard message.withUnsafeBytes({ frame.append($0) }), frame.count <= Limits.datagramMax - FrameSize.controlOverhead
    else { return .sendFailed }
    if let reason = seal(&frame, .control, session, peer, now) { return reason }
    datagrams.sendWhole(frame, to: endpoint)
    return nil
  }

  /// A frame that is whole already.
  func handshake(_ bytes: [UInt8], via carrier: Carrier, at now: Instant) -> DropReason? {
    var frame = datagrams.reserve()
    guard bytes.withUnsafeBytes({ frame.append($0) }) else { return .sendFailed }
    return carry(frame, by: carrier, flow: 0, at: now)
  }

  /// A short frame back to where one came from.
  func answer(_ bytes: UnsafeRawBufferPointer, to endpoint: Endpoint) {
    var frame = datagrams.reserve()
    guard frame.append(bytes) else { return }
    datagrams.commit(frame, to: endpoint)
  }

  /// Somebody else's frame, in a relay frame for `peer`.
  /// - Parameter source: see `RelayForm`.
  func relay(
    _ inner: UnsafeRawBufferPointer, tag: NodeTag, hops: UInt8, source: NodeTag?, to peer: Peer, at now: Instant
  ) -> DropReason? {
    var frame = datagrams.reserve()
    guard frame.append(inner) else { return .sendFailed }
    if let reason = wrap(&frame, tag: tag, hops: hops, source: source, for: peer, now) { return reason }
    // Sealed: flows within it can't be told apart, those who sent them can.
    return carry(frame, by: peer.carrier, flow: FlowHash.of(source ?? tag), at: now)
  }

  /// Whether frames for the VR with this tag go by a channel that is open.
  func hasChannel(to tag: NodeTag) -> Bool { peers[tag].map { openChannel(to: $0) != nil } ?? false }

  /// The channel that frames for `peer` go by, if it is open.
  func openChannel(to peer: Peer) -> ChannelID? {
    guard case .channel(let channel) = peer.carrier, channels.isOpen(channel) else { return nil }
    return channel
  }

  func flush() { datagrams.flush() }

  // MARK: Steps

  @inline(__always)
  private func mustWait(_ peer: Peer) -> Bool {
    switch peer.carrier {
    case .datagram, .relayed: false
    case .channel, nil: waiting.serves(peer.tag) && (openChannel(to: peer) == nil || waiting.holds(peer.tag))
    }
  }

  @inline(__always)
  private func seal(
    _ frame: inout OutgoingFrame, _ kind: FrameKind, _ session: Session, _ peer: Peer, _ now: Instant
  ) -> DropReason? {
    guard let counter = session.sealing.takeCounter() else { return wanting(peer, now) }
    if counter & 0xFFFF == 0xFFFF, session.isNearlyUsed { _ = wanting(peer, now) }
    frame.seal(kind, under: session, counter: counter)
    return nil
  }

  private func wrap(
    _ frame: inout OutgoingFrame, tag: NodeTag, hops: UInt8, source: NodeTag?, for peer: Peer, _ now: Instant
  ) -> DropReason? {
    guard let session = peer.sending else { return wanting(peer, now) }
    guard !session.isGuest else { return .guestSession }
    guard let counter = session.sealing.takeCounter() else { return wanting(peer, now) }
    let header = FrameHeader(relayHops: hops, index: session.remoteIndex, counter: counter, peer: tag)
    frame.wrap(header, source: source, under: session)
    return nil
  }

  /// - Parameter flow: asked for only where flows have their turn, on a channel.
  @inline(__always)
  private func carry(
    _ frame: OutgoingFrame, by carrier: Carrier?, flow: @autoclosure () -> UInt32, at now: Instant
  ) -> DropReason? {
    switch carrier {
    case .datagram(let endpoint):
      datagrams.commit(frame, to: endpoint)
      return nil
    case .channel(let channel): return channels.write(frame.bytes, to: channel, flow: flow())
    case .relayed(let queue, let tag): return relay(frame, tag, through: queue, flow: flow(), at: now)
    case nil: return .noPath
    }
  }

  private func relay(
    _ frame: OutgoingFrame, _ tag: NodeTag, through node: NodeID, flow: UInt32, at now: Instant
  ) -> DropReason? {
    guard let queue = peers[node] else { return .noPath }
    // A queue-VR is reached directly: one relay header a frame.
    if case .relayed = queue.carrier { return .noPath }
    var frame = frame
    if let reason = wrap(&frame, tag: tag, hops: 0, source: nil, for: queue, now) { return reason }
    return carry(frame, by: queue.carrier, flow: flow, at: now)
  }

  private func wanting(_ peer: Peer, _ now: Instant) -> DropReason {
    if peer.mayAsk(at: now) { onEvent(.needsSession(peer.node)) }
    return .noSession
  }
}
