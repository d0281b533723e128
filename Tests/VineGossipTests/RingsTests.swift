import Testing
import VineBase

@testable import VineGossip

@Suite struct RingsTests {
  private func places(_ count: Int) -> [RecordPlace] { (1...count).map { place($0) } }

  @Test func `to be beside somebody is mutual`() {
    let all = places(200)
    var beside: SortedMap<RecordPlace, [RecordPlace]> = [:]
    for one in all { beside[one] = Rings.neighbours(of: one, rings: 5, among: all) }
    for (one, others) in beside {
      #expect((8...10).contains(others.count))
      for other in others { #expect(beside[other]?.contains(one) == true) }
    }
  }

  @Test func `coming and going leads to the same neighbours in any order`() {
    var random = RandomSource(seed: 5)
    var present = Set(places(60))
    var rings = Rings(own: place(1), count: 5)
    for one in random.shuffled(places(60)) { rings.add(one) }
    for gone in random.shuffled(places(60)).prefix(50) where gone != place(1) {
      present.remove(gone)
      if rings.remove(gone) { for one in random.shuffled(present.sorted()) { rings.add(one) } }
    }
    #expect(rings.neighbours == Rings.neighbours(of: place(1), rings: 5, among: present))
  }

  @Test func `a thousand VRs are six steps apart at most`() {
    let all = places(1000)
    var beside: SortedMap<RecordPlace, [RecordPlace]> = [:]
    for one in all { beside[one] = Rings.neighbours(of: one, rings: 5, among: all) }
    var (reached, edge, steps) = (Set([all[0]]), [all[0]], 0)
    while reached.count < 1000, steps < 10 {
      edge = edge.flatMap { beside[$0] ?? [] }.filter { reached.insert($0).inserted }
      steps += 1
    }
    #expect(reached.count == 1000 && steps <= 6)
  }
}

@Suite struct RecordStoreTests {
  @Test func `equal records give equal roots in whatever order they came`() {
    var random = RandomSource(seed: 2)
    let records =
      (1...500).map { fact($0, index: UInt64($0)) } + (1...50).map { record(of: node($0), epoch: 1, sequence: 1) }
    func root(_ records: [SignedRecord]) -> UInt64 {
      var store = RecordStore()
      for record in records { _ = store.insert(record) }
      return store.root
    }
    let expected = root(records)
    for _ in 1...5 { #expect(root(random.shuffled(records)) == expected) }
    #expect(root(Array(records.dropLast())) != expected)
  }

  @Test func `every branch is the sum of those below it`() {
    var store = RecordStore()
    for number in 1...2000 { _ = store.insert(fact(number, index: 1)) }
    for number in 1...500 { _ = store.insert(fact(number, index: 2)) }
    for number in 100...300 { store.remove(fact(number, index: 1).key) }
    func check(_ branch: TreeBranch) {
      guard branch.depth < TreeBranch.depthMax else { return }
      #expect(branch.children.reduce(0) { $0 &+ store.hash(of: $1) } == store.hash(of: branch))
      if branch.depth < 2 { branch.children.forEach(check) }
    }
    check(.root)
    #expect(store.count == 1799 && store.all.count == 1799 && store.digests(in: .root).count == 1799)
  }

  @Test func `a verdict changes the root until a higher incarnation takes it back`() {
    var store = RecordStore()
    _ = store.insert(record(of: node(1), epoch: 1, sequence: 1))
    let alive = store.root
    store.judge(place(1), isDead: true)
    #expect(store.root != alive)
    _ = store.insert(record(of: node(1), epoch: 1, sequence: 2))
    #expect(store.isDead(place(1)))
    _ = store.insert(record(of: node(1), epoch: 2, sequence: 0))
    #expect(!store.isDead(place(1)))
  }

  @Test func `records at one place are told apart by their keys`() {
    // The same 64 bits of key in front: one tag, which the registry would never admit twice.
    let first = node(7)
    var bytes = first.bytes
    bytes[31] ^= 1
    guard let second = NodeID(bytes) else { preconditionFailure("32 bytes") }
    var store = RecordStore()
    #expect(RecordPlace(of: first) == RecordPlace(of: second))
    let taken = [first, second].map { store.insert(record(of: $0, epoch: 1, sequence: 1)) }
    #expect(taken == [true, true] && store.records(at: RecordPlace(of: first)).count == 2)
    store.remove(RecordKey(kind: .vr, id: first.bytes))
    #expect(store.all.map(\.author) == [second])
  }
}
