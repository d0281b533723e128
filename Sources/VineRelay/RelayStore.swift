import VineBase

/// The queue-VR's store: frames that wait for limited-VRs whose TCP channel is closed.
///
/// Bounded for each limited-VR in bytes, frames and age, and in the number of limited-VRs; the oldest goes first,
/// and every frame that goes is counted. Frames are sealed end to end: the store never looks inside.
/// Source: ViNe 3.4, "packets are kept in the queue until the TCP channel is re-established".
public struct RelayStore: Sendable {
  /// What a store may hold.
  public struct Limits: Hashable, Sendable {
    /// For each limited-VR; beyond it the oldest frames go. 4 MiB is 1 s of traffic at 32 Mbit/s.
    public var bytes: ByteCount
    /// For each limited-VR; it bounds the memory that many small frames take beside their bytes.
    public var frames: Int
    /// A frame that waited this long is dropped: TCP has retransmitted it by then, and UDP has no use for it.
    public var age: Duration
    /// Limited-VRs with frames waiting at one time; a frame for one more is refused. With the 4 MiB above the
    /// whole store stays below 256 MiB.
    public var virtualRouters: Int

    public init(
      bytes: ByteCount = .mebibytes(4), frames: Int = 8192, age: Duration = .seconds(30), virtualRouters: Int = 64
    ) {
      precondition(bytes > .zero, "a store of no bytes holds nothing")
      precondition(frames > 0, "a store of no frames holds nothing")
      precondition(virtualRouters > 0, "a store for nobody holds nothing")
      (self.bytes, self.frames, self.age, self.virtualRouters) = (bytes, frames, age, virtualRouters)
    }
  }

  /// Every frame handed in counts in `queued`, and once it is out in exactly one of `forwarded`, `expired`, `overflow`.
  public struct Counters: Hashable, Sendable {
    /// Frames handed in.
    public var queued: UInt64 = 0
    /// Frames drained in order to their limited-VR.
    public var forwarded: UInt64 = 0
    /// Frames dropped because they were too old, or because their limited-VR chose another queue-VR.
    public var expired: UInt64 = 0
    /// Frames dropped because a limit was reached.
    public var overflow: UInt64 = 0
    /// Bytes held at this moment.
    public var bytes = ByteCount.zero

    public init() {}
  }

  /// What one call dropped, by reason; the caller adds it to its drop counters.
  public struct Drops: Hashable, Sendable {
    public var expired = 0
    public var overflow = 0

    public init(expired: Int = 0, overflow: Int = 0) { (self.expired, self.overflow) = (expired, overflow) }
  }

  public let limits: Limits
  /// Of all limited-VRs together, also of those that are served no more.
  public private(set) var counters = Counters()
  /// Of each limited-VR that frames waited for since it chose this queue-VR.
  private var tallies = SortedMap<NodeTag, Counters>()
  /// Limited-VRs that are counted by themselves; with more, those that nothing waits for are forgotten first.
  private static let talliesMax = 1024
  private var queues = SortedMap<NodeTag, FrameQueue>()

  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Keeps `frame` for the limited-VR `tag`.
  /// - Returns: what was dropped for it: the oldest frames, or the frame itself if it fits nowhere.
  public mutating func enqueue(_ tag: NodeTag, _ frame: [UInt8], at now: Instant) -> Drops {
    tally(tag) { $0.queued += 1 }
    guard ByteCount(frame.count) <= limits.bytes, queues[tag] != nil || queues.count < limits.virtualRouters else {
      return count(Drops(overflow: 1), of: tag)
    }
    var drops = Drops()
    var freed = ByteCount.zero
    let (limits, deadline) = (limits, expiry(at: now))
    func fill(_ queue: inout FrameQueue) {
      drops.expired = queue.dropFrames(keptUntil: deadline, &freed)
      while queue.count >= limits.frames || queue.bytes + ByteCount(frame.count) > limits.bytes {
        freed += ByteCount(queue.removeFirst()?.count ?? 0)
        drops.overflow += 1
      }
      queue.append(frame, at: now)
    }
    fill(&queues[tag, default: FrameQueue()])
    tally(tag) { $0.bytes += ByteCount(frame.count) - freed }
    return count(drops, of: tag)
  }

