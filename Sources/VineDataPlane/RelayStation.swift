import VineBase
import VineRelay
import VineRouting

/// The queue-VR's part: passes sealed frames on to VRs that can't be reached otherwise, or keeps them until the
/// limited-VR's channel is open again (paper 3.4).
final class RelayStation {
  private let peers: Peers
  private let channels: Channels
  private let transmitter: Transmitter
  private let counters: Counters
  private(set) var store: RelayStore
  /// Limited-VRs that have chosen this one, sorted.
  private var limited: [NodeTag] = []
  /// The queue-VRs of the other limited-VRs.
  private var routes = SortedMap<NodeTag, NodeID>()

  init(peers: Peers, channels: Channels, transmitter: Transmitter, counters: Counters, limits: RelayStore.Limits) {
    (self.peers, self.channels, self.transmitter, self.counters) = (peers, channels, transmitter, counters)
    store = RelayStore(limits: limits)
  }

  func serve(_ tags: [NodeTag]) {
    limited = tags.sorted()
    for tag in store.waiting where !limited.contains(tag) { count(store.forget(tag)) }
  }

  func route(_ routes: SortedMap<NodeTag, NodeID>) { self.routes = routes }

  /// - Parameters:
  ///   - inner: a frame that only its receiver can open.
  ///   - hops: how many queue-VRs it had passed when it came here.
  func forward(_ inner: UnsafeRawBufferPointer, to tag: NodeTag, from source: NodeTag, hops: UInt8, at now: Instant) {
    guard hops <= 1 else { return counters.drop(.relayHops) }
    if let peer = connected(tag), store.held(for: tag).frames == 0 {
      return passed(
        transmitter.relay(inner, tag: source, hops: hops + 1, source: nil, to: peer, at: now), inner.count)
    }
    if limited.contains(tag) {
      let kept = StoredFrame(source: source, hops: hops + 1, inner: inner)
      return count(store.enqueue(tag, kept.bytes, at: now))
    }
    guard let next = next(to: tag) else { return counters.drop(.relayNotMine) }
    guard hops == 0 else { return counters.drop(.relayHops) }
    passed(transmitter.relay(inner, tag: tag, hops: 1, source: source, to: next, at: now), inner.count)
  }

  /// Sends what waits for limited-VRs whose channel is open and has room.
  func drain(at now: Instant) {
    for tag in store.waiting {
      guard let peer = connected(tag), case .channel(let channel) = peer.carrier else { continue }
      let room = channels.room(of: channel)
      guard room.bytes > Limits.slot else { continue }
      // Half of the room: the headers of small frames must fit, too.
      for bytes in store.drain(tag, at: now, upTo: ByteCount(room.bytes / 2)) {
        StoredFrame.read(bytes) { source, hops, inner in
          passed(transmitter.relay(inner, tag: source, hops: hops, source: nil, to: peer, at: now), inner.count)
        }
      }
    }
  }

  func expire(at now: Instant) { count(store.expire(at: now)) }

  // MARK: Where to

  /// The limited-VR, if its channel to this VR is open.
  private func connected(_ tag: NodeTag) -> Peer? {
    guard let peer = peers[tag], case .channel(let channel) = peer.carrier, channels.isOpen(channel) else { return nil }
    return peer
  }

  /// The VR to pass a frame on to: the destination's queue-VR, or the destination itself if it is public. Only over
  /// UDP: over a channel the receiver would take it for a frame of its own queue-VR.
  private func next(to tag: NodeTag) -> Peer? {
    let peer = routes[tag].map { peers[$0] } ?? peers[tag]
    guard let peer, case .datagram = peer.carrier else { return nil }
    return peer
  }

  private func passed(_ reason: DropReason?, _ count: Int) {
    if let reason { counters.drop(reason) } else { counters.relayed.add(count) }
  }

  private func count(_ drops: RelayStore.Drops) {
    counters.drop(.queueOverflow, count: drops.overflow)
    counters.drop(.queueExpired, count: drops.expired)
  }
}

/// How a frame waits: `[source tag u64][hops u8][inner frame]`. It is wrapped when it goes, because the session may
/// have changed by then.
private struct StoredFrame {
  let bytes: [UInt8]

  init(source: NodeTag, hops: UInt8, inner: UnsafeRawBufferPointer) {
    var writer = ByteWriter(capacity: 9 + inner.count)
    writer.integer(source.rawValue)
    writer.integer(hops)
    writer.append(inner)
    bytes = writer.bytes
  }

  static func read(_ bytes: [UInt8], _ body: (NodeTag, UInt8, UnsafeRawBufferPointer) -> Void) {
    bytes.withUnsafeBytes { stored in
      guard stored.count >= 9 else { return }
      let source = NodeTag(rawValue: UInt64(bigEndian: stored.loadUnaligned(as: UInt64.self)))
      body(source, stored[8], UnsafeRawBufferPointer(rebasing: stored[9...]))
    }
  }
}
