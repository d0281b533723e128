import Testing
import VineBase

@testable import VinePacket

@Suite struct SegmentationTests {
  private static let timestamps: [UInt8] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]

  /// Segments as `TCPSegmentation` cuts them, each in one piece.
  static func cut(_ packet: [UInt8], mtu: Int) -> [[UInt8]] {
    var segments: [[UInt8]] = []
    let count = packet.withUnsafeBytes { bytes -> Int in
      guard let view = IPv4View(bytes) else { return 0 }
      return withUnsafeTemporaryAllocation(byteCount: TCPSegmentation.headersMax, alignment: 8) { scratch in
        TCPSegmentation.cut(view, mtu: mtu, scratch: scratch) { segments.append(Array($0) + Array($1)) }
      }
    }
    #expect(count == segments.count)
    return segments
  }

  private func packet(flags: UInt8, count: Int, options: [UInt8] = timestamps) -> [UInt8] {
    var random = RandomSource(seed: UInt64(count))
    return Sample.packet(
      transport: 6, payload: Sample.segment(flags: flags, options: options, data: Sample.bytes(count, &random)))
  }

  @Test(arguments: [1, 2, 1383, 1384, 1385, 2768, 5000, 65_000])
  func `segments fit the path, are right by themselves, and have all of the data in order`(count: Int) throws {
    let whole = packet(flags: 0x18, count: count)
    let segments = Self.cut(whole, mtu: 1436)
    #expect(segments.count == (count + 1383) / 1384)
    var data: [UInt8] = []
    for (position, segment) in segments.enumerated() {
      #expect(segment.count <= 1436 && (position == segments.count - 1 || segment.count == 1436))
      #expect(segment.view { $0.totalLength == segment.count && $0.hasValidChecksum } == true)
      #expect(Sample.slowChecksum(Sample.pseudoHeader(count: segment.count - 20) + segment[20...]) == 0)
      let tcp = try #require(segment.view { TCPView($0).map { ($0.sequence, $0.flags) } } ?? nil)
      #expect(tcp.0 == 77 + UInt32(data.count))
      #expect(tcp.1 == (position == segments.count - 1 ? 0x18 : 0x10), "only the last one has PSH")
      #expect(Array(segment[40..<52]) == Self.timestamps)
      data += segment[52...]
    }
    #expect(data == Array(whole[72 - 20..<whole.count]))
    #expect(Set(segments.map { [$0[4], $0[5]] }).count == segments.count, "each has its own identification")
  }

  @Test func `FIN stays with the last segment and CWR with the first`() {
    let segments = Self.cut(packet(flags: 0x80 | 0x10 | 0x01, count: 3000), mtu: 1436)
    #expect(segments.map { $0[33] } == [0x90, 0x10, 0x11])
  }

  @Test func `the sequence number wraps`() throws {
    var whole = packet(flags: 0x10, count: 3000)
    whole.replaceSubrange(24..<28, with: [0xFF, 0xFF, 0xFF, 0x00])
    let sequences = Self.cut(whole, mtu: 1436).map { segment in segment.view { TCPView($0)?.sequence ?? 1 } }
    #expect(sequences == [0xFFFF_FF00, 1128, 2512])
  }

  @Test func `what is no TCP segment, and a path without room for a byte, gives none`() {
    #expect(Self.cut(Sample.packet(payload: [UInt8](repeating: 0, count: 3000)), mtu: 1436).isEmpty)
    #expect(Self.cut(Sample.packet(transport: 6, payload: [1, 2, 3]), mtu: 1436).isEmpty)
    #expect(Self.cut(packet(flags: 0x10, count: 100), mtu: 52).isEmpty)
    #expect(Self.cut(packet(flags: 0x10, count: 100), mtu: 53).count == 100)
    let fragment = Sample.packet(
      transport: 6, payload: Sample.segment(flags: 0x10, options: [], data: [1, 2, 3, 4]), flags: 0x2000)
    #expect(Self.cut(fragment, mtu: 1436).isEmpty)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `no bytes from outside trap it`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<2000 {
      var bytes = packet(flags: 0x18, count: random.int(in: 0..<200))
      for _ in 0..<random.int(in: 1..<6) {
        bytes[random.int(in: 0..<min(60, bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      bytes.removeLast(random.int(in: 0..<bytes.count))
      let segments = Self.cut(bytes, mtu: random.int(in: 0..<1500))
      #expect(segments.allSatisfy { $0.count <= 1500 })
      var held = SuperPacket()
      for bytes in segments + [bytes] {
        bytes.withUnsafeBytes { bytes in
          guard let view = IPv4View(bytes), !held.add(view) else { return }
          held.take { _ in }
          _ = held.begin(view)
        }
      }
      _ = bytes.withUnsafeMutableBytes { PacketEdit.completeTransportChecksum($0) }
    }
  }

  @Test func `a checksum that was left to the interface is completed`() {
    let right = packet(flags: 0x18, count: 777)
    var bytes = right
    (bytes[36], bytes[37]) = (1, 2)
    #expect(bytes.withUnsafeMutableBytes { PacketEdit.completeTransportChecksum($0) })
    #expect(bytes == right)
  }
}
