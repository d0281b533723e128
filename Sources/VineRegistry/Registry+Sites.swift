import VineAddress
import VineBase

/// Sites: invited, admitted.
extension Registry {
  static let invitationsMax = 65_536
  /// Invitations are remembered for so long after their end: what a delegate granted for one is ratified when the
  /// partition has healed, and whoever uses one that was used learns that.
  static let invitationMemory: Int64 = 86_400

  mutating func invite(
    _ id: InvitationID, _ hash: [UInt8], _ site: SiteName, _ hosts: Int, _ expires: WallTime, at now: WallTime
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard siteNames[site] == nil else { throw .siteNameTaken(site) }
    guard Block.prefixLength(forHosts: hosts) != nil else { throw noBlockLeft(hosts, in: space?.all) }
    while let expiry = expiries.firstKey, expiry.at.secondsSince1970 + Self.invitationMemory < now.secondsSince1970 {
      forget(expiry.invitation)
    }
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

  /// What an invitation that nobody used entitles a VR to.
  public func admission(
    of node: NodeID, _ id: InvitationID, _ hash: [UInt8], _ now: WallTime
  ) throws(RegistryRefusal) -> (site: SiteName, hosts: Int) {
    guard let invitation = invitations[id] else { throw .unknownInvitation }
    guard invitation.secretHash == hash else { throw .secretMismatch }
    if let user = invitation.usedBy { throw .invitationUsed(by: user) }
    guard now < invitation.expires else { throw .invitationExpired(at: invitation.expires) }
    guard !view.isRevoked(node) else { throw .revoked }
    guard siteNames[invitation.site] == nil else { throw .siteNameTaken(invitation.site) }
    guard view.site(tagged: node.tag) == nil else { throw .tagTaken }
    return (invitation.site, invitation.hosts)
  }

  mutating func admit(
    _ node: NodeID, _ id: InvitationID, _ hash: [UInt8], _ now: WallTime, in space: RegistrySpace, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    if let invitation = invitations[id], invitation.secretHash == hash, let user = invitation.usedBy {
      // The same VR asking again lost the answer.
      guard user == node, let block = view.blocks(of: node).first else { throw .invitationUsed(by: user) }
      return .admitted(site: invitation.site, block)
    }
    let invitation = try admission(of: node, id, hash, now)
    let block = try place(invitation.hosts, in: space.all)
    set(.block(block), .block(owner: node), at: index)
    set(.site(node), .site(name: invitation.site), at: index)
    invitations[id]?.usedBy = node
    return .admitted(site: invitation.site, block)
  }
}
