import Testing
import VineBase

@testable import VineDataPlane

@Suite struct QueueControlTests {
  private let millisecond: Int64 = 1_000_000

  /// Drops within `duration`, one sample each 100 µs; 96 Mbit/s unless said.
  private func drops(
    _ control: inout QueueControl, from start: Int64, for duration: Int64, waited: Int64, each: Int64 = 100_000,
    bytes: Int = 1200
  ) -> Int {
    stride(from: start, to: start + duration, by: Int64.Stride(each)).count {
      control.took(bytes)
      return control.mustDrop(after: waited, at: $0)
    }
  }

  @Test func `few packets that wait long for a busy processor lose nothing`() {
    var control = QueueControl()
    // 20 and 1000 packets of 100 bytes a second, 20 ms each: less than two full packets stand.
    #expect(
      drops(&control, from: 0, for: 60_000 * millisecond, waited: 20 * millisecond, each: 50 * millisecond, bytes: 100)
        == 0)
    #expect(
      drops(
        &control, from: 60_000 * millisecond, for: 60_000 * millisecond, waited: 20 * millisecond, each: millisecond,
        bytes: 100) == 0)
  }

  @Test func `after bulk has ended the first packet of the next flow is not dropped, nor is it when it comes again`() {
    var control = QueueControl()
    #expect(drops(&control, from: 0, for: 3000 * millisecond, waited: 60 * millisecond, bytes: 64_000) > 0)
    for later in [200, 1000, 3000, 7000] as [Int64] {
      let now = (3000 + later) * millisecond
      control.took(60)
      let isDropped = control.mustDrop(after: 6 * millisecond, at: now)
      #expect(!isDropped, "SYN, \(later) ms later")
    }
  }

  @Test func `a packet that itself waited no longer than the target is not the one that goes`() {
    var control = QueueControl()
    _ = drops(&control, from: 0, for: 1000 * millisecond, waited: 60 * millisecond, bytes: 64_000)
    control.took(64_000)
    let isDropped = control.mustDrop(after: millisecond, at: 1001 * millisecond)
    #expect(!isDropped && control.delay > QueueControl.target)
  }

  @Test func `a queue that is short never loses a packet`() {
    var control = QueueControl()
    #expect(drops(&control, from: 0, for: 10_000 * millisecond, waited: QueueControl.target) == 0)
  }

  @Test func `a burst that is over within the interval loses nothing`() {
    var control = QueueControl()
    #expect(drops(&control, from: 0, for: QueueControl.interval * 9 / 10, waited: 8 * millisecond) == 0)
    #expect(drops(&control, from: QueueControl.interval, for: 1000 * millisecond, waited: 0) == 0)
  }

  @Test func `while the queue stays long one packet goes at a time, and ever more often`() {
    var control = QueueControl()
    let counts = (0..<5).map { second in
      drops(&control, from: second * 1000 * millisecond, for: 1000 * millisecond, waited: 8 * millisecond)
    }
    #expect(counts[0] > 10 && counts[0] < 100, "\(counts)")
    #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 } && counts[1] > counts[0], "\(counts)")
    let late = drops(&control, from: 5000 * millisecond, for: 10_000 * millisecond, waited: 100 * millisecond)
    #expect(late <= 1001, "a machine that is too busy starves no flow")
  }

  @Test func `when the queue is short again it stops at once`() {
    var control = QueueControl()
    _ = drops(&control, from: 0, for: 1000 * millisecond, waited: 8 * millisecond)
    _ = drops(&control, from: 1000 * millisecond, for: 10 * millisecond, waited: 0)
    #expect(drops(&control, from: 1010 * millisecond, for: 5000 * millisecond, waited: 0) == 0)
  }

  @Test func `a clock that is set, forwards or back, drops nothing`() {
    var control = QueueControl()
    #expect(drops(&control, from: 0, for: 1000 * millisecond, waited: 3600_000 * millisecond) == 0)
    #expect(drops(&control, from: 1000 * millisecond, for: 1000 * millisecond, waited: -3600_000 * millisecond) == 0)
    #expect(control.mustDrop(after: .max, at: .max) == false)
  }
}
