import VineAddress
import VineBase

/// What the registry's commands mean: the state machine behind consensus, "an entity playing the role of the
/// Internet Assigned Numbers Authority" (paper 3.7). It does not know Raft.
///
/// Invariant: within one ViNe no address has two owners, and no site takes part in two ViNes in which an address has
/// different ones. Blocks that count in every ViNe overlap nothing at all.
public struct Registry: Sendable {
  /// The outcome of a command, and the facts that changed, in the order of their keys.
  public struct Application: Sendable {
    public let outcome: Result<RegistryAnswer, RegistryRefusal>
    public let facts: [RegistryFact]
  }

  struct Invitation: Hashable, Sendable {
    let secretHash: [UInt8]
    let site: SiteName
    let hosts: Int
    let expires: WallTime
    var usedBy: NodeID?
  }

  struct Expiry: Hashable, Comparable, Sendable {
    let at: WallTime
    let invitation: InvitationID
    static func < (left: Self, right: Self) -> Bool { (left.at, left.invitation) < (right.at, right.invitation) }
  }

  /// What was ratified of one delegation.
  struct Ratified: Hashable, Sendable {
    /// Of the grants, oldest first: whoever signs another with one of their numbers is known by it.
    var hashes: [[UInt8]] = []
  }

  /// How grants are checked; the same on all voters.
  public var trust: GrantTrust
  /// Of the facts that are decided now; `vine-mesh recover` raises it.
  public internal(set) var epoch: UInt32 = 1
  /// The newest fact of each key, tombstones included.
  private(set) var current: SortedMap<FactKey, RegistryFact> = [:]
  public private(set) var view = RegistryView()
  /// nil before the mesh is founded.
  private(set) var space: RegistrySpace?
  /// Sites by name; only who decides asks for them.
  var siteNames: SortedMap<SiteName, NodeID> = [:]
  var invitations: SortedMap<InvitationID, Invitation> = [:]
  /// Invitations by the time of their end.
  var expiries: SortedMap<Expiry, Bool> = [:]
  var nextNetwork: UInt32 = 1
  var ratified: SortedMap<Block, Ratified> = [:]
  var sessions = Sessions()
  var clock = MeshClock()
  /// Until then a block for one ViNe gets only what is free in all; see `RegistryRecovery`.
  var overlapFrom = WallTime(secondsSince1970: 0)
  /// Facts that the command under way changed.
  private var changed: SortedMap<FactKey, Bool> = [:]

  /// - Parameter trust: how grants are checked; the same on all voters.
  public init(trust: GrantTrust = .none) { self.trust = trust }

  /// All facts in the order of their keys, those taken back included.
  public var facts: [RegistryFact] { current.values }

  /// The time that quarantines end by.
  public var now: WallTime { clock.now }

  /// What came of an author's proposal, as far back as outcomes are kept.
  public func outcome(of id: ProposalID, by author: NodeID) -> Result<RegistryAnswer, RegistryRefusal>? {
    sessions.outcome(of: id, by: author) ?? sessions.outcome(of: id, by: Sessions.strangers)
  }

  /// Carries out a command. A proposal seen before gets its first outcome again and changes nothing.
  public mutating func apply(_ proposal: Proposal, at index: UInt64) -> Application {
    // What founded the mesh made its author a site.
    if let outcome = outcome(of: proposal.id, by: proposal.author) { return Application(outcome: outcome, facts: []) }
    let isSite = view.sites[proposal.author] != nil
    let session = isSite ? proposal.author : Sessions.strangers
    precondition(changed.isEmpty, "a command is under way")
    if isSite, !view.isRevoked(proposal.author) { clock.note(proposal.at, of: proposal.author) }
    var outcome: Result<RegistryAnswer, RegistryRefusal>
    do throws(RegistryRefusal) {
      outcome = .success(try carryOut(proposal, at: index))
    } catch {
      precondition(changed.isEmpty, "a command that is refused changes nothing")
      outcome = .failure(error)
    }
    sessions.remember(proposal.id, outcome, of: session, at: index)
    return Application(outcome: outcome, facts: takeChanges())
  }

