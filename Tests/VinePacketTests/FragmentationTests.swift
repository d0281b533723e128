import Testing
import VineBase
import VinePacket

@Suite struct FragmentationTests {
  private func pieces(of packet: [UInt8], mtu: Int) -> [[UInt8]] {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: max(mtu, 1), alignment: 8)
    defer { scratch.deallocate() }
    var result: [[UInt8]] = []
    let count = packet.view { view in
      Fragmentation.fragment(view, mtu: mtu, scratch: scratch) { result.append(Array($0)) }
    }
    #expect(count == result.count)
    return result
  }

  /// The payload put together from pieces in any order; nil if there is a hole, an overlap or no end.
  private func reassembled(_ pieces: [[UInt8]], from first: Int = 0, endsWithMore: Bool = false) -> [UInt8]? {
    var payload: [UInt8] = []
    let sorted = pieces.sorted { ($0.view { $0.fragmentOffset } ?? 0) < ($1.view { $0.fragmentOffset } ?? 0) }
    for (number, piece) in sorted.enumerated() {
      let isRight = piece.view { view in
        guard view.fragmentOffset == first + payload.count, view.hasValidChecksum, view.totalLength == piece.count,
          view.moreFragments == (number < sorted.count - 1 || endsWithMore)
        else { return false }
        payload += Array(view.payload)
        return true
      }
      guard isRight == true else { return nil }
    }
    return payload
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `fragments in any order give the packet back`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<200 {
      let payload = Sample.bytes(random.int(in: 1..<5000), &random)
      let mtu = random.int(in: 68..<1500)
      let parts = pieces(of: Sample.packet(payload: payload), mtu: mtu)
      #expect(parts.allSatisfy { $0.count <= mtu })
      #expect(reassembled(random.shuffled(parts)) == payload)
    }
  }

  @Test(arguments: [4, 5] as [UInt64])
  func `fragments of fragments give the packet back`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<200 {
      let payload = Sample.bytes(random.int(in: 1..<5000), &random)
      let mtu = random.int(in: 200..<1500)
      let parts = pieces(of: Sample.packet(payload: payload), mtu: mtu)
      let smaller = parts.flatMap { pieces(of: $0, mtu: random.int(in: 68..<600)) }
      #expect(reassembled(smaller) == payload)
    }
  }

  @Test func `a middle fragment keeps saying that more follow`() {
    let payload = [UInt8](repeating: 5, count: 800)
    let parts = pieces(of: Sample.packet(payload: payload, flags: 0x2000, offset: 1600), mtu: 300)
    #expect(reassembled(parts, from: 1600, endsWithMore: true) == payload)
  }

  @Test func `what fits stays as it is`() {
    let packet = Sample.packet(payload: [1, 2, 3], options: [7, 4, 0, 0])
    #expect(pieces(of: packet, mtu: 1436) == [packet])
  }

  @Test func `only options with the copied flag follow into later fragments`() throws {
    let security: [UInt8] = [0x82, 6, 1, 2, 3, 4]
    let options = [1] + [7, 3, 0] + security + [1, 0]
    let parts = pieces(of: Sample.packet(payload: [UInt8](repeating: 1, count: 200), options: options), mtu: 120)
    #expect(parts.first.map { Array($0[20..<32]) } == options)
    for part in parts.dropFirst() {
      #expect(part[0] == 0x47)
      #expect(Array(part[20..<28]) == security + [0, 0])
    }
    #expect(reassembled(parts) == [UInt8](repeating: 1, count: 200))
  }

  @Test func `an MTU without room for 8 bytes gives nothing`() {
    #expect(pieces(of: Sample.packet(payload: [UInt8](repeating: 1, count: 50)), mtu: 27).isEmpty)
  }

  @Test func `a fragment beyond the largest packet gives nothing`() {
    let evil = Sample.packet(payload: [UInt8](repeating: 1, count: 400), offset: 65528)
    #expect(pieces(of: evil, mtu: 100).isEmpty)
  }
}
