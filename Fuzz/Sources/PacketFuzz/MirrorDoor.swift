import VineBase

@testable import VinePacket

extension Door {
  /// A packet seen through a mirror: checksums that were right stay right, and addresses come back.
  /// `[choice u8][mirror of choice 3: count u8, (first u32, length u32, base u32) each][packet]`
  static let mirror = Door(name: "Mirror") { bytes in
    var script = Script(bytes)
    guard let mirror = mirror(&script) else { return nil }
    let lacksChecksum = script.byte() & 1 != 0
    let packet = script.rest()
    return addresses(mirror, packet) ?? turned(packet, lacksChecksum) { mirror.toMesh($0, lacksChecksum: $1) }
      ?? turned(packet, lacksChecksum) { mirror.toSite($0, lacksChecksum: $1) }
  }

  private static func mirror(_ script: inout Script) -> Mirror? {
    let (first, last) = (IPv4Address(rawValue: 0xAC10_0000), IPv4Address(rawValue: 0xAC1F_FFFF))
    let choice = script.choice(4)
    let whole = IPv4Address(rawValue: 0x0A74_0000)
    guard choice > 0 else { return Mirror(first: first, last: last, base: whole) }
    let count = choice == 3 ? script.choice(18) : choice
    let fixed: [(UInt32, UInt32, UInt32)] = [(0xAC11_0000, 0xFFFF, 0x0A75_0000), (0xAC12_0000, 0xFF, 0x0A76_0100)]
    var parts: [Mirror.Part] = []
    for number in 0..<count {
      let (start, span, base) =
        choice == 3 ? (script.long(), script.long() & 0xFFFFF, script.long()) : fixed[number]
      let (end, overflow) = start.addingReportingOverflow(span)
      guard !overflow,
        let part = Mirror.Part(
          first: IPv4Address(rawValue: start), last: IPv4Address(rawValue: end), base: IPv4Address(rawValue: base))
      else { return nil }
      parts.append(part)
    }
    return Mirror(first: first, last: last, parts: parts)
  }

  private static func addresses(_ mirror: Mirror, _ packet: [UInt8]) -> String? {
    guard let ends = PacketBytes.view(packet, { [$0.source, $0.destination] }) else { return nil }
    for address in ends {
      if let seen = mirror.site(address), mirror.mesh(seen) != address {
        return "an address of the mesh does not come back"
      }
      if let meant = mirror.mesh(address), mirror.site(meant) != address {
        return "an address of the site does not come back"
      }
    }
    return nil
  }

  private static func turned(
    _ packet: [UInt8], _ lacksChecksum: Bool, _ turn: (UnsafeMutableRawBufferPointer, Bool) -> Void
  ) -> String? {
    guard let before = PacketBytes.verdict(packet) else { return nil }
    let result = PacketBytes.change(packet) { turn($0, lacksChecksum) }
    guard let after = PacketBytes.verdict(result) else { return "a turned packet is no packet" }
    if before.header, !after.header { return "the header's checksum broke" }
    guard !lacksChecksum || packet[9] == Transport.icmp else { return nil }
    if before.transport == true, after.transport != true { return "the checksum of what is inside broke" }
    return before.transport == nil && after.transport != nil ? "a datagram without a checksum got one" : nil
  }
}
