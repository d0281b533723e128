import VineAddress
import VineBase

/// What any VR knows of the registry: the newest fact of each key, in whatever order the facts arrived.
///
/// Every VR of a mesh holds all facts, so a site with its block costs some 200 bytes, and no question looks at all facts.
public struct RegistryView: Sendable {
  public struct Vine: Hashable, Sendable {
    public let name: VineName
    public let creator: NodeID
  }

  public struct Site: Hashable, Sendable {
    public let name: SiteName
    fileprivate let mark: Mark
  }

  /// The version of a key's newest fact; what was taken back is remembered, or an older fact would bring it back.
  struct Mark: Hashable, Sendable {
    /// Twice the index, and one more if the fact stands.
    private let word: UInt64
    private let epoch: UInt32

    init(_ fact: RegistryFact) {
      word = fact.version.index << 1 | (fact.body != nil ? 1 : 0)
      epoch = fact.version.epoch
    }

    var version: FactVersion { FactVersion(epoch: epoch, index: index) }
    var index: UInt64 { word >> 1 }
    var stands: Bool { word & 1 == 1 }
    /// Of the first epoch it is `word` itself.
    fileprivate var summary: UInt64 { word &+ UInt64(epoch &- 1) << 40 }
  }

  /// A site's part in a ViNe; order is by ViNe.
  private struct Part: Hashable, Comparable, Sendable {
    let network: NetworkID
    let node: NodeID
    static func < (left: Self, right: Self) -> Bool {
      left.network == right.network ? left.node < right.node : left.network < right.network
    }
  }

  /// Something of a VR's; order is by VR. Whose it is for certain is asked elsewhere: tags may be the same.
  struct Owned<Thing: Hashable & Comparable & Sendable>: Hashable, Comparable, Sendable {
    let tag: NodeTag
    let thing: Thing
    static func < (left: Self, right: Self) -> Bool {
      left.tag == right.tag ? left.thing < right.thing : left.tag < right.tag
    }
  }

  public private(set) var space: Block?
  public private(set) var sites: SortedMap<NodeID, Site> = [:]
  /// Blocks that count in every ViNe.
  public private(set) var blocks: SortedMap<Block, NodeID> = [:]
  public private(set) var vines: SortedMap<NetworkID, Vine> = [:]
  /// Equal for equal facts in whatever order they came: the sum of hashes of keys, indices and whether they stand.
  public private(set) var digest: UInt64 = 0

  private var meshMark: Mark?
  /// Of sites that were taken back.
  private var goneSites: SortedMap<NodeID, Mark> = [:]
  private var blockMarks: SortedMap<Block, Mark> = [:]
  private var vineMarks: SortedMap<NetworkID, Mark> = [:]
  private var parts: SortedMap<Part, Mark> = [:]
  private var revocations: SortedMap<NodeID, Mark> = [:]
  private var ownedBlocks: SortedMap<Owned<Block>, Bool> = [:]
  /// ViNes that a VR takes part in, or did.
  private var ownedParts: SortedMap<Owned<NetworkID>, Bool> = [:]
  private var vineNames: SortedMap<VineName, NetworkID> = [:]
  /// Blocks that count in one ViNe only, reserves, quarantines and voters.
  var rest = RegistryRest()

  public init() {}

