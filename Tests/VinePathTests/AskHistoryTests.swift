import Testing
import VineBase

@testable import VinePath

@Suite struct AskHistoryTests {
  @Test func `loss is the share of the last 64 questions that nobody answered`() {
    var history = AskHistory()
    for number in 0..<200 {
      history.asked(at: Instant(nanoseconds: Int64(number) * 1_000_000_000))
      if number.isMultiple(of: 4) { continue }
      history.answered(at: Instant(nanoseconds: Int64(number) * 1_000_000_000 + 20_000_000))
    }
    #expect(history.roundTrip == .milliseconds(20))
    #expect(history.loss.map { abs($0 - 0.25) < 0.02 } == true)
  }

  @Test func `what gossip asked counts beside a question that is under way`() {
    var history = AskHistory()
    for number in 0..<64 {
      history.settled(roundTrip: number.isMultiple(of: 2) ? .milliseconds(7) : nil, at: .zero)
    }
    #expect(history.roundTrip == .milliseconds(7))
    #expect(history.loss == 0.5)
    history.asked(at: .zero)
    history.settled(roundTrip: .milliseconds(9), at: .zero)
    #expect(history.roundTrip == .milliseconds(9))
    history.answered(at: .zero + .milliseconds(30))
    #expect(history.roundTrip == .milliseconds(30))
    #expect(history.loss.map { abs($0 - 0.484) < 0.001 } == true, "31 of 64 stayed without an answer")
  }

  @Test func `few questions tell nothing, and the newest may still be answered`() {
    var history = AskHistory()
    for number in 0..<4 {
      history.asked(at: Instant(nanoseconds: Int64(number)))
      history.answered(at: Instant(nanoseconds: Int64(number)))
    }
    #expect(history.loss == nil)
    history.asked(at: .zero)
    history.answered(at: .zero)
    history.asked(at: .zero)
    #expect(history.loss == 0)
  }
}
