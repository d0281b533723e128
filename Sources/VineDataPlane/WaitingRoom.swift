import VineBase
import VineRelay
import VineRouting

/// Frames that wait for limited-VRs whose channel to this VR is closed (paper 3.4): those of other VRs and this VR's own.
final class WaitingRoom {
  private let counters: Counters
  private(set) var store: RelayStore
  /// Limited-VRs that have chosen this one as queue-VR, sorted.
  private var limited: [NodeTag] = []

  init(limits: RelayStore.Limits, counters: Counters) {
    store = RelayStore(limits: limits)
    self.counters = counters
  }

  func serve(_ tags: [NodeTag]) {
    limited = tags.sorted()
    for tag in store.waiting where !limited.contains(tag) { count(store.forget(tag)) }
  }

  func serves(_ tag: NodeTag) -> Bool { limited.contains(tag) }

  /// Frames wait for it: one that comes now must go behind them.
  func holds(_ tag: NodeTag) -> Bool { store.held(for: tag).frames > 0 }

  /// - Parameters:
  ///   - inner: a whole frame that only its receiver can open.
  ///   - hops: how many queue-VRs it will have passed when it goes.
  func keep(_ inner: UnsafeRawBufferPointer, for tag: NodeTag, from source: NodeTag, hops: UInt8, at now: Instant) {
    count(store.enqueue(tag, StoredFrame(source: source, hops: hops, inner: inner).bytes, at: now))
  }

  /// Takes out what waits for `tag`, oldest first, up to `budget`.
  func drain(
    _ tag: NodeTag, upTo budget: ByteCount, at now: Instant, _ body: (NodeTag, UInt8, UnsafeRawBufferPointer) -> Void
  ) {
    let expired = store.counters.expired
    for frame in store.drain(tag, at: now, upTo: budget) { StoredFrame.read(frame, body) }
    counters.drop(.queueExpired, count: Int(store.counters.expired - expired))
  }

  func expire(at now: Instant) { count(store.expire(at: now)) }

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
