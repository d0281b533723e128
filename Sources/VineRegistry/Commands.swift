import VineAddress
import VineBase

/// A command on its way into the registry's log.
public struct Proposal: Hashable, Sendable {
  public let id: ProposalID
  /// The VR that proposes; its session proves it.
  public let author: NodeID
  /// The author's time of day. `apply` reads no clock, so that every voter decides alike; only the expiry of
  /// invitations looks at it.
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
  /// For the author.
  case allocateBlock(hosts: Int)
  case releaseBlock(Block)
  /// The author's site takes part in it from the start.
  case createVine(VineName)
  case deleteVine(NetworkID)
  /// For the author's site.
  case takePart(NetworkID)
  case leaveVine(NetworkID)
  case revoke(NodeID)
}

/// What a carried-out command came to.
public enum RegistryAnswer: Hashable, Sendable {
  case founded(Block)
  case invited
  case admitted(site: SiteName, Block)
  case allocated(Block)
  case vine(NetworkID)
  case done
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
  case noBlockLeft(hosts: Int)
  case blockNotYours(Block)
  case lastBlock(Block)
  case unknownVine(NetworkID)
  case vineNameTaken(VineName)
  case vineInUse(NetworkID, participants: Int)
  case limitReached(String)
}

extension RegistryRefusal: CustomStringConvertible {
  /// One line for people, with the mend.
  public var description: String {
    switch self {
    case .notFounded: "the mesh is not founded yet: run `vine-mesh init` on its first VR"
    case .alreadyFounded: "the mesh is founded already: let this VR join it with an invitation"
    case .notAdmitted: "this VR is not admitted to the mesh: let it join with an invitation"
    case .revoked: "this VR's key is revoked: let it join with a new key and a new invitation"
    case .unknownInvitation: "the mesh knows no such invitation: ask for a new token"
    case .invitationExpired: "the invitation has expired: ask for a new token (`vine-mesh invite <site>`)"
    case .invitationUsed: "the invitation was used already: ask for a new token (`vine-mesh invite <site>`)"
    case .secretMismatch: "the invitation's secret is wrong: copy the whole token again"
    case .siteNameTaken(let name): "there is a site \(name) already: choose another name"
    case .tagTaken: "another VR's key begins like this one's: remove the state folder and join again"
    case .noBlockLeft(let hosts):
      "no free block holds \(hosts) hosts: ask for fewer, or release blocks (`vine-mesh status blocks`)"
    case .blockNotYours(let block): "\(block) is no block of this site: see `vine-mesh block list`"
    case .lastBlock(let block): "\(block) is the site's last block: request another before releasing it"
    case .unknownVine(let network): "there is no \(network): see `vine-mesh vine list`"
    case .vineNameTaken(let name): "there is a ViNe \(name) already: take part with `vine-mesh vine join \(name)`"
    case .vineInUse(_, let count):
      "\(count) other \(count == 1 ? "site takes" : "sites take") part in it: they leave first (`vine-mesh vine leave`)"
    case .limitReached(let what): "the mesh has as many \(what) as it can: remove some first"
    }
  }
}
