import VineBase
import VineRouting
import VineSession

/// The queue-VR's part: passes sealed frames on to VRs that can't be reached otherwise, or lets them wait until the
/// limited-VR's channel is open again (paper 3.4).
final class RelayStation {
  private let ownTag: NodeTag
  private let peers: Peers
  private let channels: Channels
  private let transmitter: Transmitter
  private let waiting: WaitingRoom
  private let counters: Counters
  /// The queue-VRs of limited-VRs that other VRs serve.
  private var routes = SortedMap<NodeTag, NodeID>()
  private var missing: TokenBucket
  private let onEvent: @Sendable (DataPlaneEvent) -> Void

  init(
    node: NodeID, peers: Peers, channels: Channels, transmitter: Transmitter, waiting: WaitingRoom,
    counters: Counters, at now: Instant, onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) {
    ownTag = node.tag
    (self.peers, self.channels, self.transmitter) = (peers, channels, transmitter)
    (self.waiting, self.counters) = (waiting, counters)
    (missing, self.onEvent) = (TokenBucket(rate: Limits.eventRate, at: now), onEvent)
  }

  func route(_ routes: SortedMap<NodeTag, NodeID>) { self.routes = routes }

  /// - Parameters:
  ///   - inner: a frame that only its receiver can open.
  ///   - hops: how many queue-VRs it had passed when it came here.
  func forward(_ inner: UnsafeRawBufferPointer, to tag: NodeTag, from source: NodeTag, hops: UInt8, at now: Instant) {
    guard hops <= 1 else { return counters.drop(.relayHops) }
    if waiting.serves(tag) || transmitter.hasChannel(to: tag), let peer = peers[tag], !waiting.holds(tag),
      hand(inner, from: source, hops: hops + 1, to: peer, at: now)
    {
      return
    }
    if waiting.serves(tag) { return waiting.keep(inner, for: tag, from: source, hops: hops + 1, at: now) }
    guard hops == 0 else { return counters.drop(.relayHops) }
    guard let next = next(to: tag) else {
      if missing.take(at: now) { onEvent(.needsRelay(to: tag)) }
      return counters.drop(.relayNotMine)
    }
    pass(inner, tag: tag, hops: 1, source: source, to: next, at: now)
  }

  /// A record that may not have reached a limited-VR before its channel ended: it waits for the next channel, as what
  /// comes later does, or goes by the VR that has become the queue-VR meanwhile. If it did arrive, the replay window of
  /// the limited-VR drops it there.
  /// - Parameter tag: nil: it was on its way to a queue-VR; it is dropped.
  func keep(lost record: UnsafeRawBufferPointer, for tag: NodeTag?, at now: Instant) {
    guard let header = try? FrameHeader(parsing: record) else { return }
    switch header.kind {
    // Routers say again what is not answered.
    case .control, .train, .handshake, .probe: return
    case .relay, .data: break
    }
    guard let tag else { return counters.drop(.channelClosed) }
    if header.kind == .relay {
      let inner = UnsafeRawBufferPointer(rebasing: record.dropFirst(RelayForm.plain.byteCount))
      if waiting.serves(tag) { return waiting.keep(inner, for: tag, from: header.peer, hops: header.hops, at: now) }
      guard header.hops == 1 else { return counters.drop(.channelClosed) }
      forward(inner, to: tag, from: header.peer, hops: 0, at: now)
    } else if waiting.serves(tag) {
      waiting.keep(record, for: tag, from: ownTag, hops: 0, at: now)
    } else {
      counters.drop(.channelClosed)
    }
  }

  /// Sends what waits for limited-VRs whose channel is open and has room.
  func drain(at now: Instant) {
    for tag in waiting.store.waiting {
      guard let peer = peers[tag], peer.hasSession, let room = room(to: peer) else { continue }
      guard room > Limits.slot else { continue }
      // Half of the room: the headers of small frames must fit, too.
      waiting.drain(tag, upTo: ByteCount(room / 2), at: now) { source, hops, inner in
        _ = hand(inner, from: source, hops: hops, to: peer, at: now)
      }
    }
  }

  /// To a limited-VR of this one: over its channel, where it takes the tag for the source's, or by UDP if there is a
  /// direct way, with both tags.
  /// - Returns: false if neither is there.
  private func hand(
    _ inner: UnsafeRawBufferPointer, from source: NodeTag, hops: UInt8, to peer: Peer, at now: Instant
  ) -> Bool {
    if transmitter.openChannel(to: peer) != nil {
      pass(inner, tag: source, hops: hops, source: nil, to: peer, at: now)
    } else if case .datagram? = peer.carrier, peer.hasSession {
      pass(inner, tag: peer.tag, hops: hops, source: source, to: peer, at: now)
    } else {
      return false
    }
    return true
  }

  /// Bytes that the way to a limited-VR takes at once; nil if there is none.
  private func room(to peer: Peer) -> Int? {
    if let channel = transmitter.openChannel(to: peer) { return channels.room(of: channel).bytes }
    if case .datagram? = peer.carrier { return Limits.directBurst }
    return nil
  }

  private func pass(
    _ inner: UnsafeRawBufferPointer, tag: NodeTag, hops: UInt8, source: NodeTag?, to peer: Peer, at now: Instant
  ) {
    if let reason = transmitter.relay(inner, tag: tag, hops: hops, source: source, to: peer, at: now) {
      counters.drop(reason)
    } else {
      counters.relayed.add(inner.count)
    }
  }

  /// The VR to pass a frame on to: the destination's queue-VR, or the destination itself if it is public. Only over
  /// UDP: over a channel the receiver would take it for a frame of its own queue-VR.
  private func next(to tag: NodeTag) -> Peer? {
    let peer = routes[tag].map { peers[$0] } ?? peers[tag]
    guard let peer, peer.hasSession, case .datagram = peer.carrier else { return nil }
    return peer
  }
}
