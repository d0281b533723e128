import VineAddress
import VineBase
import VinePacket

/// The virtual space as this site's hosts see it: as it is, or mirrored (paper 3.3). Inside the mesh, in tables and
/// records, an address is always the mesh's.
struct SiteSpace: Hashable, Sendable {
  let space: Block
  let mirror: Mirror?

  /// - Parameter base: where the site sees the space's first address; nil: it sees the space itself.
  /// - Throws: `HostError` 78.
  init(space: Block, mirroredAt base: IPv4Address?) throws(HostError) {
    self.space = space
    guard let base else {
      mirror = nil
      return
    }
    guard base.rawValue & 0xFFFF == space.base.rawValue & 0xFFFF,
      let mirror = Mirror(first: space.base, last: space.last, base: base)
    else {
      throw HostError(
        "the virtual space \(space) can't be mirrored at \(base)",
        mend: "give `mirror` an address like 10.116.0.0, whose range lies outside \(space)", .configuration)
    }
    self.mirror = mirror
  }

  /// What the site's hosts write to.
  var blocks: [Block] {
    mirror.map { AddressRange(first: $0.range.first, last: $0.range.last).blocks } ?? [space]
  }

  /// As the site sees it.
  func site(_ address: IPv4Address) -> IPv4Address {
    mirror?.site(address.rawValue).map(IPv4Address.init) ?? address
  }

  /// As the mesh has it; the site may name either.
  func mesh(_ address: IPv4Address) -> IPv4Address {
    mirror?.mesh(address.rawValue).map(IPv4Address.init) ?? address
  }

  /// A block as the site sees it, `10.118.2.0/24`.
  func text(of block: Block) -> String { "\(site(block.base))/\(block.prefixLength)" }

  func overlaps(_ block: Block) -> Bool { blocks.contains { $0.overlaps(block) } }

  func contains(_ address: IPv4Address) -> Bool { blocks.contains { $0.contains(address) } }

  /// A range for a mirror that none of these routes lies in; the paper's first.
  static func free(for space: Block, besides routes: [Block]) -> IPv4Address? {
    let bases = [0x0A74_0000] + (0..<16).map { 0x0A00_0000 + UInt32($0) << 20 }
    return bases.map(IPv4Address.init).first { base in
      guard let seen = try? SiteSpace(space: space, mirroredAt: base) else { return false }
      return !routes.contains(where: seen.overlaps)
    }
  }
}
