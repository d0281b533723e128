import Testing
import VineBase

@testable import VineDataPlane

struct OutgoingRecordsTests {
  private func append(_ number: Int, count: Int, to records: inout OutgoingRecords) -> Bool {
    var record = [UInt8](repeating: 7, count: count)
    record.withUnsafeMutableBytes { $0.storeBytes(of: UInt32(number), as: UInt32.self) }
    return record.withUnsafeBytes { records.append(record: $0) }
  }

  private func lost(_ records: borrowing OutgoingRecords, unacknowledged: Int) -> (numbers: [Int], forgotten: Int) {
    var numbers: [Int] = []
    let forgotten = records.forEachLost(unacknowledged: unacknowledged) {
      numbers.append(Int($0.loadUnaligned(as: UInt32.self)))
    }
    return (numbers, forgotten)
  }

  @Test func `what the other side has acknowledged is not lost, all else is`() {
    var records = OutgoingRecords(limit: 10_000)
    for number in 0..<10 { #expect(append(number, count: 98, to: &records)) }
    records.took(500)
    #expect(lost(records, unacknowledged: 0).numbers == [5, 6, 7, 8, 9])
    #expect(lost(records, unacknowledged: 200).numbers == [3, 4, 5, 6, 7, 8, 9])
    #expect(lost(records, unacknowledged: 500).numbers == Array(0..<10))
  }

  @Test func `a record that was acknowledged in part is lost`() {
    var records = OutgoingRecords(limit: 10_000)
    for number in 0..<3 { _ = append(number, count: 98, to: &records) }
    records.took(250)
    #expect(lost(records, unacknowledged: 100).numbers == [1, 2])
    #expect(lost(records, unacknowledged: 0).numbers == [2])
  }

  @Test func `the limit is of what waits`() {
    var records = OutgoingRecords(limit: 1000)
    for number in 0..<10 { #expect(append(number, count: 98, to: &records)) }
    #expect(!append(10, count: 98, to: &records))
    records.took(100)
    #expect(append(10, count: 98, to: &records))
    let count = records.count
    #expect(count == 1000)
  }

  @Test func `bytes come out as they went in, and what is kept stays true, over seeds`() {
    for seed in UInt64(1)...20 {
      var random = RandomSource(seed: seed)
      var records = OutgoingRecords(limit: 64 << 10)
      // For each record its number and the place in the stream where it ends.
      var ends: [Int] = []
      var (written, taken) = (0, 0)
      for _ in 0..<6000 {
        if random.next() % 2 == 0 {
          let count = 4 + Int(random.next() % 1400)
          guard append(ends.count, count: count, to: &records) else { continue }
          written += count + 2
          ends.append(written)
        } else {
          let count = min(records.count, Int(random.next() % 4000))
          records.took(count)
          taken += count
        }
      }
      let waiting = records.count
      #expect(waiting == written - taken, "seed \(seed)")
      let unacknowledged = min(taken, 100_000)
      let expected = ends.indices.filter { ends[$0] > taken - unacknowledged }
      #expect(lost(records, unacknowledged: unacknowledged).numbers == expected, "seed \(seed)")
      let far = lost(records, unacknowledged: taken)
      #expect(far.numbers.count >= expected.count && far.numbers.last == ends.count - 1, "seed \(seed)")
      #expect(far.forgotten >= 0 && far.forgotten <= taken, "seed \(seed)")
    }
  }
}
