import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VineRegistry
import VineSession
import VineWire

/// Guests: VRs with an invitation and no certificate yet.
extension Router {
  /// A guest may ask for the genesis, which it checks against its token, and then to join; nothing else.
  mutating func receivedFromGuest(_ message: ControlMessage, from guest: NodeID, _ turn: inout Turn) {
    switch message {
    case .genesisRequest: send(.genesis(identity.genesis.encode()), to: guest, &turn)
    case .joinRequest(let invitation, let secret, _):
      guard identity.authority != nil else {
        let founder = directory.name(of: identity.genesis.founder)
        send(
          .joinRefused("this VR cannot sign certificates; ask site \(founder) for an invitation"), to: guest, &turn)
        return
      }
      guard let invitation = InvitationID(invitation) else { return }
      let command = RegistryCommand.admit(
        node: guest, invitation: invitation, secretHash: InvitationToken.hash(ofSecret: secret))
      propose(command, for: .join(guest), &turn)
    default: break
    }
  }

  mutating func joinDecided(
    _ guest: NodeID, _ outcome: Result<RegistryAnswer, Registrar.ProposalFailure>, _ turn: inout Turn
  ) {
    switch outcome {
    case .success(.admitted(let site, let block)): grant(guest, site, block, &turn)
    case .success: refuseJoin(of: guest, "the registry gave an answer that is no admission", &turn)
    case .failure(.refused(let refusal)): refuseJoin(of: guest, refusal.description, &turn)
    case .failure(.unanswered):
      refuseJoin(of: guest, "the registry has no quorum at the moment: try again with the same token", &turn)
    }
  }

  private mutating func refuseJoin(of guest: NodeID, _ why: String, _ turn: inout Turn) {
    turn.report(.joinRefused(guest, why))
    send(.joinRefused(why), to: guest, &turn)
  }

  private mutating func grant(_ guest: NodeID, _ site: SiteName, _ block: Block, _ turn: inout Turn) {
    guard
      let certificate = try? identity.authority?.issue(
        node: guest, site: site.description, mesh: identity.genesis.meshID, at: turn.wall)
    else { return refuseJoin(of: guest, "the mesh's authority could not sign: see the daemon's log", &turn) }
    // What the joiner needs to find its place: its own facts, and where the VRs are.
    let needed = gossip.records.filter { $0.key.kind == .vr || isAbout(guest, $0) }
    turn.report(.siteJoined(guest, site: site.description, block))
    send(
      .joinReply(
        JoinGrant(
          certificate: certificate, genesis: identity.genesis.encode(), facts: Array(needed.prefix(64)),
          endpoints: Array(reachability.endpoints.prefix(4)))), to: guest, &turn)
  }

  private func isAbout(_ guest: NodeID, _ record: SignedRecord) -> Bool {
    guard let key = FactKey(bytes: record.key.id) else { return false }
    switch key {
    case .mesh: return true
    case .site: return true
    case .block(let block): return directory.view.blocks[block] == guest
    case .vine, .participation, .revocation: return false
    }
  }
}
