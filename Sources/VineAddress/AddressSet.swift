import VineBase

/// A set of addresses as sorted ranges that neither overlap nor touch, so that equal sets are equal values.
public struct AddressSet: Hashable, Sendable {
  public private(set) var ranges: [AddressRange] = []

  public init() {}

  public init(_ ranges: some Sequence<AddressRange>) {
    for range in ranges.sorted() {
      if let last = self.ranges.last, last.last.rawValue == .max || range.first.rawValue <= last.last.rawValue + 1 {
        self.ranges[self.ranges.count - 1] = AddressRange(first: last.first, last: max(last.last, range.last))
      } else {
        self.ranges.append(range)
      }
    }
  }

  public init(addresses: some Sequence<IPv4Address>) { self.init(addresses.map { AddressRange($0) }) }

  public var isEmpty: Bool { ranges.isEmpty }
  public var count: UInt64 { ranges.reduce(0) { $0 + $1.count } }

  public mutating func insert(_ range: AddressRange) { self = AddressSet(ranges + [range]) }
  public mutating func insert(_ address: IPv4Address) { insert(AddressRange(address)) }

  public mutating func remove(_ range: AddressRange) {
    ranges = ranges.flatMap { held -> [AddressRange] in
      guard let cut = held.intersection(range) else { return [held] }
      var rest: [AddressRange] = []
      if held.first < cut.first {
        rest.append(AddressRange(first: held.first, last: IPv4Address(rawValue: cut.first.rawValue - 1)))
      }
      if cut.last < held.last {
        rest.append(AddressRange(first: IPv4Address(rawValue: cut.last.rawValue + 1), last: held.last))
      }
      return rest
    }
  }

  public func contains(_ address: IPv4Address) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].last < address { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(address)
  }

  public func union(_ other: AddressSet) -> AddressSet { AddressSet(ranges + other.ranges) }

  public func intersection(_ other: AddressSet) -> AddressSet {
    AddressSet(ranges.flatMap { range in other.ranges.compactMap { range.intersection($0) } })
  }
}
