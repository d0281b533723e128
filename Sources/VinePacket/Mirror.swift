import VineBase

/// A range in which a site sees the virtual space, because its own network uses part of the space itself (paper 3.3):
/// `172.16.0.0/12` as `10.116.0.0` to `10.131.255.255`, say.
///
/// Packets change between the site's network and the VR, and nowhere else: between VRs every address is the mesh's. All
/// checksums stay right that were right, in the packet, in what an ICMP error quotes, and in fragments.
public struct Mirror: Hashable, Sendable {
  private let meshFirst, siteFirst: UInt32
  /// Addresses of the space less one.
  private let span: UInt32

  /// - Parameters:
  ///   - first, last: of the virtual space.
  ///   - base: where the site sees its first address.
  /// - Returns: nil if the range does not end within IPv4's, or overlaps the space.
  public init?(first: IPv4Address, last: IPv4Address, base: IPv4Address) {
    guard first <= last else { return nil }
    span = last.rawValue - first.rawValue
    (meshFirst, siteFirst) = (first.rawValue, base.rawValue)
    guard siteFirst <= UInt32.max - span else { return nil }
    guard siteFirst + span < meshFirst || siteFirst > meshFirst + span else { return nil }
  }

  /// The site's range, first and last address.
  public var range: (first: IPv4Address, last: IPv4Address) {
    (IPv4Address(rawValue: siteFirst), IPv4Address(rawValue: siteFirst + span))
  }

  /// - Returns: nil for an address that the site does not see the space in.
  @inlinable
  public func mesh(_ address: UInt32) -> UInt32? { moved(address, from: bases.site, to: bases.mesh) }

  /// - Returns: nil for an address outside the virtual space.
  @inlinable
  public func site(_ address: UInt32) -> UInt32? { moved(address, from: bases.mesh, to: bases.site) }

  @usableFromInline var bases: (mesh: UInt32, site: UInt32, span: UInt32) { (meshFirst, siteFirst, span) }

  @inlinable
  func moved(_ address: UInt32, from: UInt32, to: UInt32) -> UInt32? {
    address &- from <= bases.span ? address &- from &+ to : nil
  }

  // MARK: Packets

  /// From the site's addresses to the mesh's; those that are in no such range stay.
  /// - Parameters:
  ///   - packet: one that `IPv4View` accepted.
  ///   - lacksChecksum: the checksum of TCP or UDP is made later, from the addresses as they are then.
  public func toMesh(_ packet: UnsafeMutableRawBufferPointer, lacksChecksum: Bool = false) {
    change(packet, lacksChecksum) { mesh($0) }
  }

  /// From the mesh's addresses to the site's.
  public func toSite(_ packet: UnsafeMutableRawBufferPointer, lacksChecksum: Bool = false) {
    change(packet, lacksChecksum) { site($0) }
  }

  private func change(
    _ packet: UnsafeMutableRawBufferPointer, _ lacksChecksum: Bool, _ map: (UInt32) -> UInt32?
  ) {
    guard let view = IPv4View(UnsafeRawBufferPointer(packet)) else { return }
    let (start, end) = (view.headerLength, view.totalLength)
    let isFirst = view.fragmentOffset == 0
    if isFirst, view.transport == Transport.icmp, end >= start + 8 {
      changeQuoted(packet, icmp: start, end: end, map)
    }
    let checksum = lacksChecksum || !isFirst ? nil : Self.checksum(of: view.transport, at: start, end: end)
    for offset in [12, 16] { changeAddress(packet, at: offset, header: 0, transport: checksum, icmp: nil, map) }
  }

  /// The packet that an ICMP error quotes, as far as it does (RFC 792; RFC 1812, 4.3.2.3).
  private func changeQuoted(
    _ packet: UnsafeMutableRawBufferPointer, icmp: Int, end: Int, _ map: (UInt32) -> UInt32?
  ) {
    guard [3, 4, 5, 11, 12].contains(packet[icmp]) else { return }
    let start = icmp + 8
    guard end >= start + IPv4View.headerLengthMin, packet[start] >> 4 == 4 else { return }
    let length = Int(packet[start] & 15) * 4
    guard length >= IPv4View.headerLengthMin, end >= start + length else { return }
    let isFirst = PacketEdit.loadWord(packet, at: start + 6) & 0x1FFF == 0
    let checksum = isFirst ? Self.checksum(of: packet[start + 9], at: start + length, end: end) : nil
    for offset in [12, 16] {
      changeAddress(packet, at: start + offset, header: start, transport: checksum, icmp: icmp + 2, map)
    }
  }

  /// Where TCP or UDP has its checksum, if the packet has that much of it.
  private static func checksum(of transport: UInt8, at start: Int, end: Int) -> (at: Int, isUDP: Bool)? {
    switch transport {
    case Transport.tcp where end >= start + TCPSegmentation.checksumOffset + 2:
      (start + TCPSegmentation.checksumOffset, false)
    case Transport.udp where end >= start + UDPSegmentation.checksumOffset + 2:
      (start + UDPSegmentation.checksumOffset, true)
    default: nil
    }
  }

  /// - Parameters:
  ///   - header: where the IPv4 header begins that the address is in.
  ///   - icmp: where the checksum of the ICMP message is that all of this is in, if it is.
  private func changeAddress(
    _ packet: UnsafeMutableRawBufferPointer, at offset: Int, header: Int, transport: (at: Int, isUDP: Bool)?,
    icmp: Int?, _ map: (UInt32) -> UInt32?
  ) {
    let old = UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    guard let new = map(old), new != old else { return }
    for (place, before, after) in [
      (offset, UInt16(old >> 16), UInt16(new >> 16)),
      (offset + 2, UInt16(truncatingIfNeeded: old), UInt16(truncatingIfNeeded: new)),
    ] where before != after {
      store(after, packet, at: place, icmp: icmp)
      update(packet, checksumAt: header + 10, before, after, isUDP: false, icmp: icmp)
      if let transport {
        update(packet, checksumAt: transport.at, before, after, isUDP: transport.isUDP, icmp: icmp)
      }
    }
  }

  private func update(
    _ packet: UnsafeMutableRawBufferPointer, checksumAt offset: Int, _ before: UInt16, _ after: UInt16, isUDP: Bool,
    icmp: Int?
  ) {
    let old = PacketEdit.loadWord(packet, at: offset)
    // UDP without a checksum stays without; a sum of zero is sent as all ones (RFC 768).
    guard !isUDP || old != 0 else { return }
    let new = InternetChecksum.updated(old, replacing: before, by: after)
    store(isUDP && new == 0 ? 0xFFFF : new, packet, at: offset, icmp: icmp)
  }

  /// Stores a word, and keeps the checksum of the ICMP message around it right.
  private func store(_ word: UInt16, _ packet: UnsafeMutableRawBufferPointer, at offset: Int, icmp: Int?) {
    if let icmp {
      let updated = InternetChecksum.updated(
        PacketEdit.loadWord(packet, at: icmp), replacing: PacketEdit.loadWord(packet, at: offset), by: word)
      PacketEdit.storeWord(updated, packet, at: icmp)
    }
    PacketEdit.storeWord(word, packet, at: offset)
  }
}
