import VineBase

/// Disjoint address ranges, each with a value: longest-prefix match over tables in which no range lies inside
/// another, which is what the registry's invariant gives.
public struct RangeMap<Value: Sendable & Equatable>: Sendable {
  public struct Entry: Sendable {
    public let range: AddressRange
    public let value: Value
  }

  /// Sorted by range.
  public private(set) var entries: [Entry] = []

  public init() {}

  /// - Returns: nil if two ranges overlap.
  public init?(_ pairs: [(AddressRange, Value)]) {
    entries = pairs.sorted { $0.0 < $1.0 }.map { Entry(range: $0.0, value: $0.1) }
    for (left, right) in zip(entries, entries.dropFirst()) where left.range.overlaps(right.range) { return nil }
  }

  public func value(of address: IPv4Address) -> Value? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].range.last < address { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].range.contains(address) ? entries[low].value : nil
  }
}
