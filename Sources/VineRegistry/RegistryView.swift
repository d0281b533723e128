import VineAddress
import VineBase

/// What any VR knows of the registry: the newest fact of each key, in whatever order the facts arrived.
public struct RegistryView: Sendable {
  public struct Vine: Hashable, Sendable {
    public let name: VineName
    public let creator: NodeID
  }

  private var facts: SortedMap<FactKey, RegistryFact> = [:]
  public private(set) var space: Block?
  public private(set) var sites: SortedMap<NodeID, SiteName> = [:]
  public private(set) var blocks: SortedMap<Block, NodeID> = [:]
  public private(set) var vines: SortedMap<NetworkID, Vine> = [:]
  private var participations: SortedMap<NetworkID, [NodeID]> = [:]
  private var revocations: SortedMap<NodeID, Bool> = [:]

  public init() {}

  /// - Returns: false if a fact of the same or a later index is known, or key and body do not match.
  public mutating func absorb(_ fact: RegistryFact) -> Bool {
    guard fact.isConsistent, facts[fact.key].map({ $0.index < fact.index }) ?? true else { return false }
    facts[fact.key] = fact
    switch (fact.key, fact.body) {
    case (.mesh, .mesh(let space)?): self.space = space
    case (.site(let node), .site(let name)?): sites[node] = name
    case (.site(let node), _): sites[node] = nil
    case (.block(let block), .block(let owner)?): blocks[block] = owner
    case (.block(let block), _): blocks[block] = nil
    case (.vine(let network), .vine(let name, let creator)?): vines[network] = Vine(name: name, creator: creator)
    case (.vine(let network), _): vines[network] = nil
    case (.participation(let network, let node), let body):
      var nodes = participations[network] ?? []
      nodes.removeAll { $0 == node }
      if body != nil { nodes = (nodes + [node]).sorted() }
      participations[network] = nodes.isEmpty ? nil : nodes
    case (.revocation(let node), let body): revocations[node] = body == nil ? nil : true
    case (.mesh, _): break
    }
    return true
  }

  /// Sites that take part and are not revoked, sorted; none of a ViNe that does not exist.
  public func participants(of network: NetworkID) -> [NodeID] {
    guard vines[network] != nil else { return [] }
    return (participations[network] ?? []).filter { !isRevoked($0) }
  }

  public func isRevoked(_ node: NodeID) -> Bool { revocations[node] ?? false }

  public var revoked: [NodeID] { revocations.keys }

  public func site(named name: SiteName) -> NodeID? { sites.first { $0.1 == name }?.0 }

  public func vine(named name: VineName) -> NetworkID? { vines.first { $0.1.name == name }?.0 }

  /// By address.
  public func blocks(of node: NodeID) -> [Block] { blocks.filter { $0.1 == node }.map(\.0) }

  /// Equal for equal facts in whatever order they came (FNV-1a over keys and indices in the order of keys).
  public var digest: UInt64 {
    var writer = ByteWriter()
    for (key, fact) in facts {
      writer.append(key.bytes)
      writer.integer(fact.index)
      writer.integer(UInt8(fact.body == nil ? 0 : 1))
    }
    return FNV1a.hash(writer.bytes)
  }
}
