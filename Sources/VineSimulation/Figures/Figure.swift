import VineBase

/// A measured value beside its goal.
public struct Figure: Sendable {
  public enum Better: String, Sendable { case lower, higher }

  public let name: String
  public let value: Double
  public let unit: String
  public let goal: Double
  public let better: Better
  /// Runs it was measured in, each from a seed of its own.
  public let seeds: Int

  public init(_ name: String, _ value: Double, _ unit: String, goal: Double, _ better: Better = .lower, seeds: Int) {
    (self.name, self.value, self.unit, self.goal) = (name, value, unit, goal)
    (self.better, self.seeds) = (better, seeds)
  }

  public var isMet: Bool { better == .lower ? value <= goal : value >= goal }
}

/// What one run measured; nil where the run did not come to its end within its limit.
public typealias Measurement = Double?

public enum Statistics {
  /// Nearest rank: the smallest value that at least `share` per cent are not above. A run that did not end counts as
  /// infinite.
  public static func percentile(_ share: Int, _ values: [Measurement]) -> Double {
    let sorted = values.map { $0 ?? .infinity }.sorted()
    guard !sorted.isEmpty else { return .infinity }
    return sorted[max(0, (sorted.count * share + 99) / 100 - 1)]
  }
}
