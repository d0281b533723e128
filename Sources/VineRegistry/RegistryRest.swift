import VineAddress
import VineBase

/// Facts that most meshes have few of: blocks that count in one ViNe, reserves, quarantines, and who votes.
struct RegistryRest: Sendable {
  /// Values of facts that stand, and the newest version of each, also of those that were taken back.
  struct Versioned<Key: Hashable & Comparable & Sendable, Value: Sendable>: Sendable {
    private(set) var values: SortedMap<Key, Value> = [:]
    private(set) var marks: SortedMap<Key, RegistryView.Mark> = [:]

    mutating func set(_ key: Key, _ value: Value?, _ mark: RegistryView.Mark) {
      values[key] = value
      marks[key] = mark
    }
  }

  private(set) var scoped = Versioned<ScopedBlock, NodeID>()
  private(set) var reserves = Versioned<Block, NodeID>()
  private(set) var quarantines = Versioned<ScopedBlock, RegistryView.Quarantine>()
  private(set) var voters = Versioned<NodeID, VoterReason>()
  private var owned: SortedMap<RegistryView.Owned<ScopedBlock>, Bool> = [:]

  func mark(of key: FactKey) -> RegistryView.Mark? {
    switch key {
    case .scopedBlock(let network, let block): scoped.marks[ScopedBlock(block, scope: network)]
    case .reserve(let block): reserves.marks[block]
    case .quarantine(let held): quarantines.marks[held]
    case .voter(let node): voters.marks[node]
    case .mesh, .site, .block, .vine, .participation, .revocation: nil
    }
  }

  /// Takes a fact that is newer than what is known of its key.
  mutating func absorb(_ fact: RegistryFact, _ mark: RegistryView.Mark) {
    switch fact.key {
    case .scopedBlock(let network, let block):
      let held = ScopedBlock(block, scope: network)
      if let old = scoped.values[held] { owned[.init(tag: old.tag, thing: held)] = nil }
      var owner: NodeID?
      if case .block(let node)? = fact.body { owner = node }
      if let owner { owned[.init(tag: owner.tag, thing: held)] = true }
      scoped.set(held, owner, mark)
    case .reserve(let block):
      var delegate: NodeID?
      if case .reserve(let node)? = fact.body { delegate = node }
      reserves.set(block, delegate, mark)
    case .quarantine(let held):
      var quarantine: RegistryView.Quarantine?
      if case .quarantine(let until, let owner)? = fact.body { quarantine = .init(until: until, owner: owner) }
      quarantines.set(held, quarantine, mark)
    case .voter(let node):
      var reason: VoterReason?
      if case .voter(let why)? = fact.body { reason = why }
      voters.set(node, reason, mark)
    case .mesh, .site, .block, .vine, .participation, .revocation: break
    }
  }

  /// By ViNe, then by address.
  func scopedBlocks(of node: NodeID) -> [ScopedBlock] {
    guard !owned.isEmpty else { return [] }
    return RegistryView.things(of: node, in: owned, from: .lowest).filter { scoped.values[$0] == node }
  }
}

extension RegistryView {
  /// A block that is nobody's for a while.
  public struct Quarantine: Hashable, Sendable {
    /// By the registry's time.
    public let until: WallTime
    /// Whose it was; nil where nobody knows.
    public let owner: NodeID?
  }

  /// Blocks that count in one ViNe only, and whose they are.
  public var scopedBlocks: SortedMap<ScopedBlock, NodeID> { rest.scoped.values }
  /// Reserves and their delegates.
  public var reserves: SortedMap<Block, NodeID> { rest.reserves.values }
  public var quarantines: SortedMap<ScopedBlock, Quarantine> { rest.quarantines.values }
  /// VRs that vote, as far as facts tell; sorted.
  public var voters: [NodeID] { rest.voters.values.keys }
  public func voterReason(_ node: NodeID) -> VoterReason? { rest.voters.values[node] }

  /// The decision by which the VR stopped voting; nil if it votes, or no fact says anything of it.
  public func voterGone(_ node: NodeID) -> FactVersion? {
    rest.voters.marks[node].flatMap { $0.stands ? nil : $0.version }
  }

  /// The decision that made a reserve; it tells one delegation from an earlier one of the same block.
  public func delegation(of reserve: Block) -> FactVersion? {
    rest.reserves.values[reserve] == nil ? nil : rest.reserves.marks[reserve]?.version
  }

  /// Blocks that count in this ViNe only and those kept free in it, by address.
  func scoped(to network: NetworkID) -> [Block] {
    let first = ScopedBlock(.lowest, scope: network)
    var blocks: [Block] = []
    var held = rest.scoped.values.makeIterator(from: first)
    while let (thing, _) = held.next(), thing.scope == network { blocks.append(thing.block) }
    var kept = rest.quarantines.values.makeIterator(from: first)
    while let (thing, _) = kept.next(), thing.scope == network { blocks.append(thing.block) }
    return blocks.sorted()
  }
}
