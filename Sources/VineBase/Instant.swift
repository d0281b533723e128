/// A point on a monotonic clock that only this process reads; nanoseconds since an arbitrary start.
///
/// Cores get it as an argument and never read a clock. It says nothing about the time of day.
public struct Instant: Hashable, Comparable, Sendable {
  public let nanoseconds: Int64
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static let zero = Instant(nanoseconds: 0)

  public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  public static func + (instant: Self, duration: Duration) -> Self {
    Instant(nanoseconds: instant.nanoseconds &+ duration.inNanoseconds)
  }

  public static func - (later: Self, earlier: Self) -> Duration {
    .nanoseconds(later.nanoseconds &- earlier.nanoseconds)
  }
}

extension Duration {
  /// Whole nanoseconds; saturates beyond ±292 years.
  public var inNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carried ? (seconds < 0 ? .min : .max) : sum
  }

  /// Milliseconds with fraction, for screens and JSON.
  public var inMilliseconds: Double { Double(inNanoseconds) / 1_000_000 }

  /// Seconds with fraction, for screens and JSON.
  public var inSeconds: Double { Double(inNanoseconds) / 1_000_000_000 }
}

/// Seconds since 1970, the time of day. Only for what people and certificates date: never for ordering.
public struct WallTime: Hashable, Comparable, Sendable {
  public let secondsSince1970: Int64
  public init(secondsSince1970: Int64) { self.secondsSince1970 = secondsSince1970 }
  public static func < (left: Self, right: Self) -> Bool { left.secondsSince1970 < right.secondsSince1970 }
}

/// When a core next wants to be called, and why; the reason is shown by `vine-mesh doctor`.
public struct Wakeup: Hashable, Sendable {
  public let at: Instant
  public let reason: StaticReason

  public init(at: Instant, reason: StaticReason) {
    self.at = at
    self.reason = reason
  }

  /// The earlier of two wakeups; nil only if both are.
  public static func earliest(_ first: Wakeup?, _ second: Wakeup?) -> Wakeup? {
    guard let first else { return second }
    guard let second else { return first }
    return second.at < first.at ? second : first
  }

  /// A constant text, so that reasons can be compared and never carry data.
  public struct StaticReason: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let description: String
    public init(stringLiteral value: StaticString) { description = value.description }
  }
}
