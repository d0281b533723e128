import VineAddress
import VineBase
import VineGossip
import VinePath
import VineRegistry
import VineRouting
import VineWire

/// What this VR knows of the mesh: the registry's facts, the VRs' own records, and the GNDTs derived from both.
///
/// Everything in it came through gossip and was checked before; nothing in it is edited. Each record changes the tables
/// by what it says: the GNDTs are those that all facts and records derive, in whatever order they came.
public struct Directory: Sendable {
  public private(set) var view = RegistryView()
  public private(set) var records: SortedMap<NodeID, VRRecord> = [:]
  /// One GNDT for each ViNe of the mesh (paper 3.5: "All VRs receive a copy of the GNDTs of every ViNe").
  public private(set) var tables: SortedMap<NetworkID, GNDT> = [:]
  /// Records that this version cannot read: kept for the day when it can, and passed on.
  public private(set) var unreadable: SortedMap<RecordKey, Bool> = [:]
  /// ViNes whose table or version changed since somebody last asked.
  private var changed: SortedMap<NetworkID, Bool> = [:]

  public enum Change: Hashable, Sendable {
    case fact(FactKey)
    case record(NodeID)
    /// Decodes to nothing that this version knows; kept and passed on by gossip all the same.
    case unreadable
  }

  public init() {}

  /// Takes a record that gossip accepted.
  public mutating func absorb(
    _ record: SignedRecord, reading content: (SignedRecord) -> RecordContent = { RecordContent($0) }
  ) -> Change {
    let content = content(record)
    if case .unreadable = content {
      unreadable[record.key] = true
      return .unreadable
    }
    if !unreadable.isEmpty { unreadable[record.key] = nil }
    switch content {
    case .vr(let content):
      learn(content, of: record.author)
      return .record(record.author)
    case .fact(let fact):
      learn(fact)
      return .fact(fact.key)
    case .unreadable: return .unreadable
    }
  }

  /// ViNes whose table, or its version, changed since the last call; sorted.
  public mutating func takeChanges() -> [NetworkID] {
    guard !changed.isEmpty else { return [] }
    let networks = changed.keys
    changed.removeAll()
    return networks
  }

  // MARK: Tables

  /// Takes a VR's word on itself.
  public mutating func learn(_ content: VRRecord, of node: NodeID) {
    let before = records[node]
    let known = before?.claims
    records[node] = content
    if before?.succession != content.succession { noteSuccession(of: node, before?.succession, content.succession) }
    guard known != content.claims else { return }
    for network in view.networks(of: node) where known?[network] != content.claims[network] {
      derivePart(of: node, in: network)
    }
  }

  /// Forwarding tables depend on it, though no GNDT does.
  private mutating func noteSuccession(
    of node: NodeID, _ old: VRRecord.Succession?, _ new: VRRecord.Succession
  ) {
    var firsts: [NodeID] = []
    if old?.second != new.second { firsts.append(node) }
    for tag in [old?.standsInFor, new.standsInFor] {
      if let tag, let first = self.node(tagged: tag) { firsts.append(first) }
    }
    for first in firsts { for network in view.networks(of: first) { changed[network] = true } }
  }

  private mutating func learn(_ fact: RegistryFact) {
    switch fact.key {
    case .block, .scopedBlock:
      guard let held = fact.key.holding else { return }
      let before = view.owner(of: held)
      guard view.absorb(fact) else { return }
      let after = view.owner(of: held)
      if let before { deriveParts(of: before) }
      if let after, after != before { deriveParts(of: after) }
    case .vine(let network):
      guard view.absorb(fact) else { return }
      deriveTable(network)
    case .participation(let network, let node):
      guard view.absorb(fact) else { return }
      // A revocation counts for the ViNes that its VR ever took part in.
      decided(network, max(fact.index, view.revocationIndex(of: node)))
      derivePart(of: node, in: network)
    case .revocation(let node):
      guard view.absorb(fact) else { return }
      for network in view.everNetworks(of: node) {
        decided(network, fact.index)
        derivePart(of: node, in: network)
      }
    case .mesh, .site, .reserve, .quarantine, .voter: _ = view.absorb(fact)
    }
  }

  private mutating func deriveTable(_ network: NetworkID) {
    changed[network] = true
    guard view.vines[network] != nil else {
      tables[network] = nil
      return
    }
    let decision = view.lastDecision(on: network)
    guard tables.update(network, { $0.decided(decision) }) == nil else { return }
    tables[network] = GNDT(network: network, decision: decision)
    for node in view.participants(of: network) { derivePart(of: node, in: network) }
  }

  private mutating func decided(_ network: NetworkID, _ index: UInt64) {
    _ = tables.update(network) { $0.decided(index) }
  }

  private mutating func deriveParts(of node: NodeID) {
    for network in view.networks(of: node) { derivePart(of: node, in: network) }
  }

  private mutating func derivePart(of node: NodeID, in network: NetworkID) {
    guard tables[network] != nil else { return }
    changed[network] = true
    guard view.takesPart(node, in: network) else {
      _ = tables.update(network) { $0.remove(node) }
      return
    }
    let claim = records[node]?.claims[network]
    let addresses = claim.map { GNDT.part(of: $0.addresses, in: view.blocks(of: node, in: network)) } ?? AddressSet()
    _ = tables.update(network) { $0.set(addresses, changes: UInt64(claim?.changes ?? 0), of: node) }
  }

  /// VRs that take part in any of these ViNes; sorted, each once.
  func participants(in networks: [NetworkID]) -> [NodeID] {
    var found: SortedMap<NodeID, Bool> = [:]
    for network in networks { for node in tables[network]?.participants ?? [] { found[node] = true } }
    return found.keys
  }

  // MARK: VRs

  /// Admitted and not revoked, this VR included; sorted.
  public var admitted: [NodeID] { view.sites.keys.filter { !view.isRevoked($0) } }

  /// The site's name, or the short identifier of a VR that is not admitted.
  public func name(of node: NodeID) -> String { view.sites[node]?.name.description ?? node.description }

  public func reachability(of node: NodeID) -> PeerReachability? {
    records[node].map {
      PeerReachability(node: node, role: $0.role, endpoints: $0.endpoints, queueVR: $0.queueVR)
    }
  }

  /// The VR that has this tag; the registry admits no two.
  public func node(tagged tag: NodeTag) -> NodeID? { view.site(tagged: tag) }
}
