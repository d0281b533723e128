import Testing
import VineAddress
import VineBase

@Suite struct RangeBlockTests {
  @Test func `a block's range is the block`() throws {
    for text in ["0.0.0.0/0", "172.16.0.0/12", "10.0.0.255/32", "255.255.255.255/32", "128.0.0.0/1"] {
      let block = try #require(Block(text))
      #expect(AddressRange(first: block.base, last: block.last).blocks == [block])
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `blocks cover a range without a gap, in order, and the fewest do`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let ends = (0..<2).map { _ in UInt32(truncatingIfNeeded: random.next() >> (seed % 33)) }.sorted()
    let range = AddressRange(first: IPv4Address(rawValue: ends[0]), last: IPv4Address(rawValue: ends[1]))
    let blocks = range.blocks
    #expect(blocks.first?.base == range.first && blocks.last?.last == range.last)
    for (one, next) in zip(blocks, blocks.dropFirst()) {
      #expect(one.last.rawValue &+ 1 == next.base.rawValue)
      let isWhole =
        one.prefixLength == next.prefixLength && one.base.rawValue >> (32 - UInt32(one.prefixLength)) & 1 == 0
      #expect(!isWhole, "\(one) and \(next) are one block")
    }
    #expect(blocks.count <= 62)
  }
}
