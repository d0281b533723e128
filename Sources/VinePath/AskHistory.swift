import VineBase

/// What came of the last questions that a peer is asked to see whether it is there: round trip and loss.
public struct AskHistory: Hashable, Sendable {
  /// One bit a question, the newest lowest; set: it was answered.
  private var answers: UInt64 = 0
  private var count = 0
  private var askedAt: Instant?
  /// Of the last answer.
  public private(set) var roundTrip: Duration?
  public private(set) var answeredAt: Instant?

  public init() {}

  public mutating func asked(at now: Instant) {
    answers <<= 1
    count = min(count + 1, 64)
    askedAt = now
  }

  /// - Parameter roundTrip: where it is known better than from the newest question.
  public mutating func answered(at now: Instant, roundTrip: Duration? = nil) {
    guard let passed = roundTrip ?? askedAt.map({ now - $0 }) else { return }
    (self.roundTrip, answeredAt, askedAt) = (passed, now, nil)
    answers |= 1
  }

  /// A question that somebody else asked and waited for; one that is under way stays the newest.
  /// - Parameter roundTrip: nil: it was not answered.
  public mutating func settled(roundTrip: Duration?, at now: Instant) {
    let bit: UInt64 = roundTrip == nil ? 0 : 1
    answers = askedAt == nil ? answers << 1 | bit : (answers >> 1) << 2 | bit << 1
    count = min(count + 1, 64)
    if let roundTrip { (self.roundTrip, answeredAt) = (roundTrip, now) }
  }

  /// Share of questions without an answer, 0 to 1; the newest does not count while its answer may still come. nil: fewer
  /// than five were asked.
  public var loss: Double? {
    let settled = askedAt == nil ? count : count - 1
    guard settled >= 5 else { return nil }
    let bits = (askedAt == nil ? answers : answers >> 1) & (settled >= 64 ? .max : 1 << UInt64(settled) - 1)
    return 1 - Double(bits.nonzeroBitCount) / Double(settled)
  }
}
