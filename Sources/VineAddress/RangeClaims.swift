import VineBase

/// Which addresses are whose, where owners claim ranges: an address that one owner alone claims is that owner's, one
/// that several claim is nobody's while they do. The result depends on the claims alone, never on their order, and a
/// change costs by what it changes, not by what there is.
public struct RangeClaims: Sendable {
  /// Addresses from `range.first` to `range.last` are the owner's.
  public struct Entry: Hashable, Sendable {
    public let range: AddressRange
    public let owner: NodeID
  }

  /// Touching addresses that the same owners claim.
  private struct Segment: Sendable {
    var last: UInt32
    /// The least of those who claim it.
    var owner: NodeID
    /// The others, sorted.
    var rivals: [NodeID] = []

    func isOfSameOwners(as other: Segment) -> Bool { owner == other.owner && rivals == other.rivals }
  }

  /// By first address; disjoint. Two that touch are of different owners.
  private var segments: SortedMap<UInt32, Segment> = [:]
  /// Ranges that are somebody's.
  public private(set) var count = 0
  /// Equal entries have equal digests: the sum of the entries' hashes, which a change corrects in place.
  public private(set) var digest: UInt64 = 0

  public init() {}

  /// What `owner` claims changes from `old` to `new`; `old` is what the last call for this owner gave as `new`.
  public mutating func replace(_ old: AddressSet, by new: AddressSet, of owner: NodeID) {
    for range in old.subtracting(new).ranges { withdraw(range, owner) }
    for range in new.subtracting(old).ranges { claim(range, owner) }
  }

  /// Whose an address is.
  public func owner(of address: IPv4Address) -> NodeID? {
    guard let (_, segment) = segments.last(notAfter: address.rawValue), segment.rivals.isEmpty,
      address.rawValue <= segment.last
    else { return nil }
    return segment.owner
  }

  /// By address; disjoint, and two that touch have different owners.
  public var entries: [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for (first, segment) in segments where segment.rivals.isEmpty {
      entries.append(Entry(range: Self.range(first, segment.last), owner: segment.owner))
    }
    return entries
  }

  /// Addresses that several claim.
  public var disputed: AddressSet {
    guard count < segments.count else { return AddressSet() }
    return AddressSet(segments.lazy.filter { !$0.1.rivals.isEmpty }.map { Self.range($0.0, $0.1.last) })
  }

  // MARK: One range

  private mutating func claim(_ range: AddressRange, _ owner: NodeID) {
    cut(around: range)
    // First address of the range that is not claimed yet; nil behind its end.
    var start: UInt32? = range.first.rawValue
    while let first = start {
      let next = segments.first(notBefore: first).flatMap { $0.0 <= range.last.rawValue ? $0 : nil }
      if let (begin, segment) = next, begin == first {
        take(begin)
        put(begin, Self.with(owner, segment))
        start = segment.last < range.last.rawValue ? segment.last + 1 : nil
      } else {
        let last = next.map { $0.0 - 1 } ?? range.last.rawValue
        put(first, Segment(last: last, owner: owner))
        start = last < range.last.rawValue ? last + 1 : nil
      }
    }
    join(around: range)
  }

  private mutating func withdraw(_ range: AddressRange, _ owner: NodeID) {
    cut(around: range)
    var start: UInt32? = range.first.rawValue
    while let first = start, let (begin, segment) = segments.first(notBefore: first), begin <= range.last.rawValue {
      take(begin)
      if let rest = Self.without(owner, segment) { put(begin, rest) }
      start = segment.last < range.last.rawValue ? segment.last + 1 : nil
    }
    join(around: range)
  }

  private static func with(_ owner: NodeID, _ segment: Segment) -> Segment {
    let owners = ([segment.owner] + segment.rivals + [owner]).sorted()
    return Segment(last: segment.last, owner: owners[0], rivals: Array(owners[1...]))
  }

  private static func without(_ owner: NodeID, _ segment: Segment) -> Segment? {
    let owners = ([segment.owner] + segment.rivals).filter { $0 != owner }
    return owners.first.map { Segment(last: segment.last, owner: $0, rivals: Array(owners[1...])) }
  }

  // MARK: Segments

  /// Makes segments end where the range begins and ends.
  private mutating func cut(around range: AddressRange) {
    cut(at: range.first.rawValue)
    if range.last.rawValue < .max { cut(at: range.last.rawValue + 1) }
  }

  private mutating func cut(at address: UInt32) {
    guard let (first, segment) = segments.last(notAfter: address), first < address, address <= segment.last else {
      return
    }
    take(first)
    var (left, right) = (segment, segment)
    left.last = address - 1
    right.last = segment.last
    put(first, left)
    put(address, right)
  }

  /// Joins segments of the same owners where the range begins and ends. Inside it none arise: owners that differed
  /// still differ with one more or one less.
  private mutating func join(around range: AddressRange) {
    join(at: range.first.rawValue)
    if range.last.rawValue < .max { join(at: range.last.rawValue + 1) }
  }

  private mutating func join(at address: UInt32) {
    guard address > 0, let right = segments[address],
      let (first, left) = segments.last(notAfter: address - 1), left.last == address - 1, left.isOfSameOwners(as: right)
    else { return }
    take(first)
    take(address)
    var whole = left
    whole.last = right.last
    put(first, whole)
  }

  private mutating func put(_ first: UInt32, _ segment: Segment) {
    segments[first] = segment
    tally(first, segment, 1)
  }

  private mutating func take(_ first: UInt32) {
    guard let segment = segments.removeValue(forKey: first) else { return }
    tally(first, segment, -1)
  }

  private mutating func tally(_ first: UInt32, _ segment: Segment, _ change: Int) {
    guard segment.rivals.isEmpty else { return }
    count += change
    let hash = (UInt64(first) << 32 | UInt64(segment.last)).mixed &+ segment.owner.tag.rawValue
    digest = change > 0 ? digest &+ hash.mixed : digest &- hash.mixed
  }

  private static func range(_ first: UInt32, _ last: UInt32) -> AddressRange {
    AddressRange(first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: last))
  }
}
