import Testing
import VineBase
import VinePacket

@Suite struct TimeToLiveTests {
  @Test func `a hop less keeps the checksum right, for every start`() {
    for start in 2...255 {
      var bytes = Sample.packet(payload: [1], timeToLive: UInt8(start))
      #expect(bytes.withUnsafeMutableBytes { PacketEdit.decrementTimeToLive($0) })
      #expect(bytes == Sample.packet(payload: [1], timeToLive: UInt8(start - 1)))
    }
  }

  @Test(arguments: [0, 1] as [UInt8])
  func `the last hop is not taken`(timeToLive: UInt8) {
    var bytes = Sample.packet(payload: [1], timeToLive: timeToLive)
    #expect(!bytes.withUnsafeMutableBytes { PacketEdit.decrementTimeToLive($0) })
    #expect(bytes == Sample.packet(payload: [1], timeToLive: timeToLive))
  }
}

@Suite struct MSSTests {
  static let syn: UInt8 = 0x02

  private func clamped(_ segment: [UInt8], to maximum: UInt16 = 1396, flags: UInt16 = 0, offset: Int = 0)
    -> (changed: Bool, segment: [UInt8])
  {
    var bytes = Sample.packet(transport: 6, payload: segment, flags: flags, offset: offset)
    let changed = bytes.withUnsafeMutableBytes { PacketEdit.clampMSS($0, to: maximum) }
    return (changed, Array(bytes[20...]))
  }

  @Test(arguments: 0..<4)
  func `the size is lowered wherever the option stands, and the checksum equals a new one`(padding: Int) {
    let before = [UInt8](repeating: 1, count: padding)
    let after = [UInt8](repeating: 1, count: (8 - padding) % 4)
    var random = RandomSource(seed: 9)
    for _ in 0..<200 {
      let old = UInt16(1397 + random.below(64000))
      let data = Sample.bytes(random.int(in: 0..<9), &random)
      let segment = Sample.segment(
        flags: Self.syn, options: before + [2, 4, UInt8(old >> 8), UInt8(old & 255)] + after, data: data)
      let expected = Sample.segment(flags: Self.syn, options: before + [2, 4, 5, 0x74] + after, data: data)
      #expect(clamped(segment) == (true, expected))
    }
  }

  @Test func `a SYN-ACK is clamped, a small size and a segment without SYN are not`() {
    #expect(clamped(Sample.segment(flags: 0x12, options: [2, 4, 5, 0xB4])).changed)
    #expect(!clamped(Sample.segment(flags: 0x02, options: [2, 4, 5, 0x74])).changed)
    #expect(!clamped(Sample.segment(flags: 0x10, options: [2, 4, 5, 0xB4])).changed)
    #expect(!clamped(Sample.segment(flags: 0x02, options: [])).changed)
  }

  @Test func `only the first fragment is looked at`() {
    let segment = Sample.segment(flags: Self.syn, options: [2, 4, 5, 0xB4])
    #expect(!clamped(segment, offset: 8).changed)
    #expect(clamped(segment, flags: 0x2000).changed)
  }

  @Test(
    arguments: [
      [0, 0, 0, 0, 2, 4, 5, 0xB4], [3, 0, 0, 0, 2, 4, 5, 0xB4], [1, 1, 1, 2], [3, 1, 2, 4], [8, 200, 2, 4],
      [2, 3, 0xFF, 0xFF],
    ] as [[UInt8]])
  func `options that end or make no sense are left alone`(options: [UInt8]) {
    let segment = Sample.segment(flags: Self.syn, options: options)
    #expect(clamped(segment) == (false, segment))
  }
}
