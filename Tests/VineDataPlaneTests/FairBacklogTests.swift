import Testing
import VineBase

@testable import VineDataPlane

struct FairBacklogTests {
  private func record(_ mark: UInt8, _ number: UInt8, count: Int) -> [UInt8] {
    [mark, number] + [UInt8](repeating: 0, count: count - 2)
  }

  private func append(
    _ mark: UInt8, _ number: Int, count: Int, flow: UInt32, to backlog: inout FairBacklog
  ) -> Int {
    record(mark, UInt8(truncatingIfNeeded: number), count: count).withUnsafeBytes { backlog.append($0, flow: flow) }
  }

  /// The first two bytes of each record, in the order they come out.
  private func drained(_ backlog: inout FairBacklog, max: Int = .max) -> [(mark: UInt8, number: UInt8)] {
    var out: [(mark: UInt8, number: UInt8)] = []
    while out.count < max, backlog.take({ out.append(($0[0], $0[1])) }) {}
    return out
  }

  @Test func `a ping that comes last overtakes a bulk transfer`() {
    var backlog = FairBacklog(limit: 400_000)
    for number in 0..<100 { #expect(append(1, number, count: 1400, flow: 1, to: &backlog) == 0) }
    _ = drained(&backlog, max: 10)
    #expect(append(2, 0, count: 84, flow: 2, to: &backlog) == 0)
    let place = drained(&backlog).firstIndex { $0.mark == 2 }
    #expect(place.map { $0 <= 1 } == true)
  }

  @Test func `flows share alike by bytes, whatever the size of their packets`() {
    var backlog = FairBacklog(limit: 400_000)
    for number in 0..<100 {
      _ = append(1, number, count: 1400, flow: 1, to: &backlog)
      for part in 0..<4 { _ = append(2, number * 4 + part, count: 350, flow: 2, to: &backlog) }
    }
    let first = drained(&backlog, max: 200)
    let bytes = first.reduce(into: [UInt8: Int]()) { $0[$1.mark, default: 0] += $1.mark == 1 ? 1400 : 350 }
    let (one, two) = (bytes[1] ?? 0, bytes[2] ?? 0)
    #expect(abs(one - two) < 3 * FairBacklog.quantum, "\(one) and \(two) bytes")
  }

  @Test func `the flow that holds most loses its oldest, and others nothing`() {
    var backlog = FairBacklog(limit: 100_000)
    for number in 0..<5 { _ = append(2, number, count: 100, flow: 2, to: &backlog) }
    var dropped = 0
    for number in 0..<200 { dropped += append(1, number, count: 1000, flow: 1, to: &backlog) }
    let bytes = backlog.bytes
    #expect(bytes <= 100_000)
    let out = drained(&backlog)
    #expect(out.filter { $0.mark == 2 }.map(\.number) == [0, 1, 2, 3, 4])
    #expect(out.filter { $0.mark == 1 }.map { Int($0.number) } == Array(dropped..<200))
    #expect(out.count + dropped == 205)
  }

  @Test func `small records are bounded by number`() {
    var backlog = FairBacklog(limit: 1 << 20)
    var dropped = 0
    for number in 0..<2000 { dropped += append(1, number, count: 40, flow: 9, to: &backlog) }
    let count = backlog.count
    #expect(count == FairBacklog.slotCount)
    #expect(dropped == 2000 - FairBacklog.slotCount)
  }

  @Test func `a record that fits nowhere is dropped itself`() {
    var backlog = FairBacklog(limit: 1000)
    #expect(append(1, 0, count: 1001, flow: 1, to: &backlog) == 1)
    let isEmpty = backlog.isEmpty
    #expect(isEmpty)
    let dropped = backlog.append(UnsafeRawBufferPointer(start: nil, count: 0), flow: 1)
    #expect(dropped == 1)
  }

  @Test func `nothing is lost or doubled, and flows keep their order, over seeds`() {
    for seed in UInt64(1)...50 {
      var random = RandomSource(seed: seed)
      var backlog = FairBacklog(limit: 40_000)
      var sent: [UInt32: Int] = [:]
      var (came, dropped, total) = ([(mark: UInt8, number: UInt8)](), 0, 0)
      for _ in 0..<2000 {
        if random.next() % 3 > 0 {
          let flow = UInt32(random.next() % 12)
          let number = sent[flow, default: 0]
          sent[flow] = number + 1
          total += 1
          dropped += append(
            UInt8(flow), number, count: 40 + Int(random.next() % 1400), flow: flow, to: &backlog)
        } else {
          came += drained(&backlog, max: 1 + Int(random.next() % 4))
        }
      }
      came += drained(&backlog)
      #expect(came.count + dropped == total, "seed \(seed)")
      let (bytes, count) = (backlog.bytes, backlog.count)
      #expect(bytes == 0 && count == 0, "seed \(seed)")
      for mark in UInt8(0)..<12 {
        // Drops leave gaps; numbers are compared as they wrap.
        let numbers = came.filter { $0.mark == mark }.map(\.number)
        let steps = zip(numbers, numbers.dropFirst()).map { $1 &- $0 }
        #expect(steps.allSatisfy { $0 > 0 && $0 < 200 }, "seed \(seed), flow \(mark)")
      }
    }
  }
}
