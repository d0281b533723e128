import Testing
import VineBase

@testable import VineSession

@Suite struct ReplayWindowTests {
  @Test func `a counter is accepted once`() {
    let window = Subject(ReplayWindow())
    #expect(window.highest == nil)
    for counter: UInt64 in [0, 1, 5, 3, 64, 63] {
      #expect(window.isFresh(counter))
      #expect(window.accept(counter))
      #expect(!window.isFresh(counter))
      #expect(!window.accept(counter))
    }
    #expect(window.highest == 64)
  }

  @Test func `exactly the last 2048 counters can still come`() {
    let window = Subject(ReplayWindow())
    #expect(window.accept(10_000))
    #expect(window.isFresh(10_000 - 2047))
    #expect(!window.isFresh(10_000 - 2048))
    #expect(window.accept(10_000 - 2047))
    #expect(!window.accept(10_000 - 2048))
  }

  @Test func `a far jump forgets everything behind it and accepts the new`() {
    let window = Subject(ReplayWindow())
    for counter: UInt64 in 0..<3000 { #expect(window.accept(counter)) }
    #expect(window.accept(1 << 40))
    #expect(!window.accept(2999))
    #expect(window.accept((1 << 40) - 2047))
    #expect(window.accept((1 << 40) - 64 * 30))
  }

  @Test func `the last counters of all do not overflow`() {
    let window = Subject(ReplayWindow())
    #expect(window.accept(.max - 1))
    #expect(!window.accept(.max))
    #expect(!window.accept(.max - 1))
    #expect(window.accept(.max - 2048))
    #expect(!window.accept(.max - 2049))
  }

  @Test(arguments: UInt64(1)...8)
  func `the window agrees with a list of everything seen`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let window = Subject(ReplayWindow())
    let oracle = Subject(SeenCounters())
    var centre: UInt64 = seed % 2 == 0 ? 0 : 5000
    for _ in 0..<6000 {
      centre &+= random.below(random.below(40) == 0 ? 3000 : 4)
      let back = random.below(random.below(8) == 0 ? 2300 : 70)
      let counter = centre > back ? centre - back : 0
      #expect(window.isFresh(counter) == oracle.isFresh(counter))
      #expect(window.accept(counter) == oracle.accept(counter))
    }
    #expect(window.highest == oracle.highest)
  }
}

private protocol CounterWindow {
  func isFresh(_ counter: UInt64) -> Bool
  mutating func accept(_ counter: UInt64) -> Bool
  var highest: UInt64? { get }
}

extension ReplayWindow: CounterWindow {}

/// `#expect` cannot call what mutates a value: it calls this instead.
private final class Subject<Window: CounterWindow> {
  private var window: Window
  init(_ window: Window) { self.window = window }
  func isFresh(_ counter: UInt64) -> Bool { window.isFresh(counter) }
  func accept(_ counter: UInt64) -> Bool { window.accept(counter) }
  var highest: UInt64? { window.highest }
}

/// Remembers every counter there ever was.
private struct SeenCounters: CounterWindow {
  private var seen: Set<UInt64> = []
  private(set) var highest: UInt64?

  func isFresh(_ counter: UInt64) -> Bool {
    !seen.contains(counter) && counter + UInt64(ReplayWindow.size) > (highest ?? 0)
  }

  mutating func accept(_ counter: UInt64) -> Bool {
    guard isFresh(counter) else { return false }
    seen.insert(counter)
    highest = max(highest ?? 0, counter)
    return true
  }
}
