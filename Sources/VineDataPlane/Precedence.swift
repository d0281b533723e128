/// Whether the data thread is to get a processor before others (a real-time priority).
///
/// When bulk is on the way the thread has much to do for each wake-up, and all flows wait while it waits for a
/// processor: 4 ms at the worst beside busy programs. With precedence that is below 0.5 ms. When many small packets are
/// on the way it must share: it would wake for every single packet, and whoever sends or reads them would not get far.
struct Precedence {
  /// Bytes for each turn of the loop, from which on it is bulk; and below which it has ended.
  static let bulk: UInt64 = 32_768
  static let noBulk: UInt64 = 16_384
  /// Bytes a second; less does not fill a processor.
  static let rateMin: UInt64 = 50_000_000

  /// On a machine with one processor the control thread would wait for ever: gossip and voters would take this VR for
  /// dead while it is at its busiest.
  private let isPossible: Bool
  private(set) var isOn = false
  private var bytes: UInt64 = 0
  private var turns: UInt64 = 0

  init(processorCount: Int) { isPossible = processorCount > 1 }

  mutating func turned() { turns &+= 1 }

  /// - Parameters:
  ///   - total: bytes of packets of hosts and for hosts so far. What comes from outside counts once it is authentic,
  ///     so that nobody else can make the thread go first.
  ///   - nanoseconds: since the last call.
  /// - Returns: true if `isOn` has changed.
  mutating func decide(total: UInt64, after nanoseconds: Int64) -> Bool {
    let (moved, count) = (total &- bytes, max(turns, 1))
    (bytes, turns) = (total, 0)
    let rate = Double(moved) * 1e9 / Double(max(nanoseconds, 1))
    let before = isOn
    isOn = isPossible && rate >= Double(Self.rateMin) && moved / count >= (isOn ? Self.noBulk : Self.bulk)
    return isOn != before
  }
}
