import Testing
import VineBase

@testable import VineDataPlane

struct FlowHashTests {
  private func packet(from port: UInt16, transport: UInt8 = 6, fragment: UInt16 = 0, count: Int = 40) -> [UInt8] {
    var packet = [UInt8](repeating: 0, count: 40)
    packet[0] = 0x45
    (packet[6], packet[7]) = (UInt8(fragment >> 8), UInt8(fragment & 0xFF))
    packet[9] = transport
    (packet[12], packet[15], packet[16], packet[19]) = (10, 1, 10, 2)
    (packet[20], packet[21], packet[23]) = (UInt8(port >> 8), UInt8(port & 0xFF), 80)
    return Array(packet.prefix(count))
  }

  private func hash(_ packet: [UInt8]) -> UInt32 { packet.withUnsafeBytes { FlowHash.of($0) } }

  @Test func `ports tell flows apart, fragments of a packet stay together`() {
    #expect(hash(packet(from: 1)) == hash(packet(from: 1)))
    let flows = Set((0..<1000).map { hash(packet(from: UInt16($0))) % 63 })
    #expect(flows.count == 63)
    #expect(hash(packet(from: 1, fragment: 0x2000)) == hash(packet(from: 2, fragment: 100)))
  }

  @Test func `short or odd packets have a flow, too, and it is never that of control messages`() {
    for count in 0...40 {
      var bytes = packet(from: 9, transport: 17, count: count)
      #expect(hash(bytes) != 0)
      if count > 0 { bytes[0] = 0x4F }
      #expect(hash(bytes) != 0)
    }
    #expect(FlowHash.of(NodeTag(rawValue: 0)) != 0)
  }
}
