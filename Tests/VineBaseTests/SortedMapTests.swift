import Testing
import VineBase

/// A map of many chunks against a dictionary that is sorted for every question.
@Suite struct SortedMapTests {
  @Test(arguments: [60, 2000, 40_000], [1, 2, 3] as [UInt64])
  func `whatever is put in and taken out, it agrees with a dictionary`(keys: Int, seed: UInt64) {
    var random = RandomSource(seed: seed)
    var (map, oracle) = (SortedMap<Int, Int>(), [Int: Int]())
    var old: (map: SortedMap<Int, Int>, oracle: [Int: Int])?
    for step in 0..<6000 {
      // Phases that mostly fill and phases that mostly empty, so that chunks split and join.
      let fills = step / 1500 % 2 == 0
      let key = random.int(in: 0..<keys)
      if random.below(10) < (fills ? 2 : 8) {
        #expect(map.removeValue(forKey: key) == oracle.removeValue(forKey: key))
      } else if random.below(2) == 0 {
        map[key, default: 0] += step
        oracle[key, default: 0] += step
      } else {
        map[key] = step
        oracle[key] = step
      }
      if step == 3000 { old = (map, oracle) }
      guard step % 500 == 0 else { continue }
      expectEqual(map, oracle)
      expectNeighbours(map, oracle, of: random.int(in: -1..<keys + 1))
    }
    expectEqual(map, oracle)
    // What was done to the original did not reach the copy.
    if let old { expectEqual(old.map, old.oracle) }
  }

  @Test func `keys that come in order, either way, are all there`() {
    var (up, down) = (SortedMap<Int, Int>(), SortedMap<Int, Int>())
    for key in 0..<1000 { (up[key], down[999 - key]) = (key, 999 - key) }
    #expect(up == down && up.keys == Array(0..<1000) && up.values == Array(0..<1000))
    #expect(up.hashValue == down.hashValue && up.firstKey == 0 && up.first?.1 == 0)
    for key in 0..<1000 { up[key] = nil }
    #expect(up.isEmpty && up.first == nil && up.last(notAfter: 5) == nil && up.first(notBefore: 5) == nil)
    down.removeAll()
    #expect(up == down)
  }

  private func expectEqual(_ map: SortedMap<Int, Int>, _ oracle: [Int: Int]) {
    let sorted = oracle.keys.sorted()
    #expect(map.count == oracle.count && map.keys == sorted && map.values == sorted.map { oracle[$0] ?? -1 })
    #expect(map.map(\.0) == sorted)
  }

  private func expectNeighbours(_ map: SortedMap<Int, Int>, _ oracle: [Int: Int], of key: Int) {
    let sorted = oracle.keys.sorted()
    #expect(map.last(notAfter: key)?.0 == sorted.last { $0 <= key })
    #expect(map.first(notBefore: key)?.0 == sorted.first { $0 >= key })
    var iterator = map.makeIterator(from: key)
    for expected in sorted.filter({ $0 >= key }).prefix(300) { #expect(iterator.next()?.0 == expected) }
  }
}
