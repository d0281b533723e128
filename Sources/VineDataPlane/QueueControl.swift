import VineBase

/// Keeps the packets of a queue from waiting long: when they have waited more than `target` for a while, it says that
/// one is to be dropped, and again after ever shorter intervals until they wait less, but never more than 100 a second:
/// on a machine that is too busy they wait however few they are, and no flow must starve of that. A flow that fills the
/// queue goes slower then; others do not notice. Few packets that wait long for a busy processor are no queue, and lose nothing.
///
/// CoDel's control law (RFC 8289, section 5), with two differences. What counts is how long packets wait on average and
/// not at least. A data thread that shares its processor empties its queue in turns, so that the least is 0 however
/// long the queue is between. And how long the queue is follows from Little's law, as the kernel does not tell: what came in a
/// while, by how much of it each waited.
struct QueueControl {
  static let target: Int64 = 5_000_000
  static let interval: Int64 = 100_000_000
  private static let pauseMin: Int64 = 10_000_000
  /// Bytes; with less nothing is dropped (RFC 8289, 5.5 has one full packet).
  static let queueMin = 6000.0

  /// Nanoseconds, smoothed over about eight samples.
  private(set) var delay: Int64 = 0
  private var isAbove = false
  private var nextDrop: Int64 = 0
  /// Since the control began to drop.
  private var dropCount = 0
  /// Since the last sample, and when that was.
  private var taken: Int64 = 0
  private var last: Int64 = 0

  /// Bytes that came through the queue.
  @inline(__always)
  mutating func took(_ byteCount: Int) { taken &+= Int64(byteCount) }

  /// - Parameters:
  ///   - waited: nanoseconds that a packet waited; one sample for each batch.
  ///   - now: of a monotonic clock.
  /// - Returns: whether one packet is to be dropped.
  mutating func mustDrop(after waited: Int64, at now: Int64) -> Bool {
    // Longer than a second is no queue but a clock that was set.
    guard (0...1_000_000_000).contains(waited) else { return false }
    let passed = now - last
    let queue = Double(taken) * Double(waited) / Double(max(passed, 1))
    (last, taken) = (now, 0)
    // Nothing stands in a queue that nothing came through, whatever was before.
    guard (0...Self.interval).contains(passed) else {
      (delay, isAbove) = (waited, false)
      return false
    }
    delay += (waited - delay) / 8
    guard delay > Self.target else {
      isAbove = false
      return false
    }
    guard isAbove else {
      isAbove = true
      // A queue that fills again soon after drops is met with the rate that helped (RFC 8289, 5.4).
      let wasRecent = now - nextDrop < 8 * Self.interval && dropCount > 2
      dropCount = wasRecent ? dropCount - 2 : 0
      nextDrop = now + (wasRecent ? pause : Self.interval)
      return false
    }
    guard now >= nextDrop, waited > Self.target, queue >= Self.queueMin else { return false }
    dropCount += 1
    nextDrop = now + pause
    return true
  }

  private var pause: Int64 {
    max(Self.pauseMin, Int64(Double(Self.interval) / Double(max(1, dropCount)).squareRoot()))
  }
}

/// The batch of packets that is under way, whose first one tells how long they waited.
struct Batch {
  private var now: Instant?

  init() {}
  init(at now: Instant) { self.now = now }

  /// - Parameter arrival: by `MonotonicClock.ofStamps`; 0 if that is not known.
  @inline(__always)
  mutating func mustDrop(_ arrival: Int64, _ byteCount: Int, _ control: inout QueueControl) -> Bool {
    control.took(byteCount)
    guard let now, arrival > 0 else { return false }
    self.now = nil
    return control.mustDrop(after: MonotonicClock.ofStamps - arrival, at: now.nanoseconds)
  }
}
