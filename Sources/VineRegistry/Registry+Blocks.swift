import VineAddress
import VineBase

/// Blocks: given to sites, given back.
extension Registry {
  /// Where a block for so many hosts breaks up the least.
  func place(_ hosts: Int, in occupancy: Occupancy) throws(RegistryRefusal) -> Block {
    guard let length = Block.prefixLength(forHosts: hosts), let block = occupancy.best(prefixLength: length) else {
      throw noBlockLeft(hosts, in: occupancy)
    }
    return block
  }

  /// A refusal that says what is free.
  func noBlockLeft(_ hosts: Int, in occupancy: Occupancy?) -> RegistryRefusal {
    .noBlockLeft(hosts: hosts, largest: occupancy?.largestFree, free: occupancy?.freeCount ?? 0)
  }

  mutating func allocate(
    _ hosts: Int, _ scope: NetworkID?, for author: NodeID, in space: RegistrySpace, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    var occupancy = space.all
    if let scope {
      guard view.vines[scope] != nil else { throw .unknownVine(scope) }
      guard view.takesPart(author, in: scope) else { throw .noPart(scope) }
      if clock.now >= overlapFrom { occupancy = space.occupancy(for: scope, meeting: networksMeeting(scope)) }
    }
    let block = try place(hosts, in: occupancy)
    set(.holding(ScopedBlock(block, scope: scope)), .block(owner: author), at: index)
    return .allocated(block)
  }

  mutating func release(
    _ held: ScopedBlock, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard view.owner(of: held) == author else { throw .blockNotYours(held) }
    guard view.holdings(of: author).count > 1 else { throw .lastBlock(held.block) }
    set(.holding(held), nil, at: index)
    return .done
  }

  /// ViNes with blocks of their own in which some site takes part that takes part in `network`, too; sorted.
  func networksMeeting(_ network: NetworkID) -> [NetworkID] {
    let others = (space?.scopes ?? []).filter { $0 != network }
    guard !others.isEmpty else { return [] }
    let participants = view.participants(of: network)
    return others.filter { other in participants.contains { view.takesPart($0, in: other) } }
  }
}
