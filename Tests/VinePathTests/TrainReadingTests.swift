import Testing
import VineBase

@testable import VinePath

@Suite struct TrainReadingTests {
  /// One direction of a line as a train meets it: a shaper with a token bucket, a queue that is as long or as short as
  /// said, other traffic, and a receiver whose clock is read now and then late.
  private struct Line {
    var megabits: Double
    /// Share of the line that other packets take, at a constant rate.
    var cross = 0.0
    var bucket = 0
    var queue = Int.max
    /// Nanoseconds that a stamp may be late.
    var noise: UInt64 = 0
    /// Once in so many frames all stamps come 0.3 ms late, in one clump.
    var stallEvery: UInt64 = 0

    func reading(_ random: inout RandomSource, expecting: BitRate? = nil) -> TrainReading? {
      let count = TrainPlan.packets(expecting: expecting ?? BitRate(bitsPerSecond: Int64(megabits * 1e6)))
      let perByte = 8e3 / megabits
      /// The sender is fast: 2 Gbit/s.
      let gap = 1400 * 8e3 / 2000
      let crossGap = cross > 0 ? 1400 * perByte / cross : .infinity
      var crossNext = Double(random.below(1000)) / 1000 * (crossGap.isFinite ? crossGap : 0)
      var tokens = Double(bucket)
      var (free, filled) = (0.0, 0.0)
      var arrivals: [TrainArrival] = []
      var (stallUntil, stamp) = (0.0, 0.0)
      func serve(at time: Double) -> Double? {
        tokens = min(Double(bucket), tokens + (time - filled) / perByte)
        filled = time
        if free <= time, tokens >= 1400 {
          tokens -= 1400
          return time
        }
        let start = max(free, time)
        guard (start - time) / perByte <= Double(queue) else { return nil }
        free = start + 1400 * perByte
        tokens = 0
        return free
      }
      for number in 0..<count {
        let sent = Double(number) * gap
        while crossNext < sent {
          _ = serve(at: crossNext)
          crossNext += crossGap
        }
        guard let out = serve(at: sent) else { continue }
        if stallEvery > 0, out > stallUntil, random.below(stallEvery) == 0 { stallUntil = out + 300_000 }
        stamp = max(stamp, max(out, stallUntil) + Double(noise > 0 ? random.below(noise) : 0))
        arrivals.append(TrainArrival(sequence: number, byteCount: 1400, nanoseconds: 1_000_000_000 + Int64(stamp)))
      }
      return TrainReading(arrivals, sent: count)
    }

    /// The error that 99 of 100 seeds do not pass, as a share of the rate; of the middle one of three trains, as
    /// `LinkEstimate` reads them.
    func error() -> Double {
      let errors = (1...100 as ClosedRange<UInt64>).map { seed -> Double in
        var random = RandomSource(seed: seed)
        var estimate = LinkEstimate()
        for number in 0..<3 {
          guard let reading = reading(&random) else { return .infinity }
          estimate.add(reading, at: Instant(nanoseconds: Int64(number)))
        }
        return abs((estimate.rate?.megabits ?? 0) - megabits) / megabits
      }
      return errors.sorted()[98]
    }
  }

  private static let rates: [Double] = [1, 10, 20.4, 63.1, 100, 500]

  @Test(arguments: rates) func `a train tells the rate of a line within a tenth`(_ megabits: Double) {
    #expect(Line(megabits: megabits, noise: 50_000).error() <= 0.1)
  }

  @Test(arguments: rates) func `with three tenths of other traffic within a fifth`(_ megabits: Double) {
    let error = Line(megabits: megabits, cross: 0.3, noise: 50_000).error()
    #expect(error <= 0.2, "off by \(error)")
  }

  @Test(arguments: rates) func `a token bucket of 256 kB does not fool it`(_ megabits: Double) {
    let error = Line(megabits: megabits, bucket: 256_000, noise: 20_000).error()
    #expect(error <= 0.1, "off by \(error)")
  }

  @Test(arguments: rates) func `nor does a short queue that most of the train is lost at`(_ megabits: Double) {
    let error = Line(megabits: megabits, queue: 64_000, noise: 20_000).error()
    #expect(error <= 0.1, "off by \(error)")
  }

  @Test(arguments: rates) func `late wakeups of the receiver say little`(_ megabits: Double) {
    let error = Line(megabits: megabits, noise: 10_000, stallEvery: 100).error()
    #expect(error <= 0.1, "off by \(error)")
  }

  @Test func `whatever arrives is read without a trap`() {
    var random = RandomSource(seed: 7)
    for _ in 0..<2000 {
      let count = random.int(in: 0..<80)
      let arrivals = (0..<count).map { _ in
        TrainArrival(
          sequence: Int(truncatingIfNeeded: random.next()), byteCount: Int(truncatingIfNeeded: random.next()) >> 20,
          nanoseconds: Int64(truncatingIfNeeded: random.next()) >> 2)
      }
      guard let reading = TrainReading(arrivals, sent: 64) else { continue }
      #expect(reading.confidence <= 100 && reading.rate.bitsPerSecond >= 0)
    }
  }

  @Test func `trains cost one per cent of what a link carries, and are neither too seldom nor too often`() {
    for megabits in Self.rates {
      let rate = BitRate(bitsPerSecond: Int64(megabits * 1e6))
      let packets = TrainPlan.packets(expecting: rate)
      let pause = TrainPlan.pause(after: packets, at: rate)
      let share = Double(packets * 1400 * 8) / (pause.inSeconds * megabits * 1e6)
      #expect(share <= 0.0101 && pause >= .seconds(10) && pause <= .seconds(600))
    }
  }

  @Test func `a link that became slower is believed after two trains that agree, noise is not`() {
    func reading(_ megabits: Int64) -> TrainReading {
      TrainReading(rate: BitRate(bitsPerSecond: megabits * 1_000_000), confidence: 90)
    }
    var estimate = LinkEstimate()
    for second in 0..<3 { estimate.add(reading(100), at: Instant(nanoseconds: Int64(second) * 1_000_000_000)) }
    estimate.add(reading(20), at: Instant(nanoseconds: 4_000_000_000))
    #expect(estimate.rate?.megabits == 100 && estimate.isInDoubt)
    var steady = estimate
    steady.add(reading(101), at: Instant(nanoseconds: 5_000_000_000))
    #expect(steady.rate?.megabits == 100)
    estimate.add(reading(21), at: Instant(nanoseconds: 5_000_000_000))
    #expect(estimate.rate?.megabits == 21 && !estimate.isInDoubt)
  }

  @Test func `packets of hosts that went faster prove a faster link, for a while`() {
    var estimate = LinkEstimate()
    estimate.add(TrainReading(rate: BitRate(bitsPerSecond: 10_000_000), confidence: 90), at: .zero)
    estimate.deliver(BitRate(bitsPerSecond: 12_000_000), at: Instant(nanoseconds: 1))
    #expect(estimate.rate?.megabits == 12)
    let later = Instant(nanoseconds: 100_000_000_000)
    estimate.add(TrainReading(rate: BitRate(bitsPerSecond: 10_000_000), confidence: 90), at: later)
    #expect(estimate.rate?.megabits == 10)
  }
}