  /// Who votes is decided by consensus itself; here it becomes facts that all VRs learn.
  /// - Parameters:
  ///   - voters, outgoing: of the configuration that was committed at `index`; `outgoing` is empty unless it is joint.
  public mutating func configured(voters: [NodeID], outgoing: [NodeID], at index: UInt64) -> [RegistryFact] {
    var leaving = outgoing.filter { !voters.contains($0) }.sorted()
    for node in view.voters where !voters.contains(node) && !outgoing.contains(node) {
      set(.voter(node), nil, at: index)
    }
    for node in (voters + outgoing).sorted() where view.voterReason(node) == nil {
      set(.voter(node), .voter(leaving.popLast().map { .replaced($0) } ?? .grown), at: index)
    }
    return takeChanges()
  }

  private mutating func carryOut(_ proposal: Proposal, at index: UInt64) throws(RegistryRefusal) -> RegistryAnswer {
    let author = proposal.author
    if case .found(let site, let hosts, let pool) = proposal.command {
      guard view.space == nil else { throw .alreadyFounded }
      let block = try place(hosts, in: Occupancy(pool: pool))
      set(.mesh, .mesh(space: pool), at: index)
      set(.site(author), .site(name: site), at: index)
      set(.block(block), .block(owner: author), at: index)
      set(.voter(author), .voter(.founded), at: index)
      return .founded(block)
    }
    guard let space else { throw .notFounded }
    guard view.sites[author] != nil else { throw .notAdmitted }
    guard !view.isRevoked(author) else { throw .revoked }
    switch proposal.command {
    case .found: throw .alreadyFounded
    case .invite(let id, let hash, let site, let hosts, let expires):
      return try invite(id, hash, site, hosts, expires, at: proposal.at)
    case .admit(let node, let id, let hash):
      return try admit(node, id, hash, proposal.at, in: space, at: index)
    case .allocateBlock(let hosts, let scope): return try allocate(hosts, scope, for: author, in: space, at: index)
    case .releaseBlock(let held): return try release(held, by: author, at: index)
    case .createVine(let name): return try createVine(name, by: author, at: index)
    case .renameVine(let network, let name): return try renameVine(network, name, by: author, at: index)
    case .deleteVine(let network): return try deleteVine(network, by: author, at: index)
    case .takePart(let network): return try takePart(network, by: author, in: space, at: index)
    case .leaveVine(let network): return try leaveVine(network, by: author, at: index)
    case .revoke(let node):
      guard view.sites[node] != nil else { throw .notAdmitted }
      set(.revocation(node), .revocation, at: index)
      return .done
    case .delegate(let node, let length): return try delegate(to: node, prefixLength: length, in: space, at: index)
    case .endDelegation(let reserve): return try endDelegation(reserve, by: author, at: index)
    case .ratify(let grants): return .ratified(grants.map { ratify($0, at: index) })
    case .accuse(let one, let other): return try accuse(one, other, at: index)
    case .reclaim(let node, let known): return try reclaim(node, known: known, by: author, at: index)
    case .endQuarantines: return try endQuarantines(at: index)
    }
  }

  // MARK: Facts

  /// Version of the newest fact of a key.
  func known(_ key: FactKey) -> FactVersion? { current[key]?.version }

  /// Decides a fact; nil takes it back. Everything that is derived from facts follows.
  mutating func set(_ key: FactKey, _ body: FactBody?, at index: UInt64) {
    adopt(RegistryFact(key: key, version: FactVersion(epoch: epoch, index: index), body: body))
    changed[key] = true
  }

  /// Takes a fact that was decided before.
  mutating func adopt(_ fact: RegistryFact) {
    let (old, new) = (current[fact.key]?.body, fact.body)
    current[fact.key] = fact
    let isNews = view.absorb(fact)
    precondition(isNews, "a fact that is decided is newer than what it replaces")
    switch fact.key {
    case .mesh: if case .mesh(let pool)? = new { space = RegistrySpace(pool: pool) }
    case .site(let node): if case .site(let name)? = new { siteNames[name] = node }
    case .block, .scopedBlock:
      guard let held = fact.key.holding else { break }
      if old != nil, new == nil { space?.remove(held) } else if old == nil, new != nil { space?.insert(held) }
    case .quarantine(let held):
      if old != nil, new == nil { space?.remove(held) } else if old == nil, new != nil { space?.insert(held) }
    case .reserve(let block):
      if old != nil, new == nil { space?.remove(reserve: block) }
      if old == nil, new != nil { space?.insert(reserve: block) }
    case .vine, .participation, .revocation, .voter: break
    }
  }

  /// Facts that changed since the last call, in the order of their keys.
  mutating func takeChanges() -> [RegistryFact] {
    let facts = changed.keys.compactMap { current[$0] }
    changed.removeAll()
    return facts
  }
}
