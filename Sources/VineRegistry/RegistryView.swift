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

  /// The log index of a key's newest fact; what was taken back is remembered, or an older fact would bring it back.
  fileprivate struct Mark: Hashable, Sendable {
    /// Twice the index, and one more if the fact stands.
    let word: UInt64

    init(index: UInt64, stands: Bool) { word = index << 1 | (stands ? 1 : 0) }

    var index: UInt64 { word >> 1 }
    var stands: Bool { word & 1 == 1 }
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
  private struct Owned<Thing: Hashable & Comparable & Sendable>: Hashable, Comparable, Sendable {
    let tag: NodeTag
    let thing: Thing
    static func < (left: Self, right: Self) -> Bool {
      left.tag == right.tag ? left.thing < right.thing : left.tag < right.tag
    }
  }

  public private(set) var space: Block?
  public private(set) var sites: SortedMap<NodeID, Site> = [:]
  public private(set) var blocks: SortedMap<Block, NodeID> = [:]
  public private(set) var vines: SortedMap<NetworkID, Vine> = [:]
  /// Equal for equal facts in whatever order they came: the sum of hashes of keys, indices and whether they stand.
  public private(set) var digest: UInt64 = 0

  private var meshIndex: UInt64?
  /// Of sites that were taken back.
  private var goneSites: SortedMap<NodeID, Mark> = [:]
  private var blockMarks: SortedMap<Block, Mark> = [:]
  private var vineMarks: SortedMap<NetworkID, Mark> = [:]
  private var parts: SortedMap<Part, Mark> = [:]
  private var revocations: SortedMap<NodeID, Mark> = [:]
  private var voterMarks: SortedMap<NodeID, Mark> = [:]
  private var voterReasons: SortedMap<NodeID, VoterReason> = [:]
  private var ownedBlocks: SortedMap<Owned<Block>, Bool> = [:]
  /// ViNes that a VR takes part in, or did.
  private var ownedParts: SortedMap<Owned<NetworkID>, Bool> = [:]
  private var vineNames: SortedMap<VineName, NetworkID> = [:]

  public init() {}

  /// - Returns: false if a fact of the same or a later index is known, or key and body do not match.
  public mutating func absorb(_ fact: RegistryFact) -> Bool {
    guard fact.isConsistent else { return false }
    let mark = Mark(index: fact.index, stands: fact.body != nil)
    switch fact.key {
    case .mesh:
      let known = meshIndex.map { Mark(index: $0, stands: space != nil) }
      guard note(fact.key, known, mark) else { return false }
      meshIndex = fact.index
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
    case .voter(let node):
      guard note(fact.key, voterMarks[node], mark) else { return false }
      voterMarks[node] = mark
      if case .voter(let reason)? = fact.body { voterReasons[node] = reason } else { voterReasons[node] = nil }
    }
    return true
  }

  /// - Returns: whether the fact is newer than what is known of its key.
  private mutating func note(_ key: FactKey, _ known: Mark?, _ mark: Mark) -> Bool {
    if let known {
      guard known.index < mark.index else { return false }
      digest &-= Self.hash(key, known)
    }
    digest &+= Self.hash(key, mark)
    return true
  }

  private static func hash(_ key: FactKey, _ mark: Mark) -> UInt64 {
    (key.fingerprint &+ mark.index &* 2 &+ (mark.stands ? 1 : 0)).mixed
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

  public func isRevoked(_ node: NodeID) -> Bool { revocations[node]?.stands ?? false }

  public var revoked: [NodeID] { revocations.filter { $0.1.stands }.map(\.0) }

  // MARK: Voters

  /// VRs that vote, as far as facts tell; sorted.
  public var voters: [NodeID] { voterReasons.keys }

  public func voterReason(_ node: NodeID) -> VoterReason? { voterReasons[node] }

  /// Log index at which the VR stopped voting; nil if it votes, or no fact says anything of it.
  public func voterGone(_ node: NodeID) -> UInt64? {
    voterMarks[node].flatMap { $0.stands ? nil : $0.index }
  }

  /// Whether a VR's word on what was decided at `index` counts: it votes, or stopped to no earlier than that, and was
  /// not revoked before.
  /// - Returns: nil if no fact says whether it votes.
  public func mayAttest(_ node: NodeID, decidedAt index: UInt64) -> Bool? {
    guard let mark = voterMarks[node] else { return nil }
    if let revocation = revocations[node], revocation.stands, revocation.index < index { return false }
    return mark.stands || index <= mark.index
  }

  /// The site that has this tag; the registry admits no two.
  public func site(tagged tag: NodeTag) -> NodeID? {
    sites.first(notBefore: .lowest(tagged: tag)).flatMap { $0.0.tag == tag ? $0.0 : nil }
  }

  public func vine(named name: VineName) -> NetworkID? { vineNames[name] }

  /// By address.
  public func blocks(of node: NodeID) -> [Block] {
    Self.things(of: node, in: ownedBlocks, from: .lowest).filter { blocks[$0] == node }
  }

  private static func things<Thing>(of node: NodeID, in map: SortedMap<Owned<Thing>, Bool>, from first: Thing)
    -> [Thing]
  {
    var found: [Thing] = []
    var iterator = map.makeIterator(from: Owned(tag: node.tag, thing: first))
    while let (owned, _) = iterator.next(), owned.tag == node.tag { found.append(owned.thing) }
    return found
  }
}
