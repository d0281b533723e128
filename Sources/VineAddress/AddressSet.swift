import VineBase

/// A set of addresses as sorted ranges that neither overlap nor touch, so that equal sets are equal values.
public struct AddressSet: Hashable, Sendable {
  public private(set) var ranges: [AddressRange] = []

  public init() {}

  public init(_ ranges: some Sequence<AddressRange>) { for range in ranges.sorted() { append(range) } }

  public init(addresses: some Sequence<IPv4Address>) { self.init(addresses.map { AddressRange($0) }) }

  public var isEmpty: Bool { ranges.isEmpty }
  public var count: UInt64 { ranges.reduce(0) { $0 + $1.count } }

  public mutating func insert(_ range: AddressRange) { self = AddressSet(ranges + [range]) }
  public mutating func insert(_ address: IPv4Address) { insert(AddressRange(address)) }

  public mutating func remove(_ range: AddressRange) { self = subtracting(AddressSet([range])) }

  public func contains(_ address: IPv4Address) -> Bool {
    let position = firstPosition(endingAtOrBehind: address)
    return position < ranges.count && ranges[position].contains(address)
  }

  public func union(_ other: AddressSet) -> AddressSet { AddressSet(ranges + other.ranges) }

  public func intersection(_ other: AddressSet) -> AddressSet {
    var result = AddressSet()
    var (left, right) = (0, 0)
    while left < ranges.count, right < other.ranges.count {
      if let common = ranges[left].intersection(other.ranges[right]) { result.append(common) }
      if ranges[left].last < other.ranges[right].last { left += 1 } else { right += 1 }
    }
    return result
  }

  public func subtracting(_ other: AddressSet) -> AddressSet {
    guard !other.isEmpty else { return self }
    var result = AddressSet()
    for range in ranges {
      // First address of the range that is neither kept nor cut yet; nil once the range is used up.
      var start: UInt32? = range.first.rawValue
      var position = other.firstPosition(endingAtOrBehind: range.first)
      while let first = start, position < other.ranges.count, other.ranges[position].first <= range.last {
        let cut = other.ranges[position]
        if first < cut.first.rawValue { result.append(first, cut.first.rawValue - 1) }
        start = cut.last < range.last ? cut.last.rawValue + 1 : nil
        position += 1
      }
      if let start { result.append(start, range.last.rawValue) }
    }
    return result
  }

  /// The first range that does not end before `address`; the count if there is none.
  private func firstPosition(endingAtOrBehind address: IPv4Address) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].last < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds a range that begins no earlier than the last one does.
  private mutating func append(_ range: AddressRange) {
    if let last = ranges.last, last.last.rawValue == .max || range.first.rawValue <= last.last.rawValue + 1 {
      ranges[ranges.count - 1] = AddressRange(first: last.first, last: max(last.last, range.last))
    } else {
      ranges.append(range)
    }
  }

  private mutating func append(_ first: UInt32, _ last: UInt32) {
    append(AddressRange(first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: last)))
  }
}
