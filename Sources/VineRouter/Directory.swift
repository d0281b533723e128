import VineAddress
import VineBase
import VineGossip
import VinePath
import VineRegistry
import VineRouting
import VineWire

/// What this VR knows of the mesh: the registry's facts, the VRs' own records, and the GNDTs derived from both.
///
/// Everything in it came through gossip and was checked before; nothing in it is edited.
public struct Directory: Sendable {
  public private(set) var view = RegistryView()
  public private(set) var records: SortedMap<NodeID, VRRecord> = [:]
  /// One GNDT for each ViNe of the mesh (paper 3.5: "All VRs receive a copy of the GNDTs of every ViNe").
  public private(set) var tables: SortedMap<NetworkID, GNDT> = [:]
  private var stale: SortedMap<NetworkID, Bool> = [:]

  public enum Change: Hashable, Sendable {
    case fact(FactKey)
    case record(NodeID)
    /// Decodes to nothing that this version knows; kept and passed on by gossip all the same.
    case unreadable
  }

  public init() {}

  /// Takes a record that gossip accepted. Call `derive` after a batch.
  public mutating func absorb(_ record: SignedRecord) -> Change {
    switch record.key.kind {
    case .vr:
      guard let content = try? VRRecord.decode(record.payload) else { return .unreadable }
      for network in records[record.author]?.participation.keys ?? [] { stale[network] = true }
      for network in content.participation.keys { stale[network] = true }
      records[record.author] = content
      return .record(record.author)
    case .fact:
      guard let fact = try? FactRecord.decode(record.payload) else { return .unreadable }
      _ = view.absorb(fact)
      switch fact.key {
      case .vine(let network), .participation(let network, _): stale[network] = true
      case .block, .revocation: for network in view.vines.keys { stale[network] = true }
      case .mesh, .site: break
      }
      return .fact(fact.key)
    default: return .unreadable
    }
  }

  /// Derives the GNDTs that something changed for. - Returns: which those were.
  public mutating func derive() -> [NetworkID] {
    let changed = stale.keys
    stale = [:]
    for network in changed {
      tables[network] = nil
      guard view.vines[network] != nil else { continue }
      var claims: SortedMap<NodeID, AddressSet> = [:]
      let participants = view.participants(of: network)
      for node in participants {
        if let claim = records[node]?.participation[network] { claims[node] = claim }
      }
      tables[network] = GNDT.derive(
        network: network, blocks: view.blocks, participants: participants, claims: claims)
    }
    return changed
  }

  /// Admitted and not revoked, this VR included; sorted.
  public var admitted: [NodeID] { view.sites.keys.filter { !view.isRevoked($0) } }

  /// The site's name, or the short identifier of a VR that is not admitted.
  public func name(of node: NodeID) -> String { view.sites[node]?.description ?? node.description }

  public func reachability(of node: NodeID) -> PeerReachability? {
    records[node].map {
      PeerReachability(node: node, role: $0.role, endpoints: $0.endpoints, queueVR: $0.queueVR)
    }
  }

  /// The VR that has this tag; the registry admits no two.
  public func node(tagged tag: NodeTag) -> NodeID? { view.sites.keys.first { $0.tag == tag } }
}
