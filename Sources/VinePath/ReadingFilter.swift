import VineBase

/// What of a link's bandwidth readings is worth telling the mesh: steps of an eighth of an octave (9 %), so that noise
/// below a step stays here, and a new one only when the reading moved by more than one step, or after a long time.
///
/// Every VR is told of every link, so a reading that swings by a step twice a minute would cost a mesh of 4096 VRs more
/// than everything else in it.
public struct ReadingFilter: Hashable, Sendable {
  /// A bandwidth on the scale of eighths of octaves above one bit a second.
  public struct Step: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt16
    /// Beyond an exabit a second.
    public static let max = Step(rawValue: 60 * 8)

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The nearest step; of anything below one bit a second the first. Integers alone, so that all VRs round alike.
    public init(nearest rate: BitRate) {
      guard rate.bitsPerSecond > 1 else {
        self.init(rawValue: 0)
        return
      }
      let bits = UInt64(rate.bitsPerSecond)
      let octave = 63 - bits.leadingZeroBitCount
      // The rate within its octave, in 65536ths: 65536 to 131071.
      let mantissa = octave >= 16 ? bits >> UInt64(octave - 16) : bits << UInt64(16 - octave)
      let eighths = Self.bounds.count { $0 <= mantissa }
      self.init(rawValue: UInt16(min(octave * 8 + eighths, Int(Self.max.rawValue))))
    }

    /// The bandwidth that the step stands for; of the first ones, which lie between whole bits, rounded down.
    public var rate: BitRate {
      let (octave, eighth) = (Int(rawValue) / 8, Int(rawValue) % 8)
      let mantissa = Self.scale[eighth]
      return BitRate(
        bitsPerSecond: Int64(octave >= 16 ? mantissa << UInt64(octave - 16) : mantissa >> UInt64(16 - octave)))
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// 65536 · 2^(k/8).
    private static let scale: [UInt64] = [65_536, 71_468, 77_936, 84_990, 92_682, 101_070, 110_218, 120_194]
    /// 65536 · 2^((k + ½)/8): from here on the next step is nearer.
    private static let bounds: [UInt64] = [68_438, 74_632, 81_386, 88_752, 96_785, 105_545, 115_098, 125_515]
  }

  /// A reading that moved by one step alone is told after this; one that did not move, never again.
  public static let refreshAfter = Duration.seconds(600)
  /// Not even a reading that jumps is told sooner than this after the last.
  public static let pauseMin = Duration.seconds(10)

  /// What the mesh was told last.
  public private(set) var told: Step?
  private var toldAt = Instant.zero

  public init() {}

  /// - Returns: the step to tell the mesh now; nil if what it was told will do.
  public mutating func read(_ rate: BitRate, at now: Instant) -> Step? {
    let step = Step(nearest: rate)
    if let told {
      let moved = step < told ? told.rawValue - step.rawValue : step.rawValue - told.rawValue
      let age = now - toldAt
      guard moved > 1 ? age >= Self.pauseMin : moved == 1 && age >= Self.refreshAfter else { return nil }
    }
    (told, toldAt) = (step, now)
    return step
  }
}
