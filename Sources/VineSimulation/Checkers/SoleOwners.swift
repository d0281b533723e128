import VineAddress
import VineBase

/// Within one ViNe no address ever has two owners, on no VR's table and between no two VRs' blocks.
public struct SoleOwners: Checker {
  public let claim = "within one ViNe no address ever has two owners"

  public init() {}

  public func check(_ world: World) -> String? {
    var owners: SortedMap<Block, NodeID> = [:]
    for index in world.live {
      for (block, owner) in world.router(index).directory.view.blocks {
        if let other = owners[block], other != owner { return "\(block) belongs to \(other) and to \(owner)" }
        owners[block] = owner
      }
    }
    return Self.overlap(owners.keys.map { $0 })
  }

  /// Two different blocks of a list that share an address.
  static func overlap(_ blocks: [Block]) -> String? {
    let blocks = blocks.sorted { $0.base.rawValue < $1.base.rawValue }
    for (first, second) in zip(blocks, blocks.dropFirst()) where first.last.rawValue >= second.base.rawValue {
      return "\(first) and \(second) overlap"
    }
    return nil
  }
}
