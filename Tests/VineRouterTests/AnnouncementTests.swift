import Testing
import VineBase

@testable import VineRouter

@Suite struct AnnouncementTests {
  private func at(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test(arguments: [(1, 100), (10, 100), (100, 1000), (1000, 10_000), (100_000, 30_000)])
  func `the quiet time grows with those who would speak`(participants: Int, milliseconds: Int) {
    #expect(Announcements.quiet(participants: participants) == .milliseconds(milliseconds))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `a change is announced once it is quiet, and changes meanwhile put it off`(seed: UInt64) throws {
    var (announcements, random) = (Announcements(), RandomSource(seed: seed))
    #expect(announcements.nextWakeup == nil)
    announcements.changed(participants: 100, at: at(0), &random)
    let first = try #require(announcements.due)
    #expect(first >= at(500) && first <= at(1500) && !announcements.isDue(at: at(400)))
    announcements.changed(participants: 100, at: at(400), &random)
    let second = try #require(announcements.due)
    #expect(second >= at(900) && second <= at(1900) && announcements.isDue(at: second))
    #expect(announcements.nextWakeup?.at == second)
    announcements.announced(at: second)
    #expect(announcements.due == nil)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `tables that never become quiet are announced all the same`(seed: UInt64) throws {
    var (announcements, random) = (Announcements(), RandomSource(seed: seed))
    for step in 0..<100 { announcements.changed(participants: 10, at: at(20 * step), &random) }
    #expect(try #require(announcements.due) <= at(400))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `two announcements are a quiet time apart`(seed: UInt64) throws {
    var (announcements, random) = (Announcements(), RandomSource(seed: seed))
    announcements.announced(at: at(0))
    announcements.changed(participants: 1000, at: at(1), &random)
    #expect(try #require(announcements.due) >= at(10_000))
    announcements.settled()
    #expect(announcements.due == nil)
  }

  @Test func `a table's history says since when another is behind`() {
    var history = TableHistory()
    for (digest, time) in [(1, 0), (2, 10), (3, 20), (3, 25), (2, 30)] as [(UInt64, Int)] {
      history.now(digest, at: at(time))
    }
    #expect(history.since(1) == at(10) && history.since(3) == at(30))
    // Unknown tables differ at least since the newest came to be.
    #expect(history.since(9) == at(30) && history.since(nil) == at(30))
    for digest in 10..<100 as Range<UInt64> { history.now(digest, at: at(Int(digest))) }
    #expect(history.since(98) == at(99) && history.since(11) == at(99))
  }
}