  /// - Returns: false if a fact of the same or a later index is known, or key and body do not match.
  public mutating func absorb(_ fact: RegistryFact) -> Bool {
    guard fact.isConsistent else { return false }
    let mark = Mark(fact)
    switch fact.key {
    case .mesh:
      guard note(fact.key, meshMark, mark) else { return false }
      meshMark = mark
      if case .mesh(let space)? = fact.body { self.space = space } else { space = nil }
    case .site(let node):
      guard note(fact.key, sites[node]?.mark ?? goneSites[node], mark) else { return false }
      if case .site(let name)? = fact.body { sites[node] = Site(name: name, mark: mark) } else { sites[node] = nil }
      goneSites[node] = mark.stands ? nil : mark
    case .block(let block):
      guard note(fact.key, blockMarks[block], mark) else { return false }
      blockMarks[block] = mark
      if let old = blocks[block] { ownedBlocks[Owned(tag: old.tag, thing: block)] = nil }
      if case .block(let owner)? = fact.body {
        blocks[block] = owner
        ownedBlocks[Owned(tag: owner.tag, thing: block)] = true
      } else {
        blocks[block] = nil
      }
    case .vine(let network):
      guard note(fact.key, vineMarks[network], mark) else { return false }
      vineMarks[network] = mark
      absorb(vine: fact.body, network)
    case .participation(let network, let node):
      let part = Part(network: network, node: node)
      guard note(fact.key, parts[part], mark) else { return false }
      parts[part] = mark
      ownedParts[Owned(tag: node.tag, thing: network)] = true
    case .revocation(let node):
      guard note(fact.key, revocations[node], mark) else { return false }
      revocations[node] = mark
    case .scopedBlock, .reserve, .quarantine, .voter:
      guard note(fact.key, rest.mark(of: fact.key), mark) else { return false }
      rest.absorb(fact, mark)
    }
    return true
  }

  /// - Returns: whether the fact is newer than what is known of its key.
  private mutating func note(_ key: FactKey, _ known: Mark?, _ mark: Mark) -> Bool {
    if let known {
      guard known.version < mark.version else { return false }
      digest &-= Self.hash(key, known)
    }
    digest &+= Self.hash(key, mark)
    return true
  }

  private static func hash(_ key: FactKey, _ mark: Mark) -> UInt64 {
    (key.fingerprint &+ mark.summary).mixed
  }

  private mutating func absorb(vine body: FactBody?, _ network: NetworkID) {
    if let old = vines[network], vineNames[old.name] == network {
      // Facts may be late: another ViNe of the same name may have come meanwhile.
      vineNames[old.name] = vines.first { $0.1.name == old.name && $0.0 != network }?.0
    }
    guard case .vine(let name, let creator)? = body else {
      vines[network] = nil
      return
    }
    vines[network] = Vine(name: name, creator: creator)
    vineNames[name] = min(vineNames[name] ?? network, network)
  }

  // MARK: Who takes part

  /// Sites that take part and are not revoked, sorted; none of a ViNe that does not exist.
  public func participants(of network: NetworkID) -> [NodeID] {
    guard vines[network] != nil else { return [] }
    return everyPart(of: network).filter { $0.stands && !isRevoked($0.node) }.map(\.node)
  }

  /// Whether a site takes part in a ViNe that exists, and is not revoked.
  public func takesPart(_ node: NodeID, in network: NetworkID) -> Bool {
    vines[network] != nil && parts[Part(network: network, node: node)]?.stands == true && !isRevoked(node)
  }

  /// ViNes that a site takes part in, sorted.
  public func networks(of node: NodeID) -> [NetworkID] { everNetworks(of: node).filter { takesPart(node, in: $0) } }

  /// ViNes that a site takes part in or ever did, as far as facts tell, whether they exist or not; sorted.
  public func everNetworks(of node: NodeID) -> [NetworkID] {
    Self.things(of: node, in: ownedParts, from: NetworkID(rawValue: 0)).filter { network in
      parts[Part(network: network, node: node)] != nil
    }
  }

  /// Log index of the last decision on who takes part in a ViNe: of the facts on the ViNe itself, on parts in it, and
  /// on revocations of those who ever had one. It never falls, whatever facts come.
  public func lastDecision(on network: NetworkID) -> UInt64 {
    var last = vineMarks[network]?.index ?? 0
    for part in everyPart(of: network) {
      last = max(last, part.index, revocations[part.node]?.index ?? 0)
    }
    return last
  }

  /// Log index of the newest fact on a VR's revocation; 0 if there is none.
  public func revocationIndex(of node: NodeID) -> UInt64 { revocations[node]?.index ?? 0 }

