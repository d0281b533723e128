import Testing
import VineBase

@testable import VineSession

@Suite struct FrameHeaderTests {
  @Test func `a data header has its golden bytes`() {
    let header = FrameHeader(kind: .data, index: 0x0102_0304, counter: 0x0506_0708_090A_0B0C)
    #expect(Hex.encode(written(header)) == "020000000102030405060708090a0b0c")
  }

  @Test func `a relay header has its golden bytes`() {
    let header = FrameHeader(relayHops: 1, index: 0xFFFF_FFFF, counter: 2, peer: NodeTag(rawValue: 0xA0B0_C0D0))
    #expect(Hex.encode(written(header)) == "05010000ffffffff000000000000000200000000a0b0c0d0")
  }

  @Test(arguments: UInt64(0)..<50)
  func `what was written is read again`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let index = UInt32(truncatingIfNeeded: random.next())
    let header =
      seed % 3 == 0
      ? FrameHeader(
        relayHops: UInt8(seed), index: index, counter: random.next(), peer: NodeTag(rawValue: random.next()))
      : FrameHeader(kind: seed % 3 == 1 ? .data : .control, index: index, counter: random.next())
    #expect(try parsed(written(header) + [UInt8](repeating: 7, count: 16)) == header)
  }

  @Test func `a frame without room for its tag is truncated`() {
    let data = written(FrameHeader(kind: .data, index: 1, counter: 1))
    let relay = written(FrameHeader(relayHops: 0, index: 1, counter: 1, peer: NodeTag(rawValue: 1)))
    #expect(throws: FrameError.truncated) { try parsed([]) }
    #expect(throws: FrameError.truncated) { try parsed(data + [UInt8](repeating: 0, count: 15)) }
    #expect(throws: FrameError.truncated) { try parsed(relay + [UInt8](repeating: 0, count: 15)) }
  }

  @Test func `reserved bytes must be zero and handshakes and probes have another header`() {
    let good = written(FrameHeader(kind: .control, index: 1, counter: 1)) + [UInt8](repeating: 0, count: 16)
    for position in 1...3 {
      var bad = good
      bad[position] = 1
      #expect(throws: FrameError.reservedBytes) { try parsed(bad) }
    }
    for kind: UInt8 in [0, 1, 4, 7, 255] {
      #expect(throws: FrameError.unknownKind) { try parsed([kind] + good.dropFirst()) }
    }
  }

  @Test(arguments: UInt64(0)..<20)
  func `random bytes never trap`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<200 {
      let bytes = (0..<random.int(in: 0..<64)).map { _ in UInt8(random.below(7)) }
      if let header = try? parsed(bytes) { #expect(written(header) == Array(bytes.prefix(header.byteCount))) }
    }
  }

  @Test func `the overheads are those of the frame formats`() {
    #expect(FrameSize.dataOverhead == 36)
    #expect(FrameSize.relayOverhead == 40)
    #expect(FrameSize.controlOverhead == 32)
    #expect(FrameSize.probe == 20)
  }
}

private func written(_ header: FrameHeader) -> [UInt8] {
  var bytes = [UInt8](repeating: 0xEE, count: header.byteCount)
  bytes.withUnsafeMutableBytes { header.write(to: $0) }
  return bytes
}

private func parsed(_ bytes: [UInt8]) throws -> FrameHeader {
  try bytes.withUnsafeBytes { try FrameHeader(parsing: $0) }
}
