/// `POST /v1/check`, answered with a `CheckAnswer`.
public struct CheckBody: Codable, Hashable, Sendable {
  /// Decisions that are waited for at a time.
  public var clients: Int
  public var seconds: Int

  public init(clients: Int, seconds: Int) { (self.clients, self.seconds) = (clients, seconds) }

  public static let clientsMax = 256
  public static let secondsMax = 60
}

/// How fast the registry decides, asked from one VR.
public struct CheckAnswer: View {
  public static let name = "check"

  public var clients: Int
  /// Until the last answer.
  public var seconds: Double
  public var decisions: Int
  /// Questions that nobody answered in time.
  public var unanswered: Int
  public var perSecond: Double
  /// From the question to the answer; nil if nothing was decided.
  public var medianMilliseconds: Double?
  public var p99Milliseconds: Double?

  public init(
    clients: Int, seconds: Double, decisions: Int, unanswered: Int, medianMilliseconds: Double?,
    p99Milliseconds: Double?
  ) {
    (self.clients, self.seconds, self.decisions, self.unanswered) = (clients, seconds, decisions, unanswered)
    perSecond = seconds > 0 ? Double(decisions) / seconds : 0
    (self.medianMilliseconds, self.p99Milliseconds) = (medianMilliseconds, p99Milliseconds)
  }
}
