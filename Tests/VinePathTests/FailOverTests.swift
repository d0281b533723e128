import Testing
import VineBase
import VinePath

@Suite struct FailOverTests {
  /// A second VR on virtual time, asked each 50 ms; the first answers at once while `firstLives`, and others while
  /// `othersLive`.
  private struct Second {
    var failOver = FailOver()
    var now = Instant(nanoseconds: 1)
    var (firstLives, othersLive) = (true, true)
    var (firstHeard, othersHeard): (Instant?, Instant?)
    var told: [(effect: FailOver.Effect, at: Instant)] = []

    init() { note(failOver.watch(true, at: now)) }

    mutating func run(_ length: Duration) {
      let end = now + length
      while now < end {
        now = now + .milliseconds(50)
        if let wakeup = failOver.nextWakeup, wakeup.at <= now {
          note(failOver.look(first: firstHeard, others: othersHeard, at: now))
        }
      }
    }

    private mutating func note(_ effects: [FailOver.Effect]) {
      for effect in effects {
        switch effect {
        case .askFirst: if firstLives { firstHeard = now }
        case .askOthers: if othersLive { othersHeard = now }
        default: told.append((effect, now))
        }
      }
    }

    var effects: [FailOver.Effect] { told.map(\.effect) }
  }

  @Test func `a first VR that answers is left alone, and others are not asked`() {
    var second = Second()
    second.run(.seconds(1))
    second.othersHeard = nil
    second.run(.seconds(60))
    #expect(second.told.isEmpty && second.othersHeard == nil)
  }

  @Test func `a first VR that dies is stood in for within two seconds, and announced each second`() throws {
    var second = Second()
    second.run(.seconds(10))
    second.firstLives = false
    let died = second.now
    second.run(.seconds(5))
    let stood = try #require(second.told.first)
    #expect(stood.effect == .standIn && stood.at - died <= .seconds(2), "\(stood.at - died)")
    #expect(second.failOver.standsIn && second.failOver.holdsAddresses)
    #expect((3...5).contains(second.effects.filter { $0 == .announce }.count))
  }

  @Test func `who hears nobody is cut off itself and stands in for nobody`() {
    var second = Second()
    second.run(.seconds(10))
    (second.firstLives, second.othersLive) = (false, false)
    second.run(.seconds(60))
    #expect(second.told.isEmpty)
    second.othersLive = true
    second.run(.seconds(2))
    #expect(second.failOver.standsIn, "it is back, and the first is still gone")
  }

  @Test func `one answer that is lost changes nothing`() {
    var second = Second()
    second.run(.seconds(10))
    for _ in 0..<20 {
      second.firstLives = false
      second.run(.milliseconds(600))
      second.firstLives = true
      second.run(.milliseconds(600))
    }
    #expect(second.told.isEmpty)
  }

  @Test func `a first VR that is back and steady gets its hosts, and for a while both have the address`() throws {
    var second = Second()
    second.run(.seconds(10))
    second.firstLives = false
    second.run(.seconds(20))
    second.firstLives = true
    let back = second.now
    second.run(.seconds(20))
    let ends = second.told.filter { $0.effect == .handBack || $0.effect == .release }
    #expect(ends.map(\.effect) == [.handBack, .release])
    #expect(ends[0].at - back >= .seconds(3) && ends[0].at - back <= .seconds(4))
    #expect(ends[1].at - ends[0].at >= .seconds(3) && !second.failOver.holdsAddresses)
  }

  @Test func `a first VR that flaps does not get its hosts before it is steady`() {
    var second = Second()
    second.run(.seconds(10))
    for _ in 0..<10 {
      second.firstLives = false
      second.run(.seconds(2))
      second.firstLives = true
      second.run(.seconds(2))
    }
    #expect(!second.effects.contains(.handBack) && second.effects.filter { $0 == .standIn }.count == 1)
  }

  @Test func `a first VR that dies while it takes its hosts back is stood in for again`() {
    var second = Second()
    second.run(.seconds(10))
    second.firstLives = false
    second.run(.seconds(5))
    second.firstLives = true
    second.run(.seconds(4))
    #expect(second.effects.last == .handBack)
    second.firstLives = false
    second.run(.seconds(2))
    #expect(second.failOver.standsIn && !second.effects.contains(.release))
  }

  @Test func `a second VR that starts gives the first some seconds to be heard`() {
    var second = Second()
    (second.firstLives, second.firstHeard) = (false, nil)
    second.run(.milliseconds(4500))
    #expect(second.told.isEmpty)
    second.run(.seconds(2))
    #expect(second.failOver.standsIn, "it is dead indeed")
  }

  @Test func `who is no second VR any more gives everything up`() {
    var second = Second()
    second.run(.seconds(10))
    second.firstLives = false
    second.run(.seconds(5))
    #expect(second.failOver.watch(false, at: second.now) == [.handBack, .release])
    #expect(second.failOver.state == .idle && second.failOver.nextWakeup == nil)
  }
}
