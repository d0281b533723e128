import VineAddress
import VineBase
import VineRouter
import VineRouting

/// What the GNDTs ought to be: from what the leader's registry decided and the LNDTs that the VRs hold, address by
/// address, without a range, a claim or a record. An oracle for what the VRs derive from gossip.
struct TableModel: Sendable {
  /// Whose each address of a ViNe is.
  private let owners: [NetworkID: [IPv4Address: NodeID]]
  /// ViNes of each VR.
  private let networks: [NodeID: [NetworkID]]

  /// - Returns: nil without a leader.
  init?(_ world: World) {
    guard let leader = world.leader else { return nil }
    let view = world.router(leader).registrar.registry.view
    var owners: [NetworkID: [IPv4Address: NodeID]] = [:]
    var networks: [NodeID: [NetworkID]] = [:]
    for network in view.vines.keys { owners[network] = [:] }
    for index in 0..<world.count {
      let router = world.router(index)
      networks[router.node] = view.networks(of: router.node)
      for (address, members) in router.hosts.hosts {
        for network in members where view.takesPart(router.node, in: network) {
          let isOwn = view.blocks(of: router.node, in: network).contains { block in
            block.contains(address) && ![block.base, block.gateway, block.broadcast].contains(address)
          }
          if isOwn { owners[network, default: [:]][address] = router.node }
        }
      }
    }
    (self.owners, self.networks) = (owners, networks)
  }

  /// - Returns: the first table that is not what it ought to be, in words.
  func fault(in world: World) -> String? {
    for index in world.live {
      let router = world.router(index)
      // Paper 3.5: every VR has a copy of the GNDTs of all ViNes.
      guard router.directory.tables.count == owners.count else {
        return "VR \(index) has \(router.directory.tables.count) GNDTs of \(owners.count) ViNes"
      }
      for (network, table) in router.directory.tables where Self.owners(table) != owners[network] {
        return "VR \(index) has \(table.entryCount) ranges in its GNDT of ViNe \(network), not those of the hosts"
      }
      // What packets are decided by knows the own ViNes alone.
      let forwarded = world.vrs[index].plane.table?.vines ?? []
      guard forwarded == networks[router.node] ?? [] else {
        return "VR \(index) forwards in \(forwarded.count) ViNes and takes part in \(networks[router.node]?.count ?? 0)"
      }
    }
    return nil
  }

  private static func owners(_ table: GNDT) -> [IPv4Address: NodeID] {
    var owners: [IPv4Address: NodeID] = [:]
    for entry in table.entries {
      for address in entry.range.first.rawValue...entry.range.last.rawValue {
        owners[IPv4Address(rawValue: address)] = entry.owner
      }
    }
    return owners
  }
}
