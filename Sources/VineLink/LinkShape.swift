import VineBase

/// What one direction of an emulated link does to packets. Sizes are those of IP packets, without Ethernet headers.
///
/// Text form, any of the parts in any order: `rate=20.4mbit delay=12ms jitter=1ms queue=256kB burst=256kB loss=0.1%
/// reorder=1% duplicate=1%`, or `down`.
public struct LinkShape: Hashable, Sendable {
  /// Nothing gets through.
  public var isDown = false
  /// nil: any amount.
  public var rate: BitRate?
  /// Added to each packet, one way.
  public var delay = Duration.zero
  /// Up to so much more, drawn for each packet; it does not reorder.
  public var jitter = Duration.zero
  /// What waits for the line; more is dropped. nil: 100 ms of the rate, and 64 kB at least.
  public var queue: ByteCount?
  /// What the line lets through at once after a pause (a token bucket); 0: packets leave at the rate always.
  public var burst = ByteCount.zero
  /// In millionths of the packets.
  public var loss = 0
  /// Skip the delay, and so overtake others.
  public var reorder = 0
  public var duplicate = 0

  public init() {}

  /// - Throws: what is wrong, in one line.
  public init(_ text: String) throws(ShapeError) {
    for part in text.split(separator: " ") {
      if part == "down" {
        isDown = true
        continue
      }
      let words = part.split(separator: "=", maxSplits: 1)
      guard words.count == 2 else { throw ShapeError("`\(part)` is not of the form name=value") }
      try set(String(words[0]), String(words[1]))
    }
  }

  private mutating func set(_ name: String, _ value: String) throws(ShapeError) {
    switch name {
    case "rate": rate = BitRate(bitsPerSecond: Int64(try Self.number(value, Self.rates, 1...1e12)))
    case "delay": delay = .nanoseconds(Int64(try Self.number(value, Self.times, 0...60e9)))
    case "jitter": jitter = .nanoseconds(Int64(try Self.number(value, Self.times, 0...60e9)))
    case "queue": queue = ByteCount(Int(try Self.number(value, Self.sizes, 1...1e9)))
    case "burst": burst = ByteCount(Int(try Self.number(value, Self.sizes, 0...1e9)))
    case "loss": loss = Int(try Self.number(value, Self.shares, 0...1e6))
    case "reorder": reorder = Int(try Self.number(value, Self.shares, 0...1e6))
    case "duplicate": duplicate = Int(try Self.number(value, Self.shares, 0...1e6))
    default: throw ShapeError("`\(name)` is not rate, delay, jitter, queue, burst, loss, reorder or duplicate")
    }
  }

  private static let rates: [(String, Double)] = [("gbit", 1e9), ("mbit", 1e6), ("kbit", 1e3), ("bit", 1)]
  private static let times: [(String, Double)] = [("us", 1e3), ("ms", 1e6), ("s", 1e9)]
  private static let sizes: [(String, Double)] = [("kB", 1e3), ("MB", 1e6), ("B", 1)]
  private static let shares: [(String, Double)] = [("%", 1e4)]

  private static func number(
    _ text: String, _ units: [(String, Double)], _ range: ClosedRange<Double>
  ) throws(ShapeError) -> Double {
    let names = units.map(\.0).joined(separator: ", ")
    guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
      let value = Double(text.dropLast(unit.count)), value.isFinite
    else { throw ShapeError("`\(text)` is no number with one of \(names)") }
    guard range.contains(value * factor) else { throw ShapeError("`\(text)` is out of range") }
    return value * factor
  }

  /// What may wait for the line.
  var queueLimit: ByteCount {
    queue ?? ByteCount(max(64_000, Int((rate?.bitsPerSecond ?? 0) / 80)))
  }
}

/// Why a text is no shape.
public struct ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
