import Testing
import VineBase

@testable import VineSimulation

/// Herlihy, Wing 1990: what a client may see of a service that others use at the same time.
@Suite struct LinearizabilityTests {
  typealias Item = HistoryItem<Registers.Operation, Int>

  private func verdict(_ items: [Item]) -> Linearizability<Registers>.Verdict {
    Linearizability(Registers()).check(items)
  }

  // MARK: Good histories

  @Test func `nothing at all is linearizable`() { #expect(verdict([]) == .linearizable) }

  @Test func `one after the other, each reads what was written last`() {
    #expect(verdict([write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7)]) == .linearizable)
  }

  @Test func `a read beside a write sees the old value or the new one`() {
    #expect(verdict([write(1, 0, 10), read(0, 1, 9)]) == .linearizable)
    #expect(verdict([write(1, 0, 10), read(1, 1, 9)]) == .linearizable)
  }

  @Test func `a write without an answer may have been carried out late, or never`() {
    #expect(verdict([write(1, 0, nil), read(0, 1, 2), read(1, 3, 4)]) == .linearizable)
    #expect(verdict([write(1, 0, nil), read(0, 1, 2), read(0, 3, 4)]) == .linearizable)
  }

  @Test func `operations that touch in time overlap`() {
    #expect(verdict([write(1, 0, 5), read(0, 5, 6)]) == .linearizable)
  }

  // MARK: Bad histories

  @Test func `a read after a write that has returned does not see the old value`() {
    #expect(verdict([write(1, 0, 1), read(0, 2, 3)]) == .violated(item: 1))
  }

  @Test func `what was seen is not unseen`() {
    #expect(verdict([write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)]) == .violated(item: 2))
    #expect(verdict([write(1, 0, nil), read(1, 1, 2), read(0, 3, 4)]) == .violated(item: 2))
  }

  @Test func `nobody sees what is written later`() {
    #expect(verdict([read(1, 0, 1), write(1, 2, 3)]) == .violated(item: 0))
  }

  @Test func `two readers do not see two writes in two orders`() {
    let history = [
      write(1, 0, 20), write(2, 0, 20), read(1, 1, 2), read(2, 3, 4), read(2, 1, 2), read(1, 3, 4),
    ]
    #expect(verdict(history) != .linearizable)
  }

  // MARK: Partitions and bounds

  @Test func `registers are judged one by one, and the place in the whole history is told`() {
    let history = [write(1, 0, 1), write(7, 0, 1, of: 1), read(7, 2, 3, of: 1), read(0, 2, 3)]
    #expect(verdict(history) == .violated(item: 3))
  }

  @Test func `a search beyond its bound has no verdict`() {
    let history = (0..<8).map { write($0, 0, 100) } + [read(99, 200, 201)]
    #expect(Linearizability(Registers(), configurationsMax: 100).check(history) == .undecided)
    #expect(verdict(history) == .violated(item: 8))
  }

  // MARK: A dumb second implementation

  @Test(arguments: 1...400 as ClosedRange<UInt64>)
  func `the search agrees with trying all orders`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let history: [Item] = (0..<random.int(in: 1..<7)).map { _ in
      let invoked = random.int(in: 0..<12)
      let returned = random.below(5) == 0 ? nil : invoked + random.int(in: 0..<8)
      let value = random.int(in: 0..<3)
      return random.below(2) == 0 || returned == nil
        ? write(value, invoked, returned) : read(value, invoked, returned)
    }
    #expect((verdict(history) == .linearizable) == isExplained(history, taken: [], value: 0))
  }

  private func isExplained(_ history: [Item], taken: Set<Int>, value: Int) -> Bool {
    let left = history.indices.filter { !taken.contains($0) }
    if left.allSatisfy({ history[$0].returned == nil }) { return true }
    return left.contains { item in
      let isFirst = left.allSatisfy { other in
        history[other].returned.map { $0.at >= history[item].invoked } ?? true
      }
      var registers = [0: value]
      let answer = Registers().apply(history[item].operation, to: &registers)
      guard isFirst, history[item].returned.map({ $0.answer == answer }) ?? true else { return false }
      return isExplained(history, taken: taken.union([item]), value: registers[0] ?? 0)
    }
  }

  private func write(_ value: Int, _ invoked: Int, _ returned: Int?, of register: Int = 0) -> Item {
    Item(.write(register, value), invoked: Int64(invoked), returned: returned.map { (Int64($0), value) })
  }

  private func read(_ value: Int, _ invoked: Int, _ returned: Int?, of register: Int = 0) -> Item {
    Item(.read(register), invoked: Int64(invoked), returned: returned.map { (Int64($0), value) })
  }
}

/// Registers that begin with zero; a write answers with what it wrote.
struct Registers: SequentialSpecification {
  enum Operation: Sendable { case read(Int), write(Int, Int) }

  let initial: [Int: Int] = [:]

  func apply(_ operation: Operation, to state: inout [Int: Int]) -> Int {
    switch operation {
    case .read(let register): return state[register] ?? 0
    case .write(let register, let value):
      state[register] = value
      return value
    }
  }

  func partition(of operation: Operation) -> Int {
    switch operation {
    case .read(let register), .write(let register, _): register
    }
  }
}
