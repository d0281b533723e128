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
    case .allocateBlock(let hosts): allocateBlock.hosts = UInt32(clamping: hosts)
    case .releaseBlock(let block): releaseBlock = PBBlock(block)
    case .createVine(let name): createVine = name.description
    case .deleteVine(let network): deleteVine = network.rawValue
    case .takePart(let network): takePart = network.rawValue
    case .leaveVine(let network): leaveVine = network.rawValue
    case .revoke(let node): revoke = .init(node.bytes)
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
    case .allocateBlock(let wire)?: .allocateBlock(hosts: Int(wire.hosts))
    case .releaseBlock(let wire)?: .releaseBlock(try wire.block())
    case .createVine(let name)?: .createVine(try Field.name(name, "ViNe name"))
    case .deleteVine(let network)?: .deleteVine(NetworkID(rawValue: network))
    case .takePart(let network)?: .takePart(NetworkID(rawValue: network))
    case .leaveVine(let network)?: .leaveVine(NetworkID(rawValue: network))
    case .revoke(let node)?: .revoke(try Field.node(node, "node"))
    }
  }

  private static func invitation(_ bytes: some Collection<UInt8>) throws(WireError) -> InvitationID {
    guard let id = InvitationID(bytes) else { throw .invalid("invitation identifier") }
    return id
  }

  /// SHA-256.
  private static func hash(_ bytes: some Collection<UInt8>) throws(WireError) -> [UInt8] {
    try Field.bytes(bytes, count: 32, "secret hash")
  }
}
