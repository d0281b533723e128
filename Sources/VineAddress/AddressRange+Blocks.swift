import VineBase

extension AddressRange {
  /// The fewest blocks that hold these addresses and no others, in order.
  public var blocks: [Block] {
    var blocks: [Block] = []
    var next = UInt64(first.rawValue)
    let end = UInt64(last.rawValue)
    while next <= end {
      // As large as where it begins allows, and as what is left needs.
      var size: UInt64 = next == 0 ? 1 << 32 : UInt64(1) << UInt64(next.trailingZeroBitCount)
      while next + size - 1 > end { size >>= 1 }
      let base = IPv4Address(rawValue: UInt32(truncatingIfNeeded: next))
      guard let block = Block(base: base, prefixLength: 32 - size.trailingZeroBitCount) else { return blocks }
      blocks.append(block)
      next += size
    }
    return blocks
  }
}
