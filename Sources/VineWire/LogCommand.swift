import VineBase
import VineRegistry

/// A registry proposal as the command of a Raft log entry.
public enum LogCommand {
  public static func encode(_ proposal: Proposal) -> [UInt8] { PBProposal(proposal).written }

  /// - Throws: also for a command that this version does not know.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> Proposal {
    try PBProposal.read(bytes, "registry command", max: WireLimits.commandByteCountMax).proposal()
  }
}

extension PBProposal {
  init(_ proposal: Proposal) {
    id = .init(proposal.id.bytes)
    author = .init(proposal.author.bytes)
    at = proposal.at.secondsSince1970
    switch proposal.command {
    case .found(let site, let hosts, let space):
      found.site = site.description
      found.hosts = UInt32(clamping: hosts)
      found.space = PBBlock(space)
    case .invite(let invitation, let secretHash, let site, let hosts, let expires):
      invite.invitation = .init(invitation.bytes)
      invite.secretHash = .init(secretHash)
      invite.site = site.description
      invite.hosts = UInt32(clamping: hosts)
      invite.expires = expires.secondsSince1970
    case .admit(let node, let invitation, let secretHash):
      admit.node = .init(node.bytes)
      admit.invitation = .init(invitation.bytes)
      admit.secretHash = .init(secretHash)
    case .allocateBlock(let hosts, let scope):
      allocateBlock.hosts = UInt32(clamping: hosts)
      if let scope { allocateBlock.scope = scope.rawValue }
    case .releaseBlock(let held):
      if held.scope == nil { releaseBlock = PBBlock(held.block) } else { releaseScopedBlock = PBScopedBlock(held) }
    case .createVine(let name): createVine = name.description
    case .renameVine(let network, let name):
      renameVine.network = network.rawValue
      renameVine.name = name.description
    case .deleteVine(let network): deleteVine = network.rawValue
    case .takePart(let network): takePart = network.rawValue
    case .leaveVine(let network): leaveVine = network.rawValue
    case .revoke(let node): revoke = .init(node.bytes)
    case .delegate(let node, let length):
      delegate.to = .init(node.bytes)
      delegate.prefixLength = UInt32(clamping: length)
    case .endDelegation(let reserve): endDelegation = PBBlock(reserve)
    case .ratify(let grants): ratify.grants = grants.map(PBSignedGrant.init)
    case .accuse(let one, let other):
      accuse.one = PBSignedGrant(one)
      accuse.other = PBSignedGrant(other)
    case .reclaim(let node, let known):
      reclaim.node = .init(node.bytes)
      reclaim.known = known
    case .endQuarantines: endQuarantines = PBNothing()
    }
  }

  func proposal() throws(WireError) -> Proposal {
    guard let id = ProposalID(id) else { throw .invalid("proposal identifier") }
    return Proposal(
      id: id, author: try Field.node(author, "author"), at: try Field.time(at, "time of the proposal"),
      command: try registryCommand())
  }

  private func registryCommand() throws(WireError) -> RegistryCommand {
    switch command {
    case nil: throw .missing("registry command")
    case .found(let wire)?:
      .found(
        site: try Field.name(wire.site, "site name"), hosts: Int(wire.hosts), space: try wire.space.block())
    case .invite(let wire)?:
      .invite(
        try Self.invitation(wire.invitation), secretHash: try Self.hash(wire.secretHash),
        site: try Field.name(wire.site, "site name"), hosts: Int(wire.hosts),
        expires: try Field.time(wire.expires, "expiry of the invitation"))
    case .admit(let wire)?:
      .admit(
        node: try Field.node(wire.node, "node"), invitation: try Self.invitation(wire.invitation),
        secretHash: try Self.hash(wire.secretHash))
    case .allocateBlock(let wire)?:
      .allocateBlock(hosts: Int(wire.hosts), scope: wire.scope == 0 ? nil : NetworkID(rawValue: wire.scope))
    case .releaseBlock(let wire)?: .releaseBlock(ScopedBlock(try wire.block()))
    case .releaseScopedBlock(let wire)?: .releaseBlock(try wire.scopedBlock())
    case .renameVine(let wire)?:
      .renameVine(NetworkID(rawValue: wire.network), try Field.name(wire.name, "ViNe name"))
    case .createVine(let name)?: .createVine(try Field.name(name, "ViNe name"))
    case .deleteVine(let network)?: .deleteVine(NetworkID(rawValue: network))
    case .takePart(let network)?: .takePart(NetworkID(rawValue: network))
    case .leaveVine(let network)?: .leaveVine(NetworkID(rawValue: network))
    case .revoke(let node)?: .revoke(try Field.node(node, "node"))
    case .delegate(let wire)?:
      .delegate(to: try Field.node(wire.to, "delegate"), prefixLength: Int(wire.prefixLength))
    case .endDelegation(let wire)?: .endDelegation(reserve: try wire.block())
    case .ratify(let wire)?:
      .ratify(try wire.grants.converted { (grant) throws(WireError) in try grant.signedGrant() })
    case .accuse(let wire)?: .accuse(try wire.one.signedGrant(), try wire.other.signedGrant())
    case .reclaim(let wire)?:
      .reclaim(try Field.node(wire.node, "node"), known: try Field.counter(wire.known, "log index"))
    case .endQuarantines?: .endQuarantines
    }
  }

  private static func invitation(_ bytes: some Collection<UInt8>) throws(WireError) -> InvitationID {
    try Field.invitation(bytes)
  }

  private static func hash(_ bytes: some Collection<UInt8>) throws(WireError) -> [UInt8] {
    try Field.bytes(bytes, count: secretHashByteCount, "secret hash")
  }

  /// SHA-256.
  static let secretHashByteCount = 32
}

extension PBSignedGrant {
  init(_ signed: SignedGrant) {
    let grant = signed.grant
    reserve = PBBlock(grant.reserve)
    epoch = grant.delegation.epoch
    index = grant.delegation.index
    delegate = .init(grant.delegate.bytes)
    sequence = grant.sequence
    previous = .init(grant.previous)
    block = PBScopedBlock(grant.block)
    grantee = .init(grant.grantee.bytes)
    if let one = grant.admission {
      admission.site = one.site.description
      admission.invitation = .init(one.invitation.bytes)
      admission.secretHash = .init(one.secretHash)
    }
    signature = .init(signed.signature)
  }

  func signedGrant() throws(WireError) -> SignedGrant {
    var admitted: Grant.Admission?
    if hasAdmission {
      admitted = Grant.Admission(
        site: try Field.name(admission.site, "site name"), invitation: try Field.invitation(admission.invitation),
        secretHash: try Field.bytes(
          admission.secretHash, count: PBProposal.secretHashByteCount, "secret hash"))
    }
    let grant = Grant(
      reserve: try reserve.block(),
      delegation: FactVersion(epoch: epoch, index: try Field.counter(index, "log index of a delegation")),
      delegate: try Field.node(delegate, "delegate"), sequence: sequence,
      previous: try Field.bytes(previous, count: Grant.hashByteCount, "hash of a grant"),
      block: try block.scopedBlock(), grantee: try Field.node(grantee, "grantee"), admission: admitted)
    return SignedGrant(grant, signature: try Field.bytes(signature, count: 64, "signature of a grant"))
  }
}
