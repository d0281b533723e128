import VineBase

/// What is believed of one direction of a link, after its last trains and the packets that went over it.
public struct LinkEstimate: Sendable {
  /// The last trains, newest last.
  private var readings: [(reading: TrainReading, at: Instant)] = []
  /// The fastest that packets of hosts went lately: the link is at least as fast.
  private var delivered: (rate: BitRate, at: Instant)?
  /// When the last train was read.
  public private(set) var measured: Instant?

  /// Trains of which the middle one counts.
  private static let kept = 3
  /// A train that says something else by more than this has to be heard twice.
  private static let agreement = 0.25
  /// For how long packets of hosts prove a rate.
  private static let deliveredMax = Duration.seconds(60)

  public init() {}

  /// nil until a train was read.
  public var rate: BitRate? {
    guard let middle else { return nil }
    guard let delivered, delivered.rate > middle.rate else { return middle.rate }
    return delivered.rate
  }

  /// What the last train said.
  public var last: BitRate? { readings.last?.reading.rate }

  /// Per cent; 0 until a train was read.
  public var confidence: UInt8 { middle?.confidence ?? 0 }

  /// The last train says something else than those before: worth another one soon.
  public var isInDoubt: Bool {
    guard readings.count > 1, let middle, let last = readings.last?.reading else { return false }
    return !Self.agree(last.rate, middle.rate)
  }

  public mutating func add(_ reading: TrainReading, at now: Instant) {
    // Two that agree with each other, and not with those before: the link is another one now.
    if let last = readings.last?.reading, isInDoubt, Self.agree(last.rate, reading.rate) {
      readings = [readings[readings.count - 1]]
    }
    readings.append((reading, now))
    if readings.count > Self.kept { readings.removeFirst() }
    measured = now
    // What went through before says nothing of a link that became slower.
    if let delivered, now - delivered.at > Self.deliveredMax || !Self.agree(delivered.rate, reading.rate) {
      self.delivered = nil
    }
  }

  /// Packets of hosts went at this rate.
  public mutating func deliver(_ rate: BitRate, at now: Instant) {
    if let delivered, delivered.rate >= rate, now - delivered.at < Self.deliveredMax { return }
    delivered = (rate, now)
  }

  private var middle: TrainReading? {
    let sorted = readings.map(\.reading).sorted { $0.rate < $1.rate }
    // Of two the newer one.
    return sorted.count == 2 ? readings.last?.reading : sorted.isEmpty ? nil : sorted[sorted.count / 2]
  }

  private static func agree(_ one: BitRate, _ other: BitRate) -> Bool {
    let (low, high) = (Double(min(one, other).bitsPerSecond), Double(max(one, other).bitsPerSecond))
    return low >= high * (1 - agreement)
  }
}
