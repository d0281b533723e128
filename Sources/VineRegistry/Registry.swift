import VineAddress
import VineBase

/// What the registry's commands mean: the state machine behind consensus, "an entity playing the role of the
/// Internet Assigned Numbers Authority" (paper 3.7). It does not know Raft.
///
/// Invariant: within one ViNe no address has two owners. Blocks do not overlap at all here, which is stronger.
public struct Registry: Sendable {
  /// The outcome of a command, and the facts that changed, in the order of their keys.
  public struct Application: Sendable {
    public let outcome: Result<RegistryAnswer, RegistryRefusal>
    public let facts: [RegistryFact]
  }

  /// Outcomes remembered for retries: the last 4096 proposals. A client gives up after seconds, in which a
  /// registry decides far fewer.
  static let outcomesMax = 4096
  static let invitationsMax = 4096
  static let vinesMax = 65536

  private struct Invitation: Hashable, Sendable {
    let secretHash: [UInt8]
    let site: SiteName
    let hosts: Int
    let expires: WallTime
    var usedBy: NodeID?
  }

  private struct Expiry: Hashable, Comparable, Sendable {
    let at: WallTime
    let invitation: InvitationID
    static func < (left: Self, right: Self) -> Bool { (left.at, left.invitation) < (right.at, right.invitation) }
  }

  /// Every fact ever decided by key, tombstones included.
  private var current: SortedMap<FactKey, RegistryFact> = [:]
  private var invitations: SortedMap<InvitationID, Invitation> = [:]
  /// The same by the time of their end.
  private var expiries: SortedMap<Expiry, Bool> = [:]
  private var nextNetwork: UInt32 = 1
  private var outcomes: SortedMap<ProposalID, Result<RegistryAnswer, RegistryRefusal>> = [:]
  private var outcomeOrder = BoundedQueue<ProposalID>(capacity: Registry.outcomesMax)
  public private(set) var view = RegistryView()
  /// Sites by name; only who decides asks for them.
  private var siteNames: SortedMap<SiteName, NodeID> = [:]
  /// What of the space is taken; nil before the mesh is founded.
  private var occupancy: Occupancy?

  public init() {}

  /// All facts in the order of their keys, those taken back included.
  public var facts: [RegistryFact] { current.values }

  /// Whether the proposal was carried out, as far back as outcomes are kept.
  public func hasDecided(_ id: ProposalID) -> Bool {
    if case .success? = outcomes[id] { true } else { false }
  }

  /// Carries out a command. A proposal seen before gets its first outcome again and changes nothing.
  public mutating func apply(_ proposal: Proposal, at index: UInt64) -> Application {
    if let outcome = outcomes[proposal.id] { return Application(outcome: outcome, facts: []) }
    var changes: SortedMap<FactKey, FactBody?> = [:]
    var outcome: Result<RegistryAnswer, RegistryRefusal>
    do throws(RegistryRefusal) {
      outcome = .success(try carryOut(proposal, &changes))
    } catch {
      outcome = .failure(error)
      changes = [:]
    }
    if let forgotten = outcomeOrder.append(proposal.id) { outcomes[forgotten] = nil }
    outcomes[proposal.id] = outcome
    let facts = changes.map { RegistryFact(key: $0.0, index: index, body: $0.1) }
    for fact in facts {
      let isNew = current[fact.key]?.body == nil
      current[fact.key] = fact
      _ = view.absorb(fact)
      if case .mesh(let space)? = fact.body { occupancy = Occupancy(pool: space) }
      if case .block(let block) = fact.key {
        if fact.body == nil { occupancy?.remove(block) } else if isNew { occupancy?.insert(block) }
      }
      if case .site(let node) = fact.key, case .site(let name)? = fact.body { siteNames[name] = node }
    }
    return Application(outcome: outcome, facts: facts)
  }

