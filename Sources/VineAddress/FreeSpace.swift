import VineBase

/// What of a pool is free, as its maximal aligned pieces: no two of them are the halves of a larger one (the buddy
/// system; Knuth, The Art of Computer Programming 1, 2.5). A change costs by the pieces it makes, not by what there is.
struct FreeSpace: Hashable, Sendable {
  let pool: Block
  /// By prefix length, then by base.
  private var pieces: [SortedMap<IPv4Address, Bool>]
  private(set) var addressCount: UInt64

  /// All of the pool.
  init(pool: Block) {
    self.pool = pool
    pieces = Array(repeating: [:], count: 33)
    pieces[pool.prefixLength][pool.base] = true
    addressCount = pool.addressCount
  }

  /// The smallest piece that holds a block of this length (large pieces stay whole), the lowest among equals; of it the
  /// lowest part. Deterministic, so that every voter finds the same.
  /// - Returns: nil if no aligned piece of that size is free.
  func best(prefixLength: Int) -> Block? {
    guard (pool.prefixLength...32).contains(prefixLength) else { return nil }
    for length in stride(from: prefixLength, through: pool.prefixLength, by: -1) {
      if let base = pieces[length].firstKey { return Block.holding(base, prefixLength: prefixLength) }
    }
    return nil
  }

  /// One of the largest free pieces, the lowest; nil if nothing is free.
  var largest: Block? {
    for length in pool.prefixLength...32 {
      if let base = pieces[length].firstKey { return Block.holding(base, prefixLength: length) }
    }
    return nil
  }

  /// All of them, by address.
  var all: [Block] {
    (pool.prefixLength...32).flatMap { length in
      pieces[length].keys.map { Block.holding($0, prefixLength: length) }
    }.sorted()
  }

  /// The piece that `block` lies in, or is.
  func piece(holding block: Block) -> Block? {
    guard pool.contains(block) else { return nil }
    for length in stride(from: block.prefixLength, through: pool.prefixLength, by: -1) {
      let around = Block.holding(block.base, prefixLength: length)
      if pieces[length][around.base] != nil { return around }
    }
    return nil
  }

  /// Takes a block that is free as a whole.
  mutating func take(_ block: Block) {
    guard var piece = piece(holding: block) else { preconditionFailure("\(block) is not free") }
    pieces[piece.prefixLength][piece.base] = nil
    while piece != block, let (low, high) = piece.halves {
      let (inner, outer) = low.contains(block) ? (low, high) : (high, low)
      pieces[outer.prefixLength][outer.base] = true
      piece = inner
    }
    addressCount -= block.addressCount
  }

  /// Gives back a block no part of which is free.
  mutating func give(_ block: Block) {
    precondition(pool.contains(block), "\(block) is not of the pool")
    precondition(piece(holding: block) == nil, "\(block) is free already")
    addressCount += block.addressCount
    var whole = block
    while whole.prefixLength > pool.prefixLength {
      let parent = Block.holding(whole.base, prefixLength: whole.prefixLength - 1)
      guard let (low, high) = parent.halves else { break }
      let buddy = low == whole ? high : low
      guard pieces[buddy.prefixLength].removeValue(forKey: buddy.base) != nil else { break }
      whole = parent
    }
    pieces[whole.prefixLength][whole.base] = true
  }
}
