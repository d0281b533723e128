/// Runs that once went wrong, and one of each scenario. A seed stays here for good.
public struct Regression: Sendable {
  public let scenario: String
  public let seed: UInt64
  public let count: Int?

  init(_ scenario: String, seed: UInt64, count: Int? = nil) {
    (self.scenario, self.seed, self.count) = (scenario, seed, count)
  }

  public static let all: [Regression] =
    [
      // A queue-VR without a session with the VR that its limited-VR wanted to reach dropped the frames for good.
      Regression("nat-churn", seed: 1)
    ] + Scenario.all.map { Regression($0.name, seed: 1, count: 8) }
}
