import VineBase

/// The newest record of each key, in a hash tree: two stores with equal roots hold the same records and hold the same
/// VRs for dead, and what differs between two others is found by going down the branches that differ.
///
/// Three levels of sixteen branches over 4096 buckets. A hash is the sum of the hashes of what is below, so a change
/// costs four additions. A copy shares all buckets until they change.
public struct RecordStore: Sendable {
  /// More records than any mesh this version is made for has; at the limit new keys are refused.
  public static let recordsMax = 200_000
  /// Records of kinds that this version does not know, for each author.
  public static let unknownKindsMax = 8

  struct Item: Sendable {
    var record: SignedRecord
    var isDead = false
    var hash: UInt64

    init(_ record: SignedRecord, isDead: Bool) {
      self.record = record
      self.isDead = isDead
      // The place is spread already; version and verdict are mixed in, one after the other.
      var hash = record.place.rawValue
      hash = (hash &+ record.version.epoch &* 0x9E37_79B9_7F4A_7C15).mixed
      hash = (hash &+ record.version.sequence &* 2 &+ (isDead ? 1 : 0)).mixed
      self.hash = hash
    }

    var digest: RecordDigest { RecordDigest(place: record.place, version: record.version, isDead: isDead) }
  }

  private static let groups = 64
  private static let bucketsInGroup = 64

  /// Buckets in groups, so that a change copies few of them; each in the order of places, then of keys.
  private var buckets: [[[Item]]]
  /// Hashes of branches: 1, 16, 256 and 4096 of them one after the other.
  private var hashes: [UInt64]
  public private(set) var count = 0
  private var unknownKinds: SortedMap<NodeID, Int> = [:]

  public init() {
    buckets = Array(repeating: Array(repeating: [], count: Self.bucketsInGroup), count: Self.groups)
    hashes = Array(repeating: 0, count: 1 + 16 + 256 + 4096)
  }

  /// Equal for equal stores, in whatever order their records came.
  public var root: UInt64 { hashes[0] }

  /// In the order of their places.
  public var all: [SignedRecord] {
    var records: [SignedRecord] = []
    records.reserveCapacity(count)
    for group in buckets { for bucket in group { for item in bucket { records.append(item.record) } } }
    return records
  }

  public subscript(key: RecordKey) -> SignedRecord? {
    let place = RecordPlace(of: key)
    return bucket(of: place).first { $0.record.place == place && $0.record.key == key }?.record
  }

  /// The records at a place: one, unless keys collide.
  public func records(at place: RecordPlace) -> [SignedRecord] {
    bucket(of: place).filter { $0.record.place == place }.map(\.record)
  }

  /// Whether a record would be taken: new or newer, and within the limits of its owner.
  public func isNews(_ record: SignedRecord) -> Bool {
    guard record.isWithinLimits else { return false }
    if let item = item(of: record) { return item.record.version < record.version }
    guard count < Self.recordsMax else { return false }
    return record.key.kind.isKnown || unknownKinds[record.author] ?? 0 < Self.unknownKindsMax
  }

  /// Whether what a digest speaks of is newer than what is held.
  func isNews(_ digest: RecordDigest) -> Bool {
    for item in bucket(of: digest.place) where item.record.place == digest.place {
      return item.record.version < digest.version
    }
    return true
  }

  /// - Returns: false unless it is news.
  mutating func insert(_ record: SignedRecord) -> Bool {
    guard isNews(record) else { return false }
    let (group, slot) = Self.position(of: record.place)
    let position = buckets[group][slot].firstIndex { $0.record.place == record.place && $0.record.key == record.key }
    if let position {
      let known = buckets[group][slot][position]
      // A verdict is on one incarnation.
      let item = Item(record, isDead: known.isDead && known.record.version.epoch == record.version.epoch)
      buckets[group][slot][position] = item
      add(item.hash &- known.hash, at: record.place)
    } else {
      let item = Item(record, isDead: false)
      let place = buckets[group][slot].firstIndex { record.place < $0.record.place } ?? buckets[group][slot].count
      buckets[group][slot].insert(item, at: place)
      add(item.hash, at: record.place)
      count += 1
      if !record.key.kind.isKnown { unknownKinds[record.author, default: 0] += 1 }
    }
    return true
  }

  mutating func remove(_ key: RecordKey) {
    let place = RecordPlace(of: key)
    let (group, slot) = Self.position(of: place)
    guard let position = buckets[group][slot].firstIndex(where: { $0.record.key == key }) else { return }
    let item = buckets[group][slot].remove(at: position)
    add(0 &- item.hash, at: place)
    count -= 1
    if !key.kind.isKnown { unknownKinds[item.record.author, default: 1] -= 1 }
  }

  /// Holds the VR whose record is at `place` for dead, or not.
  mutating func judge(_ place: RecordPlace, isDead: Bool) {
    let (group, slot) = Self.position(of: place)
    guard
      let position = buckets[group][slot].firstIndex(where: { $0.record.place == place && $0.record.key.kind == .vr }),
      buckets[group][slot][position].isDead != isDead
    else { return }
    let known = buckets[group][slot][position]
    let item = Item(known.record, isDead: isDead)
    buckets[group][slot][position] = item
    add(item.hash &- known.hash, at: place)
  }

  /// Whether the VR whose record is at `place` is held for dead.
  func isDead(_ place: RecordPlace) -> Bool {
    bucket(of: place).first { $0.record.place == place && $0.record.key.kind == .vr }?.isDead ?? false
  }

  // MARK: Branches

  func hash(of branch: TreeBranch) -> UInt64 { hashes[Self.index(of: branch)] }

  /// How many records a branch holds, or `limit` if there are more.
  func count(in branch: TreeBranch, upTo limit: Int) -> Int {
    if branch.depth == 0 { return min(count, limit) }
    var sum = 0
    for bucket in branch.buckets {
      sum += buckets[bucket / Self.bucketsInGroup][bucket % Self.bucketsInGroup].count
      if sum >= limit { return limit }
    }
    return sum
  }

  /// In the order of their places.
  func digests(in branch: TreeBranch) -> [RecordDigest] {
    var digests: [RecordDigest] = []
    for bucket in branch.buckets {
      for item in buckets[bucket / Self.bucketsInGroup][bucket % Self.bucketsInGroup] { digests.append(item.digest) }
    }
    return digests
  }

  // MARK: Places

  private func bucket(of place: RecordPlace) -> [Item] {
    let (group, slot) = Self.position(of: place)
    return buckets[group][slot]
  }

  private func item(of record: SignedRecord) -> Item? {
    bucket(of: record.place).first { $0.record.place == record.place && $0.record.key == record.key }
  }

  private static func position(of place: RecordPlace) -> (group: Int, slot: Int) {
    let bucket = Int(place.rawValue >> 52)
    return (bucket / bucketsInGroup, bucket % bucketsInGroup)
  }

  private static func index(of branch: TreeBranch) -> Int {
    switch branch.depth {
    case 0: 0
    case 1: 1 + Int(branch.digits)
    case 2: 17 + Int(branch.digits)
    default: 273 + Int(branch.digits)
    }
  }

  private mutating func add(_ change: UInt64, at place: RecordPlace) {
    hashes[0] &+= change
    hashes[1 + Int(place.rawValue >> 60)] &+= change
    hashes[17 + Int(place.rawValue >> 56)] &+= change
    hashes[273 + Int(place.rawValue >> 52)] &+= change
  }
}
