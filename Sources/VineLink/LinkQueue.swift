import VineBase

/// One direction of a link: when each packet comes out, or why not. Packets come out in the order in which they went
/// in, except for those that the shape reorders.
public struct LinkQueue: Sendable {
  public enum Verdict: Hashable, Sendable {
    /// At `at`; twice if it is doubled. - `overtakes`: before those that wait.
    case passes(at: Instant, isDoubled: Bool, overtakes: Bool)
    case drops(Loss)
  }

  public enum Loss: Hashable, Sendable { case down, queueFull, chance }

  public struct Counters: Hashable, Sendable {
    public var packets = 0
    public var bytes = 0
    public var droppedByQueue = 0
    public var droppedByChance = 0
    public var droppedWhileDown = 0
    public var reordered = 0
    public var doubled = 0

    public init() {}
  }

  public private(set) var shape: LinkShape
  public private(set) var counters = Counters()
  private var random: RandomSource
  /// When the line is done with all that it took, if it had no bucket.
  private var lineFree = Instant.zero
  /// When the last packet left the line, and when it comes out at the other end.
  private var lastLeft = Instant.zero
  private var lastOut = Instant.zero

  public init(_ shape: LinkShape, random: RandomSource) { (self.shape, self.random) = (shape, random) }

  /// What waits goes on as it was decided.
  public mutating func change(to shape: LinkShape) { self.shape = shape }

  /// - Parameter byteCount: of the IP packet.
  public mutating func take(_ byteCount: Int, at now: Instant) -> Verdict {
    if shape.isDown {
      counters.droppedWhileDown += 1
      return .drops(.down)
    }
    if isDrawn(shape.loss) {
      counters.droppedByChance += 1
      return .drops(.chance)
    }
    var left = now
    if let rate = shape.rate {
      let bits = max(rate.bitsPerSecond, 1)
      let bucket = Self.time(shape.burst.bytes, bits)
      // Generic cell rate algorithm (ITU-T I.371): the bucket lets the line run ahead.
      let free = max(lineFree, now) + Self.time(byteCount, bits)
      left = max(now, lastLeft, free + (.zero - bucket))
      let waiting = (left - now).inNanoseconds
      guard waiting <= Self.time(shape.queueLimit.bytes, bits).inNanoseconds else {
        counters.droppedByQueue += 1
        return .drops(.queueFull)
      }
      lineFree = free
      lastLeft = left
    }
    counters.packets += 1
    counters.bytes += byteCount
    let isDoubled = isDrawn(shape.duplicate)
    if isDoubled { counters.doubled += 1 }
    if isDrawn(shape.reorder) {
      counters.reordered += 1
      return .passes(at: left, isDoubled: isDoubled, overtakes: true)
    }
    let jitter = shape.jitter == .zero ? .zero : random.jitter(shape.jitter)
    lastOut = max(lastOut, left + shape.delay + jitter)
    return .passes(at: lastOut, isDoubled: isDoubled, overtakes: false)
  }

  /// How long the line needs for so many bytes.
  private static func time(_ byteCount: Int, _ bitsPerSecond: Int64) -> Duration {
    .nanoseconds(Int64(Double(byteCount) * 8e9 / Double(bitsPerSecond)))
  }

  private mutating func isDrawn(_ millionths: Int) -> Bool {
    millionths > 0 && random.below(1_000_000) < UInt64(millionths)
  }
}
