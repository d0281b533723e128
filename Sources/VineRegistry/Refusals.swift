import VineAddress
import VineBase

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
    case .noBlockLeft(let hosts, let largest, let free):
      "no free block holds \(hosts) hosts: \(Self.free(largest, free)); ask for fewer, or release blocks "
        + "(`vine-mesh status blocks`)"
    case .blockNotYours(let held): "\(held) is no block of this site: see `vine-mesh block list`"
    case .lastBlock(let block): "\(block) is the site's last block: request another before releasing it"
    case .unknownVine(let network): "there is no \(network): see `vine-mesh vine list`"
    case .vineNameTaken(let name): "there is a ViNe \(name) already: take part with `vine-mesh vine join \(name)`"
    case .vineInUse(_, let count):
      "\(count) other \(count == 1 ? "site takes" : "sites take") part in it: they leave first (`vine-mesh vine leave`)"
    case .limitReached(let what): "the mesh has as many \(what) as it can: remove some first"
    case .noPart(let network): "this site takes no part in \(network): run `vine-mesh vine join` first"
    case .scopedBlockLeft(let network, let block):
      "this site has \(block), which counts in \(network) only: release it first (`vine-mesh block release`)"
    case .twoOwners(let block, let other):
      "addresses of \(block) have another owner in \(other), in which this site takes part: leave that ViNe first, or "
        + "let the owner of \(block) release it"
    case .badReserveSize(let length): "a reserve of prefix length \(length) is too large or too small: choose 16 to 28"
    case .hasReserve(let block): "this VR has the reserve \(block) already: it has to give it back first"
    case .noReserveLeft(let length, let largest, let free):
      "no free block of prefix length \(length): \(Self.free(largest, free)); choose a smaller reserve"
    case .notYourReserve(let block): "\(block) is no reserve of this VR: see `vine-mesh status blocks`"
    case .noEquivocation: "this is no proof: two different grants of one number, signed by one delegate, are one"
    case .ownerLives(let index): "the VR spoke at log index \(index), so it is not gone: nothing is taken from it"
    case .nothingToReclaim: "the VR has no block that could be taken back: see `vine-mesh status blocks`"
    case .noQuarantineOver(nil): "nothing is in quarantine"
    case .noQuarantineOver: "no quarantine is over yet: see `vine-mesh status blocks`"
    }
  }

  private static func free(_ largest: Block?, _ free: UInt64) -> String {
    guard let largest else { return "no address is free" }
    return "the largest free block is a /\(largest.prefixLength), and \(free) addresses are free"
  }
}

extension ScopedBlock: CustomStringConvertible {
  public var description: String { scope.map { "\(block) of \($0)" } ?? "\(block)" }
}

extension GrantRefusal: CustomStringConvertible {
  /// One line for the grantee, with the mend.
  public var description: String {
    switch self {
    case .noSuchDelegation: "the delegate's reserve was closed before the grant was ratified: ask for a block again"
    case .badSignature: "the delegate did not sign the grant: ask it again"
    case .gap(let expected): "the delegate's grant \(expected) comes first: it has to be shown, too"
    case .broken: "the delegate's grants are not one chain: ask for a block again"
    case .equivocation: "the delegate gave out two grants with this number, so nothing more of it is believed"
    case .outsideReserve: "the block is not of the delegate's reserve: ask for a block again"
    case .overlaps(let block): "\(block) was given to somebody already: ask for a block again"
    case .obstacle(let kind): "\(kind.reason): ask for a block again"
    }
  }
}

extension GrantObstacle {
  fileprivate var reason: String {
    switch self {
    case .notAdmitted: "the VR is not admitted to the mesh"
    case .revoked: "the VR's key is revoked"
    case .unknownInvitation: "the mesh knows no such invitation"
    case .invitationUsed: "another VR used the invitation"
    case .secretMismatch: "the invitation's secret is wrong"
    case .siteNameTaken: "there is another site of this name by now"
    case .tagTaken: "another VR's key begins like this one's"
    case .unknownVine: "the ViNe does not exist any more"
    case .noPart: "the site takes no part in the ViNe any more"
    }
  }
}
