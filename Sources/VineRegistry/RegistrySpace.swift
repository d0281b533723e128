import VineAddress
import VineBase

/// What of the virtual space is taken, and in which ViNes.
///
/// A block that counts in every ViNe overlaps no other. One that counts in a single ViNe overlaps none of that ViNe, and
/// none of a ViNe that it meets: two ViNes meet where a site takes part in both, as that site would have two VRs for one
/// address.
struct RegistrySpace: Hashable, Sendable {
  /// Everything: what is free in it is free in every ViNe.
  private(set) var all: Occupancy
  /// What counts in every ViNe, without reserves.
  private var meshWide: Occupancy
  /// What counts in one only, by ViNe.
  private var scoped: SortedMap<NetworkID, Occupancy> = [:]

  init(pool: Block) {
    all = Occupancy(pool: pool)
    meshWide = Occupancy(pool: pool)
  }

  var pool: Block { all.pool }

  mutating func insert(_ held: ScopedBlock) {
    all.insert(held.block)
    if let scope = held.scope {
      var occupancy = scoped[scope] ?? Occupancy(pool: pool)
      occupancy.insert(held.block)
      scoped[scope] = occupancy
    } else {
      meshWide.insert(held.block)
    }
  }

  mutating func remove(_ held: ScopedBlock) {
    all.remove(held.block)
    guard let scope = held.scope else { return meshWide.remove(held.block) }
    _ = scoped.update(scope) { $0.remove(held.block) }
    if scoped[scope]?.isEmpty == true { scoped[scope] = nil }
  }

  mutating func insert(reserve: Block) { all.insert(reserve) }
  mutating func remove(reserve: Block) { all.remove(reserve) }

  /// ViNes in which some block counts that counts in no other; sorted.
  var scopes: [NetworkID] { scoped.keys }

  /// Blocks that count in this ViNe only, by address.
  func blocks(scopedTo network: NetworkID) -> [Block] { scoped[network]?.held ?? [] }

  /// What is taken for a block that is to count in one ViNe only: all but what counts only in ViNes it does not meet.
  func occupancy(for scope: NetworkID, meeting: [NetworkID]) -> Occupancy {
    var occupancy = all
    for (network, other) in scoped where network != scope && !meeting.contains(network) {
      for (block, count) in other.counted { for _ in 0..<count { occupancy.remove(block) } }
    }
    return occupancy
  }

  /// A block that shares an address with `held` and may not; reserves are not looked at.
  /// - Parameter meeting: ViNes that the block's own one meets.
  func conflict(with held: ScopedBlock, meeting: [NetworkID]) -> Block? {
    if let other = meshWide.holder(overlapping: held.block) { return other }
    for (network, other) in scoped {
      if let scope = held.scope, network != scope, !meeting.contains(network) { continue }
      if let other = other.holder(overlapping: held.block) { return other }
    }
    return nil
  }

  /// A block of one ViNe and one of another that share an address.
  func clash(_ network: NetworkID, _ other: NetworkID) -> (Block, Block)? {
    guard let first = scoped[network], let second = scoped[other] else { return nil }
    for block in first.held { if let rival = second.holder(overlapping: block) { return (block, rival) } }
    return nil
  }
}
