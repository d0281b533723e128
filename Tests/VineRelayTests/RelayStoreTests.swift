import Testing
import VineBase
import VineRelay

@Suite struct RelayStoreTests {
  @Test func `frames come out in the order they went in`() {
    var store = RelayStore()
    for number in 0..<50 { #expect(store.enqueue(pu, [UInt8(number)], at: .zero) == RelayStore.Drops()) }
    #expect(store.held(for: pu).frames == 50)
    #expect(store.drain(pu, at: second(1)) == (0..<50).map { [UInt8($0)] })
    #expect(store.drain(pu, at: second(1)) == [])
    #expect(store.waiting == [] && store.nextExpiry == nil)
  }

  @Test func `frames for one limited-VR never go to another`() {
    var store = RelayStore()
    _ = store.enqueue(pu, [1], at: .zero)
    _ = store.enqueue(other, [2], at: .zero)
    #expect(store.waiting == [pu, other])
    #expect(store.drain(other, at: .zero) == [[2]])
    #expect(store.drain(pu, at: .zero) == [[1]])
  }

  @Test func `what became of frames is counted for each limited-VR, and all together are the sum`() {
    var store = RelayStore(limits: .init(bytes: ByteCount(4), age: .seconds(30)))
    for number in 0..<3 { _ = store.enqueue(pu, [UInt8(number), 0], at: second(0)) }
    _ = store.enqueue(other, [7], at: second(1))
    #expect(store.drain(other, at: second(2)) == [[7]])
    _ = store.expire(at: second(31))
    let (first, second) = (store.tally.first { $0.tag == pu }, store.tally.first { $0.tag == other })
    #expect(first?.counters.queued == 3 && first?.counters.overflow == 1 && first?.counters.expired == 2)
    #expect(first?.counters.bytes == .zero && first?.oldest == nil)
    #expect(second?.counters.queued == 1 && second?.counters.forwarded == 1 && second?.counters.expired == 0)
    #expect(store.counters.queued == 4 && store.counters.expired == 2 && store.counters.forwarded == 1)
    _ = store.forget(pu)
    #expect(store.tally.map(\.tag) == [other], "it has another queue-VR")
  }

  @Test func `the oldest frame's age is known, and who was never kept anything is not counted`() {
    var store = RelayStore()
    #expect(store.drain(pu, at: second(1)).isEmpty && store.tally.isEmpty)
    _ = store.enqueue(pu, [1], at: second(3))
    _ = store.enqueue(pu, [2], at: second(9))
    #expect(store.tally.first?.oldest == second(3))
  }

  @Test func `a full queue drops its oldest frames and counts them`() {
    var store = RelayStore(limits: .init(bytes: ByteCount(10)))
    for number in 0..<5 { _ = store.enqueue(pu, [UInt8](repeating: UInt8(number), count: 2), at: .zero) }
    #expect(store.enqueue(pu, [9, 9, 9], at: .zero) == .init(overflow: 2))
    #expect(store.drain(pu, at: .zero) == [[2, 2], [3, 3], [4, 4], [9, 9, 9]])
    #expect(store.counters.overflow == 2)
  }

  @Test func `a frame larger than the limit is refused and drops nothing else`() {
    var store = RelayStore(limits: .init(bytes: ByteCount(4)))
    _ = store.enqueue(pu, [1, 2, 3], at: .zero)
    #expect(store.enqueue(pu, [1, 2, 3, 4, 5], at: .zero) == .init(overflow: 1))
    #expect(store.drain(pu, at: .zero) == [[1, 2, 3]])
  }

  @Test func `frames without bytes are bounded too`() {
    var store = RelayStore(limits: .init(frames: 3))
    for _ in 0..<10 { _ = store.enqueue(pu, [], at: .zero) }
    #expect(store.held(for: pu).frames == 3)
    #expect(store.counters.overflow == 7)
  }

  @Test func `one limited-VR too many is refused and the others keep their frames`() {
    var store = RelayStore(limits: .init(virtualRouters: 1))
    _ = store.enqueue(pu, [1], at: .zero)
    #expect(store.enqueue(other, [2], at: .zero) == .init(overflow: 1))
    #expect(store.enqueue(pu, [3], at: .zero) == RelayStore.Drops())
    #expect(store.drain(pu, at: .zero) == [[1], [3]])
    #expect(store.enqueue(other, [2], at: .zero) == RelayStore.Drops())
  }

  @Test func `a frame that waited for the whole age is dropped, a younger one is not`() {
    var store = RelayStore(limits: .init(age: .seconds(30)))
    _ = store.enqueue(pu, [1], at: second(0))
    _ = store.enqueue(pu, [2], at: second(1))
    #expect(store.nextExpiry == second(30))
    #expect(store.expire(at: second(29)) == RelayStore.Drops())
    #expect(store.expire(at: second(30)) == .init(expired: 1))
    #expect(store.nextExpiry == second(31))
    #expect(store.drain(pu, at: second(30)) == [[2]])
    _ = store.enqueue(pu, [3], at: second(40))
    #expect(store.drain(pu, at: second(90)) == [])
    #expect(store.counters.expired == 2 && store.counters.bytes == .zero)
  }

  @Test func `a drain with a budget takes at least one frame and leaves the rest in order`() {
    var store = RelayStore()
    for number in 0..<4 { _ = store.enqueue(pu, [UInt8](repeating: UInt8(number), count: 100), at: .zero) }
    #expect(store.drain(pu, at: .zero, upTo: ByteCount(250)).map(\.first) == [0, 1])
    #expect(store.drain(pu, at: .zero, upTo: ByteCount(1)).map(\.first) == [2])
    #expect(store.drain(pu, at: .zero).map(\.first) == [3])
  }

  @Test func `forgetting a limited-VR counts what it leaves behind`() {
    var store = RelayStore()
    for _ in 0..<3 { _ = store.enqueue(pu, [1, 2], at: .zero) }
    #expect(store.forget(pu) == .init(expired: 3))
    #expect(store.forget(pu) == RelayStore.Drops())
    #expect(store.counters.bytes == .zero)
  }

  /// A plain array per limited-VR says what must come out; every frame is accounted for once.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func `any sequence of operations agrees with a plain list and loses no count`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let limits = RelayStore.Limits(bytes: ByteCount(60), frames: 6, age: .seconds(5), virtualRouters: 3)
    var store = RelayStore(limits: limits)
    var oracle: [[(frame: [UInt8], since: Int)]] = Array(repeating: [], count: 5)
    var clock = 0
    for step in 0..<400 {
      clock += random.int(in: 0..<2)
      let name = random.int(in: 0..<5)
      let tag = NodeTag(rawValue: UInt64(name))
      switch random.int(in: 0..<10) {
      case 0..<7:
        let frame = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: random.int(in: 0..<25))
        _ = store.enqueue(tag, frame, at: second(clock))
        guard !oracle[name].isEmpty || oracle.filter({ !$0.isEmpty }).count < limits.virtualRouters else { break }
        oracle[name].removeAll { $0.since <= clock - 5 }
        oracle[name].append((frame, clock))
        while oracle[name].count > 6 || oracle[name].map(\.frame.count).reduce(0, +) > 60 {
          oracle[name].removeFirst()
        }
      case 7, 8:
        oracle[name].removeAll { $0.since <= clock - 5 }
        #expect(store.drain(tag, at: second(clock)) == oracle[name].map(\.frame))
        oracle[name] = []
      default:
        _ = store.expire(at: second(clock))
        for index in oracle.indices { oracle[index].removeAll { $0.since <= clock - 5 } }
      }
      let held = (0..<5).map { store.held(for: NodeTag(rawValue: UInt64($0))) }
      #expect(held.map(\.frames) == oracle.map(\.count))
      #expect(store.counters.bytes.bytes == oracle.joined().map(\.frame.count).reduce(0, +))
      let counters = store.counters
      let gone = counters.forwarded + counters.expired + counters.overflow
      #expect(counters.queued == gone + UInt64(held.map(\.frames).reduce(0, +)))
    }
  }

  private let pu = NodeTag(rawValue: 7)
  private let other = NodeTag(rawValue: 9)

  private func second(_ number: Int) -> Instant { Instant(nanoseconds: Int64(number) * 1_000_000_000) }
}
