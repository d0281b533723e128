import VineBase

/// Finds room for a block: the smallest free aligned piece that holds it (best fit keeps large pieces whole),
/// the lowest address among equals. Deterministic, so that every voter finds the same.
public struct BlockAllocator: Sendable {
  public let pool: Block
  /// Sorted.
  private let taken: [Block]

  /// - Parameter taken: blocks given out, and whatever else must stay free; parts outside the pool are ignored.
  public init(pool: Block, taken: [Block]) {
    self.pool = pool
    self.taken = taken.sorted()
  }

  /// - Returns: nil if no aligned piece of that size is free.
  public func best(prefixLength: Int) -> Block? {
    guard (pool.prefixLength...32).contains(prefixLength) else { return nil }
    var fit: Block?
    search(pool, among: taken.filter { $0.overlaps(pool) }[...], prefixLength, &fit)
    return fit.map { Block.holding($0.base, prefixLength: prefixLength) }
  }

  /// Visits the maximal free pieces in the order of their addresses.
  private func search(_ piece: Block, among taken: ArraySlice<Block>, _ prefixLength: Int, _ fit: inout Block?) {
    guard piece.prefixLength <= prefixLength else { return }
    guard !taken.isEmpty else {
      if fit.map({ piece.prefixLength > $0.prefixLength }) ?? true { fit = piece }
      return
    }
    guard !taken.contains(where: { $0.contains(piece) }), let (low, high) = piece.halves else { return }
    search(low, among: taken.filter { $0.overlaps(low) }[...], prefixLength, &fit)
    search(high, among: taken.filter { $0.overlaps(high) }[...], prefixLength, &fit)
  }

  /// Addresses of the pool in no taken block.
  public var freeCount: UInt64 {
    let held = AddressSet(taken.compactMap { $0.range.intersection(pool.range) })
    return pool.addressCount - held.count
  }
}
