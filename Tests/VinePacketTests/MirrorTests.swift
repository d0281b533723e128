import Testing
import VineBase

@testable import VinePacket

/// The paper's mirror: 172.16 to 172.31 seen as 10.116 to 10.131.
@Suite struct MirrorTests {
  private let mirror: Mirror

  init() throws {
    mirror = try #require(
      Mirror(
        first: IPv4Address(rawValue: 0xAC10_0000), last: IPv4Address(rawValue: 0xAC1F_FFFF),
        base: IPv4Address(rawValue: 0x0A74_0000)))
  }

  /// 10.116.1.10 to 10.131.2.20, as the site sees it.
  private func packet(_ transport: UInt8, _ payload: [UInt8], offset: UInt16 = 0) -> [UInt8] {
    var bytes = Sample.packet(transport: transport, payload: payload)
    bytes.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: UInt32(0x0A74_010A).bigEndian, toByteOffset: 12, as: UInt32.self)
      bytes.storeBytes(of: UInt32(0x0A83_0214).bigEndian, toByteOffset: 16, as: UInt32.self)
      PacketEdit.storeWord(offset, bytes, at: 6)
      PacketEdit.completeHeaderChecksum(bytes, 20)
      if offset == 0 { _ = PacketEdit.completeTransportChecksum(bytes) }
    }
    return bytes
  }

  private func toMesh(_ bytes: [UInt8], lacksChecksum: Bool = false) -> [UInt8] {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { mirror.toMesh($0, lacksChecksum: lacksChecksum) }
    return bytes
  }

  private func toSite(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { mirror.toSite($0) }
    return bytes
  }

  private func datagram(_ data: [UInt8]) -> [UInt8] {
    let count = data.count + 8
    return [0x10, 0, 0x20, 0, UInt8(count >> 8), UInt8(count & 255), 0, 0] + data
  }

  private func isRight(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard let view = IPv4View(bytes), view.hasValidChecksum else { return false }
      if let tcp = TCPView(view) { return tcp.hasValidChecksum }
      if let udp = UDPView(view) { return udp.hasValidChecksum }
      return true
    }
  }

  private func addresses(_ bytes: [UInt8], at start: Int = 0) -> [String] {
    [12, 16].map { offset in
      bytes[(start + offset)..<(start + offset + 4)].map(String.init).joined(separator: ".")
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `TCP and UDP stay right there and back, for every length`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let data = Sample.bytes(Int(random.next() % 1400), &random)
    for bytes in [packet(6, Sample.segment(flags: 0x18, options: [], data: data)), packet(17, datagram(data))] {
      #expect(isRight(bytes))
      let there = toMesh(bytes)
      #expect(addresses(there) == ["172.16.1.10", "172.31.2.20"])
      #expect(isRight(there))
      #expect(toSite(there) == bytes)
    }
  }

  @Test func `a datagram without a checksum gets none`() {
    var bytes = packet(17, datagram([1, 2, 3]))
    (bytes[26], bytes[27]) = (0, 0)
    let there = toMesh(bytes)
    #expect(there[26] == 0 && there[27] == 0)
    #expect(toSite(there) == bytes)
  }

  @Test func `a checksum that is still to be made is left alone`() {
    var bytes = packet(6, Sample.segment(flags: 0x10, options: [], data: [1, 2, 3, 4, 5]))
    (bytes[36], bytes[37]) = (0x12, 0x34)
    let there = toMesh(bytes, lacksChecksum: true)
    #expect(there[36] == 0x12 && there[37] == 0x34)
    var made = there
    made.withUnsafeMutableBytes { _ = PacketEdit.completeTransportChecksum($0) }
    #expect(isRight(made))
  }

  @Test func `of a later fragment only the header changes`() {
    let bytes = packet(17, [UInt8](repeating: 9, count: 64), offset: 100)
    let there = toMesh(bytes)
    #expect(Array(there[20...]) == Array(bytes[20...]))
    #expect(isRight(there) && addresses(there) == ["172.16.1.10", "172.31.2.20"])
  }

  @Test(arguments: [6, 17] as [UInt8], [8, 12, 40, 200])
  func `what an ICMP error quotes changes with it, however much it quotes`(transport: UInt8, quoted: Int) {
    let inner = packet(
      transport,
      transport == 6
        ? Sample.segment(flags: 0x10, options: [], data: [UInt8](repeating: 5, count: 300))
        : datagram([UInt8](repeating: 5, count: 300)))
    var message: [UInt8] = [3, 4, 0, 0, 0, 0, 5, 0x9C] + inner.prefix(20 + quoted)
    let sum = message.withUnsafeBytes { InternetChecksum.of($0) }
    (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 255))
    let bytes = packet(1, message)
    let there = toMesh(bytes)
    #expect(addresses(there) == ["172.16.1.10", "172.31.2.20"])
    #expect(addresses(there, at: 28) == ["172.16.1.10", "172.31.2.20"])
    #expect(there[20...].withUnsafeBytes { InternetChecksum.isValid($0) }, "the ICMP message")
    #expect(there[28..<48].withUnsafeBytes { InternetChecksum.isValid($0) }, "the quoted header")
    let whole = toMesh(inner)
    #expect(Array(there[28...]) == Array(whole.prefix(20 + quoted)), "as the quoted packet itself would have")
    #expect(toSite(there) == bytes)
  }

  @Test func `an echo's data that looks like a packet stays`() {
    let message: [UInt8] = [8, 0, 0, 0, 0, 1, 0, 1] + packet(17, datagram([1])).prefix(28)
    #expect(Array(toMesh(packet(1, message))[20...]) == message)
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `random bytes never trap and lengths never change`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var bytes = Sample.bytes(Int(random.next() % 120), &random)
    if bytes.count > 20, seed % 2 == 0 {
      bytes[0] = 0x45
      (bytes[2], bytes[3]) = (0, UInt8(bytes.count))
      bytes[9] = [1, 6, 17][Int(seed % 3)]
      bytes.replaceSubrange(12..<16, with: [10, 116, 3, 4])
    }
    #expect(toMesh(bytes).count == bytes.count && toSite(bytes).count == bytes.count)
  }

  @Test func `addresses map one to one and others stay`() {
    let ends: [(UInt32, UInt32)] = [(0x0A74_0000, 0xAC10_0000), (0x0A83_FFFF, 0xAC1F_FFFF)]
    for (site, mesh) in ends { #expect(mirror.mesh(site) == mesh && mirror.site(mesh) == site) }
    for stranger in [0x0A73_FFFF, 0x0A84_0000, 0xAC0F_FFFF, 0, .max] as [UInt32] {
      #expect(mirror.mesh(stranger) == nil)
    }
    #expect(mirror.site(0xAC20_0000) == nil)
  }

  @Test func `a range that overlaps the space or leaves IPv4 is none`() {
    let (first, last) = (IPv4Address(rawValue: 0xAC10_0000), IPv4Address(rawValue: 0xAC1F_FFFF))
    for base in [0xAC10_0000, 0xAC1F_FFFF, 0xAC00_0001, 0xFFF0_0001] as [UInt32] {
      #expect(Mirror(first: first, last: last, base: IPv4Address(rawValue: base)) == nil)
    }
    #expect(Mirror(first: last, last: first, base: IPv4Address(rawValue: 0x0A00_0000)) == nil)
  }

  @Test func `a mirror of one part moves its addresses, hides their own form and leaves all others`() throws {
    func address(_ value: UInt32) -> IPv4Address { IPv4Address(rawValue: value) }
    let part = try #require(
      Mirror.Part(first: address(0xAC11_0000), last: address(0xAC11_FFFF), base: address(0x0A75_0000)))
    let mirror = try #require(Mirror(first: address(0xAC10_0000), last: address(0xAC1F_FFFF), parts: [part]))
    #expect(mirror.mesh(0x0A75_0203) == 0xAC11_0203 && mirror.site(0xAC11_0203) == 0x0A75_0203)
    #expect(mirror.mesh(0xAC12_0203) == 0xAC12_0203 && mirror.site(0xAC12_0203) == 0xAC12_0203)
    #expect(mirror.mesh(0xAC11_0203) == nil, "the site's own use of 172.17")
    #expect(mirror.mesh(0x0A76_0000) == nil && mirror.site(0xAC20_0000) == nil)
  }
}
