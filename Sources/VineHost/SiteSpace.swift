import VineAddress
import VineBase
import VinePacket

/// The virtual space as this site's hosts see it: as it is, or mirrored, wholly or in part (paper 3.3). Inside the mesh, in
/// tables and records, an address is always the mesh's.
struct SiteSpace: Hashable, Sendable {
  let space: Block
  let mirror: Mirror?
  /// The parts of the space that the site sees elsewhere, each with where its first address is seen.
  private let moved: [MirrorChoice.Part]

  /// - Parameter choice: nil: the site sees the space itself.
  /// - Throws: `HostError` 78.
  init(space: Block, mirrored choice: MirrorChoice?) throws(HostError) {
    self.space = space
    moved = choice?.parts(of: space) ?? []
    guard let choice else {
      mirror = nil
      return
    }
    for part in moved {
      let (block, base) = (part.block, part.base)
      // The paper's 10.116.0.0 is no multiple of a /12: whole /16s keep their form.
      let size = UInt64(min(block.addressCount, 1 << 16))
      guard UInt64(base.rawValue) % size == UInt64(block.base.rawValue) % size else {
        throw Self.refusal("\(block) can't be seen at \(base), which splits blocks", choice, space)
      }
      guard space.contains(block) else {
        throw Self.refusal("\(block) is no part of the virtual space \(space)", choice, space)
      }
    }
    let parts = moved.compactMap { Mirror.Part(first: $0.block.base, last: $0.block.last, base: $0.base) }
    guard parts.count == moved.count, let mirror = Mirror(first: space.base, last: space.last, parts: parts) else {
      throw Self.refusal("the virtual space \(space) can't be mirrored at \(choice)", choice, space)
    }
    self.mirror = mirror
  }

  private static func refusal(_ what: String, _ choice: MirrorChoice, _ space: Block) -> HostError {
    let example =
      switch choice {
      case .whole: "an address like 10.116.0.0, whose range lies outside \(space)"
      case .parts:
        "blocks of \(space) with addresses like 10.117.0.0, at most \(Mirror.partCountMax), whose ranges lie outside \(space) and one another"
      }
    return HostError(what, mend: "give `mirror` \(example)", .configuration)
  }

  /// What the site's hosts write to, and nothing else.
  var blocks: [Block] { seenAsIs + seenElsewhere }

  /// What hosts route to the VR: fewer, because what their own network uses of the space is more specific and wins.
  var routes: [Block] { (moved.contains { $0.block == space } ? [] : [space]) + seenElsewhere }

  private var seenElsewhere: [Block] {
    moved.sorted { $0.base < $1.base }.flatMap { part in
      let last = part.base.rawValue &+ UInt32(truncatingIfNeeded: part.block.addressCount - 1)
      return AddressRange(first: part.base, last: IPv4Address(rawValue: last)).blocks
    }
  }

  private var seenAsIs: [Block] {
    var blocks: [Block] = []
    var next = UInt64(space.base.rawValue)
    for part in moved.map(\.block.range).sorted() {
      append(&blocks, from: next, to: UInt64(part.first.rawValue))
      next = UInt64(part.last.rawValue) + 1
    }
    append(&blocks, from: next, to: UInt64(space.last.rawValue) + 1)
    return blocks
  }

  private func append(_ blocks: inout [Block], from first: UInt64, to end: UInt64) {
    guard first < end, let first = UInt32(exactly: first), let last = UInt32(exactly: end - 1) else { return }
    blocks += AddressRange(first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: last)).blocks
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

  /// A mirror for what these blocks of the site's own use of the space, at ranges that no other route lies in; nil if there
  /// are none. The whole of each /16 is mirrored: no block of the mesh up to that size is split by it.
  static func free(for space: Block, used: [Block], besides routes: [Block]) -> MirrorChoice? {
    var parts: [Block] = []
    for block in used where !parts.contains(where: { $0.contains(block) }) {
      let part = block.prefixLength > 16 ? Block.holding(block.base, prefixLength: 16) : block
      parts.removeAll { part.contains($0) }
      parts.append(part)
    }
    guard parts.count <= Mirror.partCountMax, parts.allSatisfy({ space.contains($0) && $0 != space }) else {
      return whole(for: space, besides: routes)
    }
    var chosen: [MirrorChoice.Part] = []
    for part in parts.sorted() {
      let candidates = seats(for: part).filter { seat in
        !routes.contains { $0.overlaps(seat) }
          && !chosen.contains { Block.holding($0.base, prefixLength: $0.block.prefixLength).overlaps(seat) }
      }
      guard let seat = candidates.first else { return whole(for: space, besides: routes) }
      chosen.append(MirrorChoice.Part(block: part, base: seat.base))
    }
    return .parts(chosen)
  }

  /// Where a part could be seen: the paper's place first, 172.17 at 10.117, then the rest of 10.0.0.0/8.
  private static func seats(for part: Block) -> [Block] {
    let length = part.prefixLength
    guard length >= 8 else { return [] }
    let papers = 0x0A74_0000 &+ (part.base.rawValue &- Block.standardSpace.base.rawValue)
    let step = UInt64(1) << (32 - length)
    let all = stride(from: UInt64(0x0A00_0000), to: 0x0B00_0000, by: UInt64.Stride(step)).map {
      UInt32(truncatingIfNeeded: $0)
    }
    return ([papers].filter { $0 >> 24 == 10 } + all).compactMap {
      Block(base: IPv4Address(rawValue: $0), prefixLength: length)
    }
  }

  /// A range for a mirror of all of it; the paper's first.
  private static func whole(for space: Block, besides routes: [Block]) -> MirrorChoice? {
    let bases = [0x0A74_0000] + (0..<16).map { 0x0A00_0000 + UInt32($0) << 20 }
    return bases.map { MirrorChoice.whole(IPv4Address(rawValue: $0)) }.first { choice in
      guard let seen = try? SiteSpace(space: space, mirrored: choice) else { return false }
      return !routes.contains(where: seen.overlaps)
    }
  }
}
