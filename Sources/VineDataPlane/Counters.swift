import VineRouting

/// What the data thread counts. One owner, the thread; parts share the object.
final class Counters {
  private let drops: UnsafeMutableBufferPointer<UInt64>
  var captured = Traffic()
  var injected = Traffic()
  var sent = Traffic()
  var received = Traffic()
  var relayed = Traffic()

  init() {
    drops = .allocate(capacity: 256)
    drops.initialize(repeating: 0)
  }

  deinit { drops.deallocate() }

  @inline(__always)
  func drop(_ reason: DropReason, count: Int = 1) { drops[Int(reason.rawValue)] &+= UInt64(count) }

  /// Every reason with its count.
  var dropped: [(DropReason, UInt64)] { DropReason.allCases.map { ($0, drops[Int($0.rawValue)]) } }
}
