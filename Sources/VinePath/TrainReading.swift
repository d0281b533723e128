import VineBase

/// One frame of a train as it arrived.
public struct TrainArrival: Hashable, Sendable {
  /// From 0.
  public let sequence: Int
  /// With IPv4 and UDP headers.
  public let byteCount: Int
  /// By the receiving kernel's clock; only differences mean something.
  public let nanoseconds: Int64

  public init(sequence: Int, byteCount: Int, nanoseconds: Int64) {
    (self.sequence, self.byteCount, self.nanoseconds) = (sequence, byteCount, nanoseconds)
  }
}

/// What a train says of the bandwidth of its way, in bits of IPv4 packets.
///
/// The frames are sent faster than any line takes them, so that they leave its narrowest part back to back. A shaper
/// with a token bucket lets the first ones through at once, and the dispersion of the whole train would overstate its
/// rate many times over. So the slope counts with which the train *ends*: of all starts that leave enough frames, the
/// one from which the rest came slowest.
public struct TrainReading: Hashable, Sendable {
  public let rate: BitRate
  /// Per cent: how many frames tell, and how well the ends of the train agree with one another.
  public let confidence: UInt8

  public init(rate: BitRate, confidence: UInt8) { (self.rate, self.confidence) = (rate, confidence) }

  /// Frames that have to be left after a start; and of long trains a quarter, so that one late wakeup says little.
  public static let leftMin = 16

  /// - Parameter arrivals: in order of arrival.
  /// - Returns: nil if too few arrived, or all at one instant.
  public init?(_ arrivals: [TrainArrival], sent: Int) {
    let left = max(Self.leftMin, arrivals.count / 4)
    guard arrivals.count > left, let last = arrivals.last?.nanoseconds else { return nil }
    /// Bytes that arrived after each start.
    var bytes = 0
    var slowest = Double.infinity
    var ends: [Double] = []
    for start in arrivals.indices.reversed() {
      let after = arrivals.count - 1 - start
      let passed = last - arrivals[start].nanoseconds
      if after >= left, passed > 0 {
        let slope = Double(bytes) * 8e9 / Double(passed)
        slowest = min(slowest, slope)
        if after == left || after == left * 3 / 2 || after == left * 2 { ends.append(slope) }
      }
      bytes += max(arrivals[start].byteCount, 0)
    }
    guard slowest.isFinite, slowest >= 1, slowest < 1e15 else { return nil }
    let spread = ends.isEmpty ? 0.5 : 1 - slowest / (ends.max() ?? slowest)
    let share = min(1, Double(arrivals.count) / Double(TrainPlan.fullCount))
    rate = BitRate(bitsPerSecond: Int64(slowest))
    confidence = UInt8(max(0, min(100, 100 * (1 - spread) * (0.4 + 0.6 * share))))
  }
}

/// How long trains are, and how often they go: at most one per cent of what the link carries.
public enum TrainPlan {
  /// The first train only tells the magnitude.
  public static let firstCount = 32
  /// Outlasts a token bucket of 256 kB, 187 frames of 1400 bytes, by enough frames to tell its rate.
  public static let fullCount = 272
  /// Where a late wakeup costs as much as many frames.
  public static let fastCount = 512
  static let packetByteCount = 1400
  static let pauseMin = Duration.seconds(10)
  static let pauseMax = Duration.seconds(600)

  public static func packets(expecting rate: BitRate?) -> Int {
    guard let rate else { return firstCount }
    return rate.bitsPerSecond >= 80_000_000 ? fastCount : fullCount
  }

  /// Until the next train in the same direction.
  public static func pause(after packets: Int, at rate: BitRate) -> Duration {
    let bits = Double(packets * packetByteCount * 8)
    let seconds = min(bits * 100 / Double(max(rate.bitsPerSecond, 1)), pauseMax.inSeconds)
    return max(pauseMin, .nanoseconds(Int64(seconds * 1e9)))
  }
}