  private mutating func carryOut(
    _ proposal: Proposal, _ changes: inout SortedMap<FactKey, FactBody?>
  ) throws(RegistryRefusal) -> RegistryAnswer {
    let author = proposal.author
    if case .found(let site, let hosts, let space) = proposal.command {
      guard view.space == nil else { throw .alreadyFounded }
      changes[.mesh] = .mesh(space: space)
      changes[.site(author)] = .site(name: site)
      return .founded(try allocate(hosts, for: author, in: Occupancy(pool: space), &changes))
    }
    guard let space = occupancy else { throw .notFounded }
    guard view.sites[author] != nil else { throw .notAdmitted }
    guard !view.isRevoked(author) else { throw .revoked }
    switch proposal.command {
    case .found: throw .alreadyFounded
    case .invite(let id, let hash, let site, let hosts, let expires):
      return try invite(id, hash, site, hosts, expires, at: proposal.at)
    case .admit(let node, let id, let hash):
      return try admit(node, id, hash, at: proposal.at, in: space, &changes)
    case .allocateBlock(let hosts): return .allocated(try allocate(hosts, for: author, in: space, &changes))
    case .releaseBlock(let block):
      guard view.blocks[block] == author else { throw .blockNotYours(block) }
      guard view.blocks(of: author).count > 1 else { throw .lastBlock(block) }
      changes[.block(block)] = .some(nil)
    case .createVine(let name):
      guard view.vine(named: name) == nil else { throw .vineNameTaken(name) }
      guard view.vines.count < Self.vinesMax else { throw .limitReached("ViNes") }
      let network = NetworkID(rawValue: nextNetwork)
      nextNetwork += 1
      changes[.vine(network)] = .vine(name: name, creator: author)
      changes[.participation(network, author)] = .participation
      return .vine(network)
    case .deleteVine(let network):
      let others = try participants(of: network).filter { $0 != author }
      guard others.isEmpty else { throw .vineInUse(network, participants: others.count) }
      changes[.vine(network)] = .some(nil)
      changes[.participation(network, author)] = .some(nil)
    case .takePart(let network):
      guard try !participants(of: network).contains(author) else { return .vine(network) }
      changes[.participation(network, author)] = .participation
      return .vine(network)
    case .leaveVine(let network):
      guard try participants(of: network).contains(author) else { return .vine(network) }
      changes[.participation(network, author)] = .some(nil)
      return .vine(network)
    case .revoke(let node):
      guard view.sites[node] != nil else { throw .notAdmitted }
      changes[.revocation(node)] = .revocation
    }
    return .done
  }

  private func participants(of network: NetworkID) throws(RegistryRefusal) -> [NodeID] {
    guard view.vines[network] != nil else { throw .unknownVine(network) }
    return view.participants(of: network)
  }

  private func allocate(
    _ hosts: Int, for node: NodeID, in space: Occupancy, _ changes: inout SortedMap<FactKey, FactBody?>
  ) throws(RegistryRefusal) -> Block {
    guard let length = Block.prefixLength(forHosts: hosts),
      let block = space.best(prefixLength: length)
    else { throw .noBlockLeft(hosts: hosts) }
    changes[.block(block)] = .block(owner: node)
    return block
  }

  private mutating func invite(
    _ id: InvitationID, _ hash: [UInt8], _ site: SiteName, _ hosts: Int, _ expires: WallTime, at now: WallTime
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard siteNames[site] == nil else { throw .siteNameTaken(site) }
    guard Block.prefixLength(forHosts: hosts) != nil else { throw .noBlockLeft(hosts: hosts) }
    while let expiry = expiries.firstKey, expiry.at < now { forget(expiry.invitation) }
    guard invitations.count < Self.invitationsMax else { throw .limitReached("open invitations") }
    forget(id)
    expiries[Expiry(at: expires, invitation: id)] = true
    invitations[id] = Invitation(secretHash: hash, site: site, hosts: hosts, expires: expires)
    return .invited
  }

  private mutating func forget(_ id: InvitationID) {
    guard let invitation = invitations.removeValue(forKey: id) else { return }
    expiries[Expiry(at: invitation.expires, invitation: id)] = nil
  }

  private mutating func admit(
    _ node: NodeID, _ id: InvitationID, _ hash: [UInt8], at now: WallTime, in space: Occupancy,
    _ changes: inout SortedMap<FactKey, FactBody?>
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard let invitation = invitations[id] else { throw .unknownInvitation }
    guard invitation.secretHash == hash else { throw .secretMismatch }
    if let user = invitation.usedBy {
      // The same VR asking again lost the answer.
      guard user == node, let block = view.blocks(of: node).first else { throw .invitationUsed(by: user) }
      return .admitted(site: invitation.site, block)
    }
    guard now < invitation.expires else { throw .invitationExpired(at: invitation.expires) }
    guard !view.isRevoked(node) else { throw .revoked }
    guard siteNames[invitation.site] == nil else { throw .siteNameTaken(invitation.site) }
    guard view.site(tagged: node.tag) == nil else { throw .tagTaken }
    let block = try allocate(invitation.hosts, for: node, in: space, &changes)
    changes[.site(node)] = .site(name: invitation.site)
    invitations[id]?.usedBy = node
    return .admitted(site: invitation.site, block)
  }

  /// What must hold after every command; for tests and simulations.
  public func checkInvariants() {
    let blocks = view.blocks.keys
    for (left, right) in zip(blocks, blocks.dropFirst()) {
      precondition(!left.overlaps(right), "\(left) and \(right) overlap")
    }
    for (block, owner) in view.blocks {
      precondition(view.sites[owner] != nil, "\(block) belongs to nobody")
      precondition(view.space?.contains(block) == true, "\(block) lies outside the space")
    }
    precondition(occupancy == view.space.map { Occupancy(pool: $0, held: blocks) }, "the free space is another")
    precondition(Set(view.sites.values.map(\.name)).count == view.sites.count, "two sites have one name")
    precondition(Set(view.sites.keys.map(\.tag)).count == view.sites.count, "two VRs have one tag")
  }
}
