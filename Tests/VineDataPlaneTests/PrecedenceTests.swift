import Testing

@testable import VineDataPlane

@Suite struct PrecedenceTests {
  /// A thread that is looked at every 20 ms.
  private struct Watched {
    var precedence = Precedence(processorCount: 2)
    var total: UInt64 = 0

    /// - Returns: whether it changed.
    mutating func look(bytes: UInt64, turns: Int) -> Bool {
      for _ in 0..<turns { precedence.turned() }
      total += bytes
      return precedence.decide(total: total, after: 20_000_000)
    }
  }

  @Test func `a thread that moves much for each wake-up goes first, and no longer when that is over`() {
    var thread = Watched()
    let changes = [(24_000_000, 200), (24_000_000, 200), (0, 1)].map { thread.look(bytes: $0, turns: $1) }
    #expect(changes == [true, false, true])
    #expect(!thread.precedence.isOn)
  }

  @Test func `many small packets never make it go first`() {
    var thread = Watched()
    let changes = [60, 300, 3000].map { thread.look(bytes: UInt64($0) * 16_000, turns: $0) }
    #expect(changes == [false, false, false] && !thread.precedence.isOn)
  }

  @Test func `a machine with one processor shares it always`() {
    var thread = Watched(precedence: Precedence(processorCount: 1))
    let isChanged = thread.look(bytes: 24_000_000, turns: 200)
    #expect(!isChanged && !thread.precedence.isOn)
  }

  @Test func `one large packet on an idle path does not`() {
    var thread = Watched()
    let isChanged = thread.look(bytes: 65_000, turns: 1)
    #expect(!isChanged && !thread.precedence.isOn)
  }

  @Test func `between the two limits it stays as it was`() {
    var thread = Watched()
    let between = (Precedence.noBulk + 1) * 1000
    let changes = [between, 2 * Precedence.bulk * 1000, between].map { thread.look(bytes: $0, turns: 1000) }
    #expect(changes == [false, true, false] && thread.precedence.isOn)
  }

  @Test func `no time between two looks and a counter that starts again are no fault`() {
    var precedence = Precedence(processorCount: 2)
    let changes = [precedence.decide(total: 1 << 40, after: 0), precedence.decide(total: 5, after: 20_000_000)]
    #expect(changes[0] && precedence.isOn == !changes[1])
  }
}
