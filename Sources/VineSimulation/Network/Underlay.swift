import VineBase

/// The network below the mesh: what every datagram meets on its way.
public struct Underlay: Sendable {
  /// One way, drawn for each datagram: jitter reorders.
  public var latencyMin = Duration.milliseconds(5)
  public var latencyMax = Duration.milliseconds(80)
  /// Lost datagrams in ten thousand.
  public var lossPerTenThousand: UInt64 = 0
  /// What a VR's line takes, each way; nil: any amount.
  public var capacity: BitRate?
  /// What waits for the line; more is dropped.
  public var queueMax = ByteCount(256 << 10)
  /// What trains of frames find between two VRs, the lower number first; without an entry a gigabit a second.
  public var links: [[Int]: BitRate] = [:]
  /// By how much what they find varies, in thousandths each way.
  public var linkNoise: Int64 = 0
  /// Side of a partition of each VR; datagrams stay on their side.
  var sides: [UInt8]
  /// One-way faults: nothing gets from the first to the second.
  private(set) var faults: Set<[Int]> = []
  /// When each VR's line is free again.
  private var lineFree: [Int64]

  init(count: Int) {
    sides = Array(repeating: 0, count: count)
    lineFree = Array(repeating: 0, count: count)
  }

  public mutating func cut(from: Int, to: Int) { faults.insert([from, to]) }
  public mutating func mend(from: Int, to: Int) { faults.remove([from, to]) }
  public mutating func mendAll() {
    faults = []
    for index in sides.indices { sides[index] = 0 }
  }

  public func connects(_ from: Int, _ to: Int) -> Bool {
    sides[from] == sides[to] && (faults.isEmpty || !faults.contains([from, to]))
  }

  mutating func grow(to count: Int) {
    while sides.count < count {
      sides.append(0)
      lineFree.append(0)
    }
  }

  func trainRate(from: Int, to: Int, _ random: inout RandomSource) -> BitRate {
    let bits = links[[min(from, to), max(from, to)]]?.bitsPerSecond ?? 1_000_000_000
    guard linkNoise > 0 else { return BitRate(bitsPerSecond: bits) }
    let noise = Int64(random.below(UInt64(2 * linkNoise + 1))) - linkNoise
    return BitRate(bitsPerSecond: bits + bits / 1000 * noise)
  }

  /// - Returns: when a datagram of `byteCount` sent now arrives; nil: never.
  mutating func arrival(
    from: Int, to: Int, byteCount: Int, at now: Int64, _ random: inout RandomSource
  ) -> Int64? {
    var leaves = now
    if let capacity {
      let free = max(now, lineFree[from])
      let queued = (free - now) * capacity.bitsPerSecond / 8_000_000_000
      guard queued <= Int64(queueMax.bytes) else { return nil }
      leaves = free + Int64(byteCount) * 8_000_000_000 / capacity.bitsPerSecond
      lineFree[from] = leaves
    }
    guard connects(from, to) else { return nil }
    if lossPerTenThousand > 0, random.below(10_000) < lossPerTenThousand { return nil }
    let spread = (latencyMax - latencyMin).inNanoseconds
    return leaves + latencyMin.inNanoseconds + (spread > 0 ? Int64(random.below(UInt64(spread))) : 0)
  }
}
