import VineBase

/// Where a site sees the virtual space, or parts of it, because its own network uses these itself (paper 3.3):
/// `172.16.0.0/12` as `10.116.0.0` to `10.131.255.255`, or no more than `172.17.0.0/16` as `10.117.0.0/16`. What no part
/// holds is seen as it is.
///
/// Packets change between the site's network and the VR, and nowhere else: between VRs every address is the mesh's. All
/// checksums stay right that were right, in the packet, in what an ICMP error quotes, and in fragments.
public struct Mirror: Hashable, Sendable {
  /// A range of the mesh's addresses, and where the site sees it.
  public struct Part: Hashable, Sendable {
    public let mesh, site: UInt32
    /// Addresses of the range less one.
    public let span: UInt32

    /// - Returns: nil if a range does not end within IPv4's, or the two overlap.
    public init?(first: IPv4Address, last: IPv4Address, base: IPv4Address) {
      guard first <= last else { return nil }
      (mesh, site, span) = (first.rawValue, base.rawValue, last.rawValue - first.rawValue)
      guard site <= UInt32.max - span else { return nil }
      guard Self.isApart(mesh, span, site, span) else { return nil }
    }

    @usableFromInline
    static func isApart(_ first: UInt32, _ span: UInt32, _ other: UInt32, _ otherSpan: UInt32) -> Bool {
      first < other ? other - first > span : first - other > otherSpan
    }
  }

  /// Each packet of a mirrored site is compared with all of them.
  public static let partCountMax = 16

  /// At least one.
  public let parts: [Part]
  private let spaceFirst, spaceSpan: UInt32

  /// - Parameters:
  ///   - first, last: of the virtual space.
  ///   - parts: of the space.
  /// - Returns: nil without parts or with too many, if one is outside the space, if two are of the same addresses, or if the
  ///   site would see one where the space or another is.
  public init?(first: IPv4Address, last: IPv4Address, parts: [Part]) {
    guard first <= last, !parts.isEmpty, parts.count <= Self.partCountMax else { return nil }
    (spaceFirst, spaceSpan) = (first.rawValue, last.rawValue - first.rawValue)
    for (index, part) in parts.enumerated() {
      guard part.mesh >= first.rawValue, part.mesh - first.rawValue <= spaceSpan,
        spaceSpan - (part.mesh - first.rawValue) >= part.span,
        Part.isApart(part.site, part.span, spaceFirst, spaceSpan)
      else { return nil }
      for other in parts[..<index] {
        guard Part.isApart(part.mesh, part.span, other.mesh, other.span),
          Part.isApart(part.site, part.span, other.site, other.span)
        else { return nil }
      }
    }
    self.parts = parts
  }

  /// The whole space.
  /// - Parameter base: where the site sees its first address.
  public init?(first: IPv4Address, last: IPv4Address, base: IPv4Address) {
    guard let part = Part(first: first, last: last, base: base) else { return nil }
    self.init(first: first, last: last, parts: [part])
  }

  /// - Returns: nil for an address that the site does not see the space in.
  public func mesh(_ address: UInt32) -> UInt32? {
    for part in parts where address &- part.site <= part.span { return address &- part.site &+ part.mesh }
    return isHidden(address) ? nil : address
  }

  /// - Returns: nil for an address outside the virtual space.
  public func site(_ address: UInt32) -> UInt32? {
    for part in parts where address &- part.mesh <= part.span { return address &- part.mesh &+ part.site }
    return isHidden(address) ? nil : address
  }

  /// Outside the space, or in a part of it that the site uses itself.
  private func isHidden(_ address: UInt32) -> Bool {
    guard address &- spaceFirst <= spaceSpan else { return true }
    for part in parts where address &- part.mesh <= part.span { return true }
    return false
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
