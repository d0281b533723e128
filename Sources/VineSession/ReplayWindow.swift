/// Which counters of a receiving session have been seen: each is accepted once, and none that is more than
/// 2048 behind the highest.
///
/// A ring of bit blocks as in RFC 6479, so that moving the window clears whole words and shifts nothing. Ask
/// `isFresh` before opening a frame (cheap refusal) and `accept` after its tag was found right, never before:
/// a forged counter must not move the window. 2048 counters cover the reordering of two 1 Gbit/s paths that
/// differ by 20 ms.
public struct ReplayWindow: Sendable {
  /// How far a counter may be behind the highest one.
  public static let size = 2048

  /// One block more than the window needs: the block being filled must not hide the oldest counters.
  @usableFromInline static let blockCount: UInt64 = 33

  @usableFromInline var blocks = [33 of UInt64](repeating: 0)
  /// The lowest counter that is above every accepted one.
  @usableFromInline var next: UInt64 = 0

  @inlinable public init() {}

  /// The highest accepted counter; nil if there was none.
  @inlinable public var highest: UInt64? { next == 0 ? nil : next - 1 }

  /// Whether `accept` would accept.
  @inlinable
  public func isFresh(_ counter: UInt64) -> Bool {
    // The last counter is never accepted: `next` could not stand above it, and no session gets there.
    guard counter < next else { return counter != .max }
    guard next - counter <= UInt64(Self.size) else { return false }
    return blocks[Self.block(of: counter)] & Self.bit(of: counter) == 0
  }

  /// Marks an authenticated counter.
  /// - Returns: false, and changes nothing, if the counter is too old or was accepted before.
  @inlinable
  public mutating func accept(_ counter: UInt64) -> Bool {
    guard isFresh(counter) else { return false }
    if counter >= next {
      let current = next == 0 ? 0 : (next - 1) / 64
      let ahead = min(counter / 64 - current, Self.blockCount)
      var step: UInt64 = 1
      while step <= ahead {
        blocks[Int((current + step) % Self.blockCount)] = 0
        step += 1
      }
      next = counter + 1
    }
    blocks[Self.block(of: counter)] |= Self.bit(of: counter)
    return true
  }

  @inlinable static func block(of counter: UInt64) -> Int { Int(counter / 64 % blockCount) }
  @inlinable static func bit(of counter: UInt64) -> UInt64 { 1 << (counter % 64) }
}
