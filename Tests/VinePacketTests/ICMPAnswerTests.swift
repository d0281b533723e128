import Testing
import VineBase
import VinePacket

@Suite struct ICMPAnswerTests {
  private let gateway = IPv4Address(rawValue: 0xAC10_0001)

  private func answer(
    to packet: [UInt8], _ build: (IPv4View, UnsafeMutableRawBufferPointer) -> Int?
  ) -> [UInt8]? {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 600, alignment: 8)
    defer { buffer.deallocate() }
    buffer.initializeMemory(as: UInt8.self, repeating: 0xAA)
    return packet.view { build($0, buffer) }?.map { Array(buffer.prefix($0)) }
  }

  private func tooBig(_ packet: [UInt8]) -> [UInt8]? {
    answer(to: packet) { ICMPAnswer.fragmentationNeeded(for: $0, mtu: 1436, from: gateway, into: $1) }
  }

  @Test(arguments: [0, 8, 100, 1480, 4000])
  func `fragmentation needed carries the MTU and the packet's beginning, with right checksums`(count: Int) throws {
    let packet = Sample.packet(payload: [UInt8](repeating: 7, count: count), flags: 0x4000)
    let bytes = try #require(tooBig(packet))
    let checked: Void? = bytes.view { view in
      #expect(view.source == gateway.rawValue && view.destination == Sample.host && view.transport == 1)
      #expect(view.hasValidChecksum && InternetChecksum.isValid(view.payload))
      #expect(Array(view.payload.prefix(8).dropFirst(4)) == [0, 0, 5, 0x9C])
      #expect(view.payload[0] == 3 && view.payload[1] == 4)
      #expect(Array(view.payload.dropFirst(8)) == Array(packet.prefix(548)))
      #expect(view.totalLength == bytes.count && bytes.count <= 576)
    }
    #expect(checked != nil)
  }

  @Test func `time exceeded is type 11 code 0`() throws {
    let packet = Sample.packet(payload: [1, 2, 3, 4, 5, 6, 7, 8], timeToLive: 1)
    let bytes = try #require(answer(to: packet) { ICMPAnswer.timeExceeded(for: $0, from: gateway, into: $1) })
    #expect(Array(bytes[20..<22]) == [11, 0] && Array(bytes[24..<28]) == [0, 0, 0, 0])
    #expect(bytes.view { InternetChecksum.isValid($0.payload) } == true)
  }

  @Test func `pings are answered, ICMP errors and unknown types never`() {
    let answered = (0...255).filter { tooBig(Sample.packet(transport: 1, payload: [UInt8($0), 0, 0, 0])) != nil }
    #expect(answered == [0, 8, 9, 10, 13, 14, 15, 16, 17, 18])
    #expect(tooBig(Sample.packet(transport: 1, payload: [])) == nil)
  }

  @Test func `later fragments are not answered, the first is`() {
    #expect(tooBig(Sample.packet(payload: [1], offset: 8)) == nil)
    #expect(tooBig(Sample.packet(payload: [1], flags: 0x2000)) != nil)
  }

  @Test(arguments: [0xE000_0001, 0xFFFF_FFFF] as [UInt32])
  func `broadcast and multicast are not answered`(destination: UInt32) {
    #expect(tooBig(Sample.packet(payload: [1], destination: destination)) == nil)
  }

  @Test(arguments: [0, 0x7F00_0001, 0xE000_0001, 0xFFFF_FFFF] as [UInt32])
  func `a source that is no host is not answered`(source: UInt32) {
    #expect(tooBig(Sample.packet(payload: [1], source: source)) == nil)
  }
}
