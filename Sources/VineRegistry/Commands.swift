import VineAddress
import VineBase

/// A command on its way into the registry's log.
public struct Proposal: Hashable, Sendable {
  public let id: ProposalID
  /// The VR that proposes; its session proves it.
  public let author: NodeID
  /// The author's time of day. `apply` reads no clock, so that every voter decides alike; the expiry of invitations and
  /// the end of quarantines look at it.
  public let at: WallTime
  public let command: RegistryCommand

  public init(id: ProposalID, author: NodeID, at: WallTime, command: RegistryCommand) {
    self.id = id
    self.author = author
    self.at = at
    self.command = command
  }
}

/// What can be asked of the registry. "Author" is the VR that proposes.
public enum RegistryCommand: Hashable, Sendable {
  /// The first command of a mesh: the author becomes its first site and gets a block.
  case found(site: SiteName, hosts: Int, space: Block)
  case invite(InvitationID, secretHash: [UInt8], site: SiteName, hosts: Int, expires: WallTime)
  /// By the VR that was asked to let `node` join: admits it and allocates its block in one step.
  case admit(node: NodeID, invitation: InvitationID, secretHash: [UInt8])
  /// For the author. With a scope the block counts in that ViNe only, in which the author takes part.
  case allocateBlock(hosts: Int, scope: NetworkID?)
  case releaseBlock(ScopedBlock)
  /// The author's site takes part in it from the start.
  case createVine(VineName)
  /// By a site that takes part in it.
  case renameVine(NetworkID, VineName)
  case deleteVine(NetworkID)
  /// For the author's site.
  case takePart(NetworkID)
  case leaveVine(NetworkID)
  case revoke(NodeID)
  /// Sets a block of this length apart, from which `to` alone grants while it is cut off from the majority.
  case delegate(to: NodeID, prefixLength: Int)
  /// By the delegate, when it has granted nothing that is not ratified: what is left of its reserve is free again.
  case endDelegation(reserve: Block)
  /// Grants of one or more chains, each in its order; what was ratified before changes nothing.
  case ratify([SignedGrant])
  /// Two different grants with one number by one delegate: its reserve is closed.
  case accuse(SignedGrant, SignedGrant)
  /// Takes the blocks of a VR that is gone, as far as they were its own by log index `known`; refused if the VR asked
  /// for anything since.
  case reclaim(NodeID, known: UInt64)
  /// Frees what was kept free for long enough.
  case endQuarantines
}

/// What a carried-out command came to.
public enum RegistryAnswer: Hashable, Sendable {
  case founded(Block)
  case invited
  case admitted(site: SiteName, Block)
  case allocated(Block)
  case vine(NetworkID)
  case done
  /// The reserve.
  case delegated(Block)
  /// In the order in which they were given.
  case ratified([RatifiedGrant])
  /// How many blocks are kept free, and for how long.
  case quarantined(blocks: Int, until: WallTime)
  /// How many blocks are free again.
  case freed(blocks: Int)
}

/// What came of one grant.
public struct RatifiedGrant: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    case ratified
    /// Before; nothing changed.
    case knownAlready
    case refused(GrantRefusal)
  }

  public let sequence: UInt32
  public let outcome: Outcome

  public init(sequence: UInt32, outcome: Outcome) {
    self.sequence = sequence
    self.outcome = outcome
  }
}

/// Why a grant gives its grantee nothing.
public enum GrantRefusal: Hashable, Sendable {
  /// The reserve was closed, or delegated anew.
  case noSuchDelegation
  case badSignature
  /// Grants before it are missing; it can be given again with them.
  case gap(expected: UInt32)
  /// The grant before it is not the one that was ratified.
  case broken
  /// The delegate signed another grant with this number, so its reserve is closed.
  case equivocation
  case outsideReserve
  case overlaps(Block)
  /// As the command would have been refused that the delegate carried out.
  case obstacle(GrantObstacle)
}

/// Why a command that a delegate carried out by itself is not carried out by consensus.
public enum GrantObstacle: UInt32, Hashable, Sendable, CaseIterable {
  case notAdmitted = 1
  case revoked
  case unknownInvitation
  case invitationUsed
  case secretMismatch
  case siteNameTaken
  case tagTaken
  case unknownVine
  case noPart
}

/// Why a command was not carried out. The registry is unchanged.
public enum RegistryRefusal: Error, Hashable, Sendable {
  case notFounded
  case alreadyFounded
  case notAdmitted
  case revoked
  case unknownInvitation
  case invitationExpired(at: WallTime)
  case invitationUsed(by: NodeID)
  case secretMismatch
  case siteNameTaken(SiteName)
  case tagTaken
  /// - Parameters:
  ///   - largest: the largest block that is free; nil if none is.
  ///   - free: addresses that are free, in pieces of any size.
  case noBlockLeft(hosts: Int, largest: Block?, free: UInt64)
  case blockNotYours(ScopedBlock)
  case lastBlock(Block)
  case unknownVine(NetworkID)
  case vineNameTaken(VineName)
  case vineInUse(NetworkID, participants: Int)
  case limitReached(String)
  /// The author's site takes no part in the ViNe.
  case noPart(NetworkID)
  /// The site has a block that counts in this ViNe only.
  case scopedBlockLeft(NetworkID, Block)
  /// The site would have two VRs for addresses of `block`: in the ViNe it asks for, and in `other`, of which it is.
  case twoOwners(Block, other: NetworkID)
  /// No prefix length that a reserve can have.
  case badReserveSize(prefixLength: Int)
  case hasReserve(Block)
  case noReserveLeft(prefixLength: Int, largest: Block?, free: UInt64)
  case notYourReserve(Block)
  /// Not two different grants of one number, both signed by the delegate of a reserve.
  case noEquivocation
  /// It spoke since, at this log index.
  case ownerLives(at: UInt64)
  case nothingToReclaim
  /// - Parameter next: when the first quarantine ends; nil if there is none.
  case noQuarantineOver(next: WallTime?)
}
