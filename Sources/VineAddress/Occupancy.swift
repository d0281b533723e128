import VineBase

/// Which blocks of a pool are held, and what is free between them. Holders may overlap (a reserve and the blocks granted
/// from it, blocks that count in different ViNes): an address is free when the last one that covers it goes.
///
/// A change costs by the holders within the block that changes, not by all there are.
public struct Occupancy: Hashable, Sendable {
  public let pool: Block
  /// How often each block is held; by address, the larger first.
  private var holders: SortedMap<Block, Int> = [:]
  private var free: FreeSpace

  public init(pool: Block) {
    self.pool = pool
    free = FreeSpace(pool: pool)
  }

  /// - Parameter held: parts outside the pool are ignored.
  public init(pool: Block, held: some Sequence<Block>) {
    self.init(pool: pool)
    for block in held where block.overlaps(pool) { insert(pool.contains(block) ? block : pool) }
  }

  // MARK: Changes

  /// - Parameter block: of the pool.
  public mutating func insert(_ block: Block) {
    precondition(pool.contains(block), "\(block) is not of the pool")
    for part in uncovered(block) { free.take(part) }
    holders[block, default: 0] += 1
  }

  /// - Parameter block: one that is held.
  public mutating func remove(_ block: Block) {
    guard let count = holders[block] else { preconditionFailure("\(block) is not held") }
    holders[block] = count > 1 ? count - 1 : nil
    for part in uncovered(block) { free.give(part) }
  }

  // MARK: Questions

  public var isEmpty: Bool { holders.isEmpty }

  /// Blocks that are held, by address.
  public var held: [Block] { holders.keys }

  /// The same, each with how often it is held.
  public var counted: SortedMap<Block, Int> { holders }

  /// Where a block of this length breaks up the least: in the smallest free piece that holds it, the lowest address among
  /// equals. Deterministic, so that every voter finds the same.
  /// - Returns: nil if no aligned piece of that size is free.
  public func best(prefixLength: Int) -> Block? { free.best(prefixLength: prefixLength) }

  /// Whether every address of a block of the pool is free.
  public func isFree(_ block: Block) -> Bool { free.piece(holding: block) != nil }

  /// Whether an address of `block` is held.
  public func overlaps(_ block: Block) -> Bool { holder(overlapping: block) != nil }

  /// A holder that shares an address with `block`; the largest around it, or else the lowest within it.
  public func holder(overlapping block: Block) -> Block? {
    if let coverer = coverer(of: block) { return coverer }
    return holders.first(notBefore: block).flatMap { $0.0.base <= block.last ? $0.0 : nil }
  }

  public var freeCount: UInt64 { free.addressCount }
  /// The largest aligned piece that is free, the lowest among equals.
  public var largestFree: Block? { free.largest }
  /// Maximal aligned pieces, by address.
  public var freePieces: [Block] { free.all }

  // MARK: Cover

  /// The parts of a block that no holder covers, as few as there can be.
  public func uncovered(_ block: Block) -> [Block] {
    guard coverer(of: block) == nil else { return [] }
    var parts: [Block] = []
    collect(block, without: inside(block)[...], &parts)
    return parts
  }

  /// The largest holder that contains the whole block.
  private func coverer(of block: Block) -> Block? {
    guard !holders.isEmpty, block.prefixLength >= pool.prefixLength else { return nil }
    for length in pool.prefixLength...block.prefixLength {
      let around = Block.holding(block.base, prefixLength: length)
      if holders[around] != nil { return around }
    }
    return nil
  }

  /// Holders within a block, by address.
  private func inside(_ block: Block) -> [Block] {
    var found: [Block] = []
    var iterator = holders.makeIterator(from: block)
    while let (holder, _) = iterator.next(), holder.base <= block.last { found.append(holder) }
    return found
  }

  /// - Parameter inner: holders within `block`, by address.
  private func collect(_ block: Block, without inner: ArraySlice<Block>, _ parts: inout [Block]) {
    guard let first = inner.first else { return parts.append(block) }
    guard first != block, let (low, high) = block.halves else { return }
    let cut = inner.firstIndex { $0.base >= high.base } ?? inner.endIndex
    collect(low, without: inner[..<cut], &parts)
    collect(high, without: inner[cut...], &parts)
  }
}