  private func everyPart(of network: NetworkID) -> [(node: NodeID, stands: Bool, index: UInt64)] {
    var found: [(NodeID, Bool, UInt64)] = []
    var iterator = parts.makeIterator(from: Part(network: network, node: .lowest))
    while let (part, mark) = iterator.next(), part.network == network {
      found.append((part.node, mark.stands, mark.index))
    }
    return found
  }

  // MARK: VRs and blocks

  /// One, and one more for each time that the mesh was recovered from the loss of its majority.
  public var epoch: UInt32 { meshMark?.version.epoch ?? 1 }

  /// Decisions of an earlier epoch that nobody who recovered the mesh had heard of: they do not stand. The fact on the
  /// mesh itself is the first of an epoch.
  public func isVoid(_ decision: FactVersion) -> Bool {
    guard let first = meshMark?.version else { return false }
    return decision.epoch < first.epoch && decision.index >= first.index
  }

  /// Whether a VR's word on a decision counts: it votes, or stopped to no earlier than that, and was not revoked before.
  /// - Returns: nil if no fact says whether it votes.
  public func mayAttest(_ node: NodeID, _ decision: FactVersion) -> Bool? {
    if isVoid(decision) { return false }
    guard let mark = rest.voters.marks[node] else { return nil }
    if let revocation = revocations[node], revocation.stands, revocation.version < decision { return false }
    return mark.stands || decision <= mark.version
  }

  public func isRevoked(_ node: NodeID) -> Bool { revocations[node]?.stands ?? false }

  public var revoked: [NodeID] { revocations.filter { $0.1.stands }.map(\.0) }

  /// The site that has this tag; the registry admits no two.
  public func site(tagged tag: NodeTag) -> NodeID? {
    sites.first(notBefore: .lowest(tagged: tag)).flatMap { $0.0.tag == tag ? $0.0 : nil }
  }

  /// The VR of this site; the registry admits no two of one name.
  public func site(named name: SiteName) -> NodeID? { sites.first { $0.1.name == name }?.0 }

  public func vine(named name: VineName) -> NetworkID? { vineNames[name] }

  public func owner(of held: ScopedBlock) -> NodeID? {
    held.scope == nil ? blocks[held.block] : scopedBlocks[held]
  }

  /// All of a site, whether they count in one ViNe or in all; by address, each once.
  public func blocks(of node: NodeID) -> [Block] {
    let scoped = rest.scopedBlocks(of: node)
    guard !scoped.isEmpty else { return meshBlocks(of: node) }
    let all = (meshBlocks(of: node) + scoped.map(\.block)).sorted()
    return all.enumerated().filter { $0.offset == 0 || all[$0.offset - 1] != $0.element }.map(\.element)
  }

  /// Blocks of a site that count in this ViNe; by address.
  public func blocks(of node: NodeID, in network: NetworkID) -> [Block] {
    let scoped = rest.scopedBlocks(of: node).filter { $0.scope == network }
    return scoped.isEmpty ? meshBlocks(of: node) : (meshBlocks(of: node) + scoped.map(\.block)).sorted()
  }

  /// All of a site; those that count in every ViNe first, then by ViNe.
  public func holdings(of node: NodeID) -> [ScopedBlock] {
    meshBlocks(of: node).map { ScopedBlock($0) } + rest.scopedBlocks(of: node)
  }

  private func meshBlocks(of node: NodeID) -> [Block] {
    Self.things(of: node, in: ownedBlocks, from: .lowest).filter { blocks[$0] == node }
  }

  static func things<Thing>(of node: NodeID, in map: SortedMap<Owned<Thing>, Bool>, from first: Thing)
    -> [Thing]
  {
    var found: [Thing] = []
    var iterator = map.makeIterator(from: Owned(tag: node.tag, thing: first))
    while let (owned, _) = iterator.next(), owned.tag == node.tag { found.append(owned.thing) }
    return found
  }
}