  /// Takes out what waits for `tag`, oldest first; frames that are too old are dropped and counted on the way.
  /// - Parameter budget: stop before the frames taken exceed this many bytes, so that a channel's write buffer does
  ///   not overflow; the first frame always comes.
  public mutating func drain(
    _ tag: NodeTag, at now: Instant, upTo budget: ByteCount = ByteCount(.max)
  ) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var (taken, freed, expired) = (ByteCount.zero, ByteCount.zero, 0)
    let deadline = expiry(at: now)
    let isEmpty = queues.update(tag) { queue in
      expired = queue.dropFrames(keptUntil: deadline, &freed)
      while let next = queue.firstCount, frames.isEmpty || taken.bytes + next <= budget.bytes {
        guard let frame = queue.removeFirst() else { break }
        taken += ByteCount(frame.count)
        frames.append(frame)
      }
      return queue.isEmpty
    }
    if isEmpty == true { queues.removeValue(forKey: tag) }
    guard isEmpty != nil else { return frames }
    tally(tag) {
      $0.bytes -= taken + freed
      $0.forwarded += UInt64(frames.count)
    }
    _ = count(Drops(expired: expired), of: tag)
    return frames
  }

  /// Drops every frame that is too old. Call it at `nextExpiry` or on a slow tick.
  public mutating func expire(at now: Instant) -> Drops {
    var drops = Drops()
    let deadline = expiry(at: now)
    for tag in queues.keys {
      var (freed, expired) = (ByteCount.zero, 0)
      let isEmpty = queues.update(tag) { queue in
        expired = queue.dropFrames(keptUntil: deadline, &freed)
        return queue.isEmpty
      }
      if isEmpty == true { queues.removeValue(forKey: tag) }
      guard expired > 0 else { continue }
      tally(tag) { $0.bytes -= freed }
      drops.expired += count(Drops(expired: expired), of: tag).expired
    }
    return drops
  }

  /// Drops what waits for `tag`, which has another queue-VR or is no longer limited; counted as expired.
  public mutating func forget(_ tag: NodeTag) -> Drops {
    defer { tallies[tag] = nil }
    guard let queue = queues.removeValue(forKey: tag) else { return Drops() }
    tally(tag) { $0.bytes -= queue.bytes }
    return count(Drops(expired: queue.count), of: tag)
  }

  /// When the oldest frame becomes too old; nil if nothing waits.
  public var nextExpiry: Instant? { queues.values.compactMap(\.oldest).min().map { $0 + limits.age } }

  /// Limited-VRs that frames wait for, in order.
  public var waiting: [NodeTag] { queues.keys }

  /// Limited-VRs that frames waited for, in order, each with what became of them and since when the oldest waits.
  public var tally: [(tag: NodeTag, counters: Counters, oldest: Instant?)] {
    tallies.map { ($0.0, $0.1, queues[$0.0]?.oldest) }
  }

  /// Frames and bytes that wait for `tag`.
  public func held(for tag: NodeTag) -> (frames: Int, bytes: ByteCount) {
    queues[tag].map { ($0.count, $0.bytes) } ?? (0, .zero)
  }

  /// Frames stored at this instant or before are too old.
  private func expiry(at now: Instant) -> Instant { now + (.zero - limits.age) }

  private mutating func count(_ drops: Drops, of tag: NodeTag) -> Drops {
    guard drops != Drops() else { return drops }
    tally(tag) {
      $0.expired += UInt64(drops.expired)
      $0.overflow += UInt64(drops.overflow)
    }
    return drops
  }

  /// The same change to the counters of all and to those of one.
  private mutating func tally(_ tag: NodeTag, _ change: (inout Counters) -> Void) {
    change(&counters)
    if tallies.update(tag, change) != nil { return }
    if tallies.count >= Self.talliesMax { for idle in tallies.keys where queues[idle] == nil { tallies[idle] = nil } }
    var fresh = Counters()
    change(&fresh)
    tallies[tag] = fresh
  }
}
