import Testing
import VineBase

@testable import VinePacket

@Suite struct SuperPacketTests {
  private static let timestamps: [UInt8] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]

  private func segments(_ count: Int, flags: UInt8 = 0x18, mtu: Int = 1436) -> [[UInt8]] {
    var random = RandomSource(seed: UInt64(count))
    let whole = Sample.packet(
      transport: 6,
      payload: Sample.segment(flags: flags, options: Self.timestamps, data: Sample.bytes(count, &random)))
    return SegmentationTests.cut(whole, mtu: mtu)
  }

  /// What comes out of one, in order: bytes and how many segments.
  private func coalesced(_ packets: [[UInt8]]) -> [(bytes: [UInt8], count: Int)] {
    var held = SuperPacket()
    var found: [(bytes: [UInt8], count: Int)] = []
    func flush(_ held: inout SuperPacket) {
      let count = held.segmentCount
      held.take { found.append((Array($0), count)) }
    }
    for packet in packets {
      packet.withUnsafeBytes { bytes in
        guard let view = IPv4View(bytes) else { return }
        if held.add(view) { return }
        flush(&held)
        if !held.begin(view) { found.append((packet, 1)) }
      }
    }
    flush(&held)
    return found
  }

  @Test(arguments: [1, 1384, 1385, 2768, 4153, 20_000, 60_000])
  func `segments of one flow become one packet, and cut again they are the same segments`(count: Int) {
    let segments = segments(count)
    let found = coalesced(segments)
    #expect(found.count == 1 && found.first?.count == segments.count)
    #expect(SegmentationTests.cut(found[0].bytes, mtu: 1436) == segments)
  }

  @Test func `the checksum of several is what an interface begins with, and that of one is its own`() {
    let one = coalesced(segments(100))
    #expect(one.first?.bytes == segments(100)[0])
    let several = coalesced(segments(5000))[0].bytes
    let pseudo = Sample.pseudoHeader(count: several.count - 20)
    #expect(UInt16(several[36]) << 8 | UInt16(several[37]) == ~Sample.slowChecksum(pseudo))
    #expect(several.view { $0.hasValidChecksum && $0.totalLength == several.count } == true)
  }

  @Test func `nothing follows PSH or a shorter segment`() {
    let (first, second) = (segments(2000), segments(2000))
    #expect(coalesced(first + second).map(\.count) == [2, 2])
    var short = segments(4152)
    short.remove(at: 1)
    #expect(coalesced(short).map(\.count) == [1, 1], "a gap")
  }

  @Test func `packets longer than IPv4 allows are not made`() {
    let parts = coalesced(segments(64_900, flags: 0x10))
    #expect(parts.map(\.count) == [47])
    var more = segments(64_900, flags: 0x10)
    let next = more[0]
    more[more.count - 1] = next
    #expect(coalesced(more).allSatisfy { $0.bytes.count <= 65_535 })
  }

  @Test(arguments: [
    ("flags", 33, 0x02), ("FIN", 33, 0x01), ("RST", 33, 0x04), ("URG", 33, 0x20), ("ECE", 33, 0x40), ("CWR", 33, 0x80),
    ("source", 15, 1), ("destination", 19, 1), ("source port", 21, 1), ("destination port", 23, 1),
    ("acknowledgement", 31, 1), ("window", 35, 1), ("urgent pointer", 39, 1), ("options", 51, 1),
    ("service", 1, 4), ("congestion", 1, 3), ("time to live", 8, 1), ("don't fragment", 6, 0x40),
    ("sequence number", 27, 1),
  ])
  func `a segment that differs is not put together with others`(field: String, offset: Int, bits: Int) {
    var all = segments(4000, flags: 0x10)
    all[1][offset] ^= UInt8(bits)
    // The checksums are right again, so that it is the field that decides.
    _ = all[1].withUnsafeMutableBytes { PacketEdit.completeTransportChecksum($0) }
    let found = coalesced(all)
    #expect(found.flatMap { SegmentationTests.cut($0.bytes, mtu: 1436) }.count == 3)
    #expect(found[0].count == 1, "\(field)")
    #expect(found.contains { $0.bytes == all[1] }, "it goes on as it is")
  }

  @Test func `a segment with a wrong checksum stays wrong`() {
    for position in 0..<3 {
      var all = segments(4000, flags: 0x10)
      all[position][60] ^= 1
      let found = coalesced(all)
      #expect(found.contains { $0.bytes == all[position] && $0.count == 1 })
    }
  }

  @Test func `acknowledgements without data and packets that are no TCP go on at once`() {
    let ack = Sample.packet(transport: 6, payload: Sample.segment(flags: 0x10, options: []))
    let other = Sample.packet(payload: [1, 2, 3, 4])
    let found = coalesced([ack, ack, other, other])
    #expect(found.map(\.bytes) == [ack, ack, other, other])
  }

  // MARK: Datagrams

  private func datagram(_ data: [UInt8], port: UInt16 = 80, timeToLive: UInt8 = 64, checksum: Bool = true) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(UInt16(40000))
    writer.integer(port)
    writer.integer(UInt16(8 + data.count))
    writer.integer(UInt16(0))
    var bytes = writer.bytes + data
    if checksum {
      var pseudo = Sample.pseudoHeader(count: bytes.count)
      pseudo[9] = 17
      let sum = Sample.slowChecksum(pseudo + bytes)
      (bytes[6], bytes[7]) = (UInt8(sum >> 8), UInt8(sum & 255))
    }
    return Sample.packet(payload: bytes, timeToLive: timeToLive)
  }

  private func cutDatagrams(_ packet: [UInt8], _ size: Int) -> [[UInt8]] {
    var found: [[UInt8]] = []
    _ = packet.view { view in
      withUnsafeTemporaryAllocation(byteCount: TCPSegmentation.headersMax, alignment: 8) { scratch in
        UDPSegmentation.cut(view, segmentSize: size, scratch: scratch) { found.append(Array($0) + Array($1)) }
      }
    }
    return found
  }

  /// Without what may differ: identification and the header's checksum.
  private func comparable(_ packets: [[UInt8]]) -> [[UInt8]] {
    packets.map { packet in
      var packet = packet
      for offset in [4, 5, 10, 11] { packet[offset] = 0 }
      return packet
    }
  }

  @Test func `datagrams of one flow and length become one packet, and cut again they are the same datagrams`() {
    var random = RandomSource(seed: 5)
    let all = (0..<40).map { datagram(Sample.bytes($0 == 39 ? 17 : 200, &random)) }
    let found = coalesced(all)
    #expect(found.map(\.count) == [40])
    let again = cutDatagrams(found[0].bytes, 200)
    #expect(comparable(again) == comparable(all))
    #expect(
      again.allSatisfy { packet in packet.view { $0.hasValidChecksum && $0.totalLength == packet.count } == true })
  }

  @Test func `no more than 64 datagrams are put together`() {
    #expect(coalesced((0..<130).map { _ in datagram([1, 2, 3, 4]) }).map(\.count) == [64, 64, 2])
  }

  @Test func `datagrams that differ, have no checksum or a wrong one stay by themselves`() {
    let plain = datagram([1, 2, 3, 4])
    var wrong = plain
    wrong[30] ^= 1
    let others = [
      datagram([1, 2, 3, 4], port: 81), datagram([1, 2, 3, 4], timeToLive: 63),
      datagram([1, 2, 3, 4], checksum: false), datagram([]), wrong,
    ]
    for other in others {
      let found = coalesced([plain, other, plain])
      #expect(found.map(\.bytes) == [plain, other, plain])
    }
  }

  @Test func `where datagrams can't be injected together none are put together`() {
    let bytes = datagram([1, 2, 3, 4])
    var held = SuperPacket(takesUDP: false)
    #expect(bytes.view { held.begin($0) } == false)
  }
}
