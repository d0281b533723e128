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
