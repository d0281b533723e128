/// Lets `rate` things a second pass, and as many at once after a pause.
public struct TokenBucket: Sendable {
  private let rate: Int64
  /// In billionths of a token.
  private var level: Int64
  private var last: Instant

  /// - Parameter rate: more than 0; the bucket is full at first.
  public init(rate: Int64, at now: Instant) {
    precondition(rate > 0, "a bucket that nothing drips into never lets anything pass")
    (self.rate, last) = (rate, now)
    level = rate * 1_000_000_000
  }

  /// Takes a token, if there is one.
  public mutating func take(at now: Instant) -> Bool {
    let full = rate * 1_000_000_000
    // A pause longer than the time to fill adds no more than a full bucket.
    let pause = min(max((now - last).inNanoseconds, 0), 1_000_000_000)
    level = min(full, level + pause * rate)
    last = max(last, now)
    guard level >= 1_000_000_000 else { return false }
    level -= 1_000_000_000
    return true
  }
}
