import Testing
import VineBase
import VinePacket

@Suite struct IPv4ViewTests {
  @Test func `every field is read from its place`() {
    let bytes = Sample.packet(
      transport: 6, payload: [9, 9], options: [1, 1, 1, 1], flags: 0x6000, offset: 16, timeToLive: 3)
    let checked: Void? = bytes.view { packet in
      #expect(packet.headerLength == 24 && packet.totalLength == 26)
      #expect(packet.source == Sample.host && packet.destination == Sample.peer)
      #expect(packet.transport == 6 && packet.timeToLive == 3 && packet.identification == 0x1234)
      #expect(packet.dontFragment && packet.moreFragments && packet.fragmentOffset == 16 && packet.isFragment)
      #expect(Array(packet.payload) == [9, 9])
    }
    #expect(checked != nil)
  }

  @Test func `bytes behind the total length are no part of the packet`() {
    let bytes = Sample.packet(payload: [1, 2])
    #expect((bytes + [0, 0, 0]).view { $0.bytes.count } == bytes.count)
  }

  @Test func `every cut of a packet is refused`() {
    let bytes = Sample.packet(payload: [1, 2, 3, 4])
    for count in 0..<bytes.count { #expect(Array(bytes.prefix(count)).view { _ in true } == nil) }
  }

  @Test(arguments: [(0, 0x65), (0, 0x44), (0, 0x4F), (3, 19)] as [(Int, UInt8)])
  func `a wrong version, header length or total length is refused`(offset: Int, value: UInt8) {
    var bytes = Sample.packet(payload: [1, 2, 3, 4])
    bytes[offset] = value
    #expect(bytes.view { _ in true } == nil)
  }
}

@Suite struct AnyBytesTests {
  /// Random bytes, half of them dressed as IPv4 so that the deeper code is reached.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `no bytes trap any function`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1500, alignment: 8)
    defer { scratch.deallocate() }
    for _ in 0..<4000 {
      var bytes = Sample.bytes(random.int(in: 0..<120), &random)
      if bytes.count >= 40, random.below(4) > 0 {
        bytes[0] = 0x40 | UInt8(random.int(in: 4..<12))
        (bytes[2], bytes[3]) = (0, UInt8(random.int(in: 0..<(bytes.count + 2))))
        if random.below(2) == 0 { (bytes[6], bytes[7], bytes[9]) = (0, 0, random.below(2) == 0 ? 6 : 1) }
      }
      bytes.withUnsafeMutableBytes { buffer in
        _ = PacketEdit.clampMSS(buffer, to: UInt16(truncatingIfNeeded: random.next()))
        guard let packet = IPv4View(UnsafeRawBufferPointer(buffer)) else { return }
        let mtu = random.int(in: 0..<100)
        var seen = 0
        let pieces = Fragmentation.fragment(packet, mtu: mtu, scratch: scratch) { piece in
          #expect(piece.count <= mtu)
          #expect(IPv4View(UnsafeRawBufferPointer(piece))?.hasValidChecksum == true)
          seen += 1
        }
        #expect(pieces == seen)
        let gateway = IPv4Address(rawValue: 1)
        _ = ICMPAnswer.fragmentationNeeded(for: packet, mtu: 1436, from: gateway, into: scratch)
        _ = ICMPAnswer.timeExceeded(for: packet, from: gateway, into: scratch)
        _ = PacketEdit.decrementTimeToLive(buffer)
      }
    }
  }
}
