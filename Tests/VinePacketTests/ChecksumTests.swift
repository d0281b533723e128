import Testing
import VineBase
import VinePacket

@Suite struct ChecksumTests {
  @Test func `the example of RFC 1071 holds`() {
    let bytes: [UInt8] = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]
    #expect(bytes.withUnsafeBytes { InternetChecksum.sum($0) } == 0xDDF2)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `the fast sum is the slow sum for every length`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for count in 0..<300 {
      let bytes = Sample.bytes(count, &random)
      let fast = bytes.withUnsafeBytes { InternetChecksum.of($0) }
      #expect(fast == Sample.slowChecksum(bytes), "\(count) bytes")
    }
  }

  @Test func `changing one word incrementally equals summing again`() {
    var random = RandomSource(seed: 4)
    for _ in 0..<3000 {
      var bytes = Sample.bytes(40, &random)
      let before = Sample.slowChecksum(bytes)
      let offset = random.int(in: 0..<20) * 2
      let old = UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
      let new = random.below(4) == 0 ? [0, 0xFFFF][random.int(in: 0..<2)] : UInt16(truncatingIfNeeded: random.next())
      bytes[offset] = UInt8(new >> 8)
      bytes[offset + 1] = UInt8(new & 255)
      #expect(InternetChecksum.updated(before, replacing: old, by: new) == Sample.slowChecksum(bytes))
    }
  }

  @Test func `a right packet is valid and one flipped bit makes it invalid`() {
    let bytes = Sample.packet(payload: [1, 2, 3])
    #expect(bytes.view { $0.hasValidChecksum } == true)
    for bit in 0..<160 where bit / 8 != 0 && bit / 8 != 2 && bit / 8 != 3 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(flipped.view { $0.hasValidChecksum } == false)
    }
  }
}
