import VineBase

/// The VRs and ViNes that this site's own policy refuses, whatever the registry and other sites say.
public struct Refusals: Hashable, Sendable {
  /// Sorted.
  public let nodes: [NodeID]
  public let networks: [NetworkID]

  public init(nodes: [NodeID] = [], networks: [NetworkID] = []) {
    self.nodes = nodes.sorted()
    self.networks = networks.sorted()
  }

  public var isEmpty: Bool { nodes.isEmpty && networks.isEmpty }
}
