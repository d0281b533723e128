import VineAddress
import VineBase

/// ViNes, and who takes part in them.
extension Registry {
  static let vinesMax = 65_536

  mutating func createVine(
    _ name: VineName, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard view.vine(named: name) == nil else { throw .vineNameTaken(name) }
    guard view.vines.count < Self.vinesMax, nextNetwork < .max else { throw .limitReached("ViNes") }
    let network = NetworkID(rawValue: nextNetwork)
    nextNetwork += 1
    set(.vine(network), .vine(name: name, creator: author), at: index)
    set(.participation(network, author), .participation, at: index)
    return .vine(network)
  }

  mutating func renameVine(
    _ network: NetworkID, _ name: VineName, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard let vine = view.vines[network] else { throw .unknownVine(network) }
    guard view.takesPart(author, in: network) else { throw .noPart(network) }
    guard vine.name != name else { return .vine(network) }
    guard view.vine(named: name) == nil else { throw .vineNameTaken(name) }
    set(.vine(network), .vine(name: name, creator: vine.creator), at: index)
    return .vine(network)
  }

  /// What counts in this ViNe only ends with it; its identifier is given out no second time.
  mutating func deleteVine(
    _ network: NetworkID, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    let others = try participants(of: network).filter { $0 != author }
    guard others.isEmpty else { throw .vineInUse(network, participants: others.count) }
    for (held, _) in view.scopedBlocks where held.scope == network { set(.holding(held), nil, at: index) }
    for (held, _) in view.quarantines where held.scope == network { set(.quarantine(held), nil, at: index) }
    set(.vine(network), nil, at: index)
    set(.participation(network, author), nil, at: index)
    return .done
  }

  /// Refused where the site would have two VRs for one address.
  mutating func takePart(
    _ network: NetworkID, by author: NodeID, in space: RegistrySpace, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard try !participants(of: network).contains(author) else { return .vine(network) }
    for other in view.networks(of: author) {
      if let (block, _) = space.clash(network, other) { throw .twoOwners(block, other: other) }
    }
    set(.participation(network, author), .participation, at: index)
    return .vine(network)
  }

  mutating func leaveVine(
    _ network: NetworkID, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard try participants(of: network).contains(author) else { return .vine(network) }
    if let held = view.holdings(of: author).first(where: { $0.scope == network }) {
      throw .scopedBlockLeft(network, held.block)
    }
    set(.participation(network, author), nil, at: index)
    return .vine(network)
  }

  private func participants(of network: NetworkID) throws(RegistryRefusal) -> [NodeID] {
    guard view.vines[network] != nil else { throw .unknownVine(network) }
    return view.participants(of: network)
  }
}
