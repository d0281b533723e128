import Testing
import VineBase

@testable import VineLink

@Suite struct LinkQueueTests {
  private func queue(_ text: String, seed: UInt64 = 1) throws -> LinkQueue {
    LinkQueue(try LinkShape(text), random: RandomSource(seed: seed))
  }

  private func out(_ verdict: LinkQueue.Verdict) -> Int64? {
    if case .passes(let at, _, _) = verdict { at.nanoseconds } else { nil }
  }

  private func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

  @Test func `packets leave at the rate, after the delay`() throws {
    var queue = try queue("rate=12mbit delay=10ms")
    // 1500 bytes at 12 Mbit/s take a millisecond.
    #expect(out(queue.take(1500, at: .zero)) == 11_000_000)
    #expect(out(queue.take(1500, at: .zero)) == 12_000_000)
    #expect(out(queue.take(1500, at: at(100_000_000))) == 111_000_000)
  }

  @Test func `what finds the queue full is dropped and counted`() throws {
    var queue = try queue("rate=8mbit queue=10kB")
    let passed = (0..<20).count { _ in out(queue.take(1000, at: .zero)) != nil }
    #expect(passed == 10 && queue.counters.droppedByQueue == 10 && queue.counters.packets == 10)
  }

  @Test func `a bucket lets as much through at once as it holds, and then the rate`() throws {
    var queue = try queue("rate=8mbit burst=100kB queue=10MB")
    let times = (0..<300).compactMap { _ in out(queue.take(1000, at: .zero)) }
    #expect(times.prefix(100).allSatisfy { $0 == 0 })
    #expect(times.suffix(100).last.map { $0 - times[199] } == 100_000_000, "8 Mbit/s: a packet a millisecond")
  }

  @Test func `jitter does not reorder, reordering does`() throws {
    var steady = try queue("delay=10ms jitter=5ms")
    let times = (0..<500).compactMap { out(steady.take(100, at: at(Int64($0) * 100_000))) }
    #expect(times == times.sorted() && times.count == 500)
    var wild = try queue("delay=10ms reorder=10%")
    let overtaking = (0..<2000).count { number in
      if case .passes(_, _, true) = wild.take(100, at: at(Int64(number) * 100_000)) { true } else { false }
    }
    #expect((150...250).contains(overtaking) && wild.counters.reordered == overtaking)
  }

  @Test func `loss and duplicates come as often as said, the same from the same seed`() throws {
    func run() throws -> LinkQueue.Counters {
      var queue = try queue("loss=5% duplicate=1%", seed: 3)
      for number in 0..<10_000 { _ = queue.take(100, at: at(Int64(number))) }
      return queue.counters
    }
    let counters = try run()
    #expect((430...570).contains(counters.droppedByChance) && (60...140).contains(counters.doubled))
    #expect(try run() == counters)
  }

  @Test func `nothing gets through a link that is down`() throws {
    var queue = try queue("rate=1gbit")
    queue.change(to: try LinkShape("down"))
    #expect(queue.take(100, at: .zero) == .drops(.down) && queue.counters.droppedWhileDown == 1)
  }

  @Test(arguments: [
    "rate", "rate=", "rate=12", "rate=-1mbit", "rate=1e300mbit", "rate=nanmbit", "delay=5", "delay=99999999s",
    "loss=101%", "speed=1mbit", "queue=0B", "loss=infinity%",
  ])
  func `a shape that is none gets one clear line`(_ text: String) {
    #expect(throws: ShapeError.self) { try LinkShape(text) }
    do throws(ShapeError) { _ = try LinkShape(text) } catch {
      #expect(!error.description.isEmpty && !error.description.contains("\n"))
    }
  }
}
