import VineBase

/// Keeps the packets of a queue from waiting long: when they have waited more than `target` for a while, it says that
/// one is to be dropped, and again after ever shorter intervals until they wait less, but never more than 100 a second:
/// on a machine that is too busy they wait however few they are, and no flow must starve of that. A flow that fills the
/// queue goes slower then; others do not notice.
///
/// CoDel's control law (RFC 8289, section 5), with one difference: what counts is how long packets wait on average and
/// not at least. A data thread that shares its processor empties its queue in turns, so that the least is 0 however
/// long the queue is between.
struct QueueControl {
  static let target: Int64 = 5_000_000
  static let interval: Int64 = 100_000_000
  private static let pauseMin: Int64 = 10_000_000

  /// Nanoseconds, smoothed over about eight samples.
  private(set) var delay: Int64 = 0
  private var isAbove = false
  private var nextDrop: Int64 = 0
  /// Since the control began to drop.
  private var dropCount = 0

  /// - Parameters:
  ///   - waited: nanoseconds that a packet waited; one sample for each batch.
  ///   - now: of a monotonic clock.
  /// - Returns: whether one packet is to be dropped.
  mutating func mustDrop(after waited: Int64, at now: Int64) -> Bool {
    // Longer than a second is no queue but a clock that was set.
    guard (0...1_000_000_000).contains(waited) else { return false }
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
    guard now >= nextDrop else { return false }
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
  mutating func mustDrop(_ arrival: Int64, _ control: inout QueueControl) -> Bool {
    guard let now, arrival > 0 else { return false }
    self.now = nil
    return control.mustDrop(after: MonotonicClock.ofStamps - arrival, at: now.nanoseconds)
  }
}
