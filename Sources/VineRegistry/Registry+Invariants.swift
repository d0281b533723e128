import VineAddress
import VineBase

/// What must hold after every command; for tests and simulations.
extension Registry {
  public func checkInvariants() {
    if let fault { preconditionFailure(fault) }
  }

  /// What does not hold, in words; nil if all does.
  public var fault: String? {
    guard let pool = view.space else { return view.sites.isEmpty ? nil : "sites without a space" }
    return faultOfSites ?? faultOfBlocks(pool) ?? faultOfVines ?? faultOfSpace
  }

  private var faultOfSites: String? {
    let names = view.sites.values.map(\.name).sorted { $0.description < $1.description }
    for (one, other) in zip(names, names.dropFirst()) where one == other { return "two sites are called \(one)" }
    for (one, other) in zip(view.sites.keys, view.sites.keys.dropFirst()) where one.tag == other.tag {
      return "\(one) and \(other) have one tag"
    }
    for (name, node) in siteNames where view.sites[node]?.name != name { return "\(name) is not the name of \(node)" }
    return nil
  }

  private func faultOfBlocks(_ pool: Block) -> String? {
    let meshWide = view.blocks.keys.map { ScopedBlock($0) }
    let kept = view.quarantines.keys.filter { $0.scope == nil }
    // They count in every ViNe, so they overlap nothing at all.
    let everywhere = (meshWide + kept).map(\.block).sorted()
    if let (one, other) = Self.overlap(everywhere) { return "\(one) and \(other) overlap" }
    for (held, owner) in view.scopedBlocks {
      guard view.sites[owner] != nil else { return "\(held.block) belongs to nobody" }
      guard pool.contains(held.block) else { return "\(held.block) lies outside the space" }
      if let other = everywhere.first(where: { $0.overlaps(held.block) }) {
        return "\(held.block) of one ViNe overlaps \(other) of all"
      }
    }
    for (block, owner) in view.blocks {
      guard view.sites[owner] != nil else { return "\(block) belongs to nobody" }
      guard pool.contains(block) else { return "\(block) lies outside the space" }
    }
    return Self.overlap(view.reserves.keys).map { "the reserves \($0.0) and \($0.1) overlap" }
  }

  /// Within one ViNe no address has two owners, and no site has two for an address in two of its ViNes.
  private var faultOfVines: String? {
    for network in view.vines.keys {
      var owned: [(block: Block, owner: NodeID)] = []
      for node in view.participants(of: network) {
        for block in view.blocks(of: node, in: network) { owned.append((block, node)) }
      }
      owned.sort { $0.block < $1.block }
      for (one, other) in zip(owned, owned.dropFirst()) where one.block.overlaps(other.block) {
        return "in ViNe \(network.rawValue) \(one.block) of \(one.owner) and \(other.block) of \(other.owner) overlap"
      }
    }
    for node in view.sites.keys {
      let networks = view.networks(of: node)
      for (position, network) in networks.enumerated() {
        for other in networks[..<position] {
          if let (one, rival) = space?.clash(network, other) {
            return "\(node) takes part in ViNes \(network.rawValue) and \(other.rawValue) with \(one) and \(rival)"
          }
        }
      }
    }
    return nil
  }

  /// What is derived from facts is what they derive.
  private var faultOfSpace: String? {
    guard let pool = view.space else { return nil }
    var derived = RegistrySpace(pool: pool)
    for block in view.blocks.keys { derived.insert(ScopedBlock(block)) }
    for held in view.scopedBlocks.keys { derived.insert(held) }
    for held in view.quarantines.keys { derived.insert(held) }
    for reserve in view.reserves.keys { derived.insert(reserve: reserve) }
    return derived == space ? nil : "what is free does not follow from the facts"
  }

  /// Neighbours in a sorted list that share an address.
  private static func overlap(_ blocks: [Block]) -> (Block, Block)? {
    zip(blocks, blocks.dropFirst()).first { $0.overlaps($1) }
  }
}
