import Foundation
import Testing
import VineBase
import VinePath

@Suite struct ReadingFilterTests {
  private func at(_ seconds: Int) -> Instant { .zero + .seconds(seconds) }
  private func megabits(_ count: Double) -> BitRate { BitRate(bitsPerSecond: Int64(count * 1_000_000)) }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `a step is the nearest eighth of an octave`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<500 {
      let rate = Int64(random.next() >> UInt64(random.int(in: 5..<48)))
      guard rate > 1 << 17 else { continue }
      let step = ReadingFilter.Step(nearest: BitRate(bitsPerSecond: rate))
      let exact = 8 * log2(Double(rate))
      #expect(abs(Double(step.rawValue) - exact) < 0.501)
      #expect(abs(8 * log2(Double(step.rate.bitsPerSecond)) - Double(step.rawValue)) < 0.01)
    }
  }

  @Test(arguments: [(Int64.min, 0), (0, 0), (1, 0), (2, 8), (1024, 80), (.max, 480)] as [(Int64, UInt16)])
  func `the ends of the scale hold`(rate: Int64, step: UInt16) {
    #expect(ReadingFilter.Step(nearest: BitRate(bitsPerSecond: rate)).rawValue == step)
  }

  @Test func `every step is its own nearest, and they ascend`() {
    var last = BitRate(bitsPerSecond: 0)
    // Below 2^5 whole bits are too coarse for eighths.
    for number in UInt16(40)...ReadingFilter.Step.max.rawValue {
      let step = ReadingFilter.Step(rawValue: number)
      #expect(ReadingFilter.Step(nearest: step.rate) == step && last < step.rate)
      last = step.rate
    }
  }

  @Test func `the first reading is told, noise is not, and a jump is`() throws {
    var filter = ReadingFilter()
    let told = filter.read(megabits(100), at: at(0))
    let first = try #require(told)
    for second in 1..<500 {
      let noise = filter.read(megabits(second % 2 == 0 ? 96 : 104), at: at(second))
      #expect(noise == nil)
    }
    let lower = filter.read(megabits(50), at: at(500))
    let jump = try #require(lower)
    #expect(first.rawValue - jump.rawValue == 8 && filter.told == jump)
  }

  @Test func `one step is told after a long time, two at once, but never two in a row`() {
    var filter = ReadingFilter()
    /// Steps above the first, seconds, and what is told.
    let story: [(change: UInt16, second: Int, told: UInt16?)] = [
      (0, 0, 200), (1, 599, nil), (1, 600, 201), (1, 5000, nil), (3, 5001, 203), (0, 5005, nil), (0, 5011, 200),
    ]
    for (change, second, told) in story {
      let step = filter.read(ReadingFilter.Step(rawValue: 200 + change).rate, at: at(second))
      #expect(step?.rawValue == told, "at \(second) s")
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `a reading that swings is told at most every ten seconds, and what is told stays near it`(seed: UInt64) {
    var (filter, random, told) = (ReadingFilter(), RandomSource(seed: seed), [Instant]())
    for second in 0..<1000 {
      let rate = BitRate(bitsPerSecond: 1 << Int64(20 + random.below(10)))
      if filter.read(rate, at: at(second)) != nil { told.append(at(second)) }
      // Once the pause is over it is never more than a step away.
      if let last = told.last, at(second) - last > ReadingFilter.pauseMin, let known = filter.told {
        #expect(abs(Int(known.rawValue) - Int(ReadingFilter.Step(nearest: rate).rawValue)) <= 1)
      }
    }
    #expect(told.count > 10 && zip(told, told.dropFirst()).allSatisfy { $1 - $0 >= ReadingFilter.pauseMin })
  }
}
