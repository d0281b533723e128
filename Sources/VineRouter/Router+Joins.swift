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
    // A VR of this mesh whose certificate has expired comes as a guest, too.
    case .renewRequest: renew(guest, &turn)
    case .joinRequest(let invitation, let secret, _):
      guard identity.authority != nil else {
        return send(
          .joinRefused("this VR cannot sign certificates; \(wayToSigner("ask for an invitation"))"), to: guest, &turn)
      }
      guard let invitation = InvitationID(invitation) else { return }
      let hash = InvitationToken.hash(ofSecret: secret)
      let granted = registrar.grantAdmission(
        of: guest, invitation, hash, wall: turn.wall, at: turn.now, sign: identity.key.sign)
      if let granted {
        run(granted.effects, &turn)
        return joinDecided(guest, granted.outcome.mapError { .refused($0) }, &turn)
      }
      propose(.admit(node: guest, invitation: invitation, secretHash: hash), for: .join(guest), &turn)
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
    let needed = introduction(to: guest)
    turn.report(.siteJoined(guest, site: site.description, block))
    send(
      .joinReply(
        JoinGrant(
          certificate: certificate, genesis: identity.genesis.encode(), facts: needed,
          endpoints: Array(reachability.endpoints.prefix(4)))), to: guest, &turn)
  }

  /// VRs that a joiner is told of: enough to find its neighbours, and others for each joiner, so that not all of them
  /// turn to the same few.
  static let introducedMax = 16

  /// What the joiner needs to find its place: its own facts, and some public VRs. The rest it gets from those.
  private mutating func introduction(to guest: NodeID) -> [SignedRecord] {
    let keys: [FactKey] = [.mesh, .site(guest)] + directory.view.holdings(of: guest).map(FactKey.holding)
    let facts = keys.compactMap { gossip.store[RecordKey(kind: .fact, id: $0.bytes)] }
    let known = random.shuffled(gossip.allMembers.filter { $0.isPublic && $0.state == .alive && $0.node != guest })
    let introduced = known.prefix(Self.introducedMax).map(\.node) + [node]
    // Records that other voters attested the joiner cannot judge before it knows these.
    let voters = directory.view.voters.compactMap { gossip.store[RecordKey(kind: .fact, id: FactKey.voter($0).bytes)] }
      .compactMap { record -> SignedRecord? in
        guard case .fact(let fact) = trust.content(record) else { return nil }
        return RecordTrust.attest(fact, by: identity.key)
      }
    return voters + facts + introduced.compactMap { gossip.store[RecordKey(kind: .vr, id: $0.bytes)] }
  }
}
