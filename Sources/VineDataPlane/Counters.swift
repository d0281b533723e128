import VineBase
import VinePacket
import VineRouting

/// What the data thread counts. One owner, the thread; parts share the object.
final class Counters {
  private let drops: UnsafeMutableBufferPointer<UInt64>
  private let examples: UnsafeMutableBufferPointer<DropExample>
  var captured = Traffic()
  var injected = Traffic()
  var sent = Traffic()
  var received = Traffic()
  var relayed = Traffic()

  init() {
    drops = .allocate(capacity: 256)
    drops.initialize(repeating: 0)
    examples = .allocate(capacity: 256)
    examples.initialize(repeating: DropExample())
  }

  deinit {
    drops.deallocate()
    examples.deallocate()
  }

  @inline(__always)
  func drop(_ reason: DropReason, count: Int = 1) { drops[Int(reason.rawValue)] &+= UInt64(count) }

  /// A packet that is known to the last: from whom, to whom.
  @inline(__always)
  func drop(_ reason: DropReason, _ packet: IPv4View, at now: Instant) {
    drop(reason)
    examples[Int(reason.rawValue)] = DropExample(
      source: IPv4Address(rawValue: packet.source), destination: IPv4Address(rawValue: packet.destination), at: now)
  }

  /// The last packet dropped for a reason, if its addresses were known.
  func example(of reason: DropReason) -> DropExample? {
    let example = examples[Int(reason.rawValue)]
    return example.at == .zero ? nil : example
  }

  /// Every reason with its count.
  var dropped: [(DropReason, UInt64)] { DropReason.allCases.map { ($0, drops[Int($0.rawValue)]) } }
}

/// A packet that was dropped.
public struct DropExample: Hashable, Sendable {
  public var source = IPv4Address(rawValue: 0)
  public var destination = IPv4Address(rawValue: 0)
  /// By the data plane's monotonic clock.
  public var at = Instant.zero
}
