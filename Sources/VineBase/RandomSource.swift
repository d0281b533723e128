/// The one random generator of cores and simulations: xoshiro256** seeded through SplitMix64, integers only,
/// so that a seed gives the same numbers on any machine and with any version of Swift.
///
/// Not for keys: those come from libsodium in the shell. Source: Blackman and Vigna, "Scrambled linear
/// pseudorandom number generators", 2018.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: [4 of UInt64]

  public init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var word = mixer
      word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
      return word ^ word >> 31
    }
    state = [next(), next(), next(), next()]
  }

  public mutating func next() -> UInt64 {
    let result = rotate(state[1] &* 5, 7) &* 9
    let shifted = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = rotate(state[3], 45)
    return result
  }

  /// A number in `0..<bound`, without modulo bias (Lemire 2019).
  public mutating func below(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0, "no number is below zero")
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// A number in `range`.
  public mutating func int(in range: Range<Int>) -> Int {
    precondition(!range.isEmpty, "an empty range has no number")
    return range.lowerBound + Int(below(UInt64(range.upperBound - range.lowerBound)))
  }

  /// A duration in `0..<longest`, at nanosecond steps; zero if `longest` is not positive.
  public mutating func jitter(_ longest: Duration) -> Duration {
    let nanoseconds = longest.inNanoseconds
    return nanoseconds > 0 ? .nanoseconds(Int64(below(UInt64(nanoseconds)))) : .zero
  }

  /// One element, or nil of an empty collection.
  public mutating func element<Element>(of elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[int(in: 0..<elements.count)]
  }

  /// `elements` in a random order (Fisher–Yates).
  public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    guard result.count > 1 else { return result }
    for last in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(last, int(in: 0..<(last + 1))) }
    return result
  }

  private func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}
