import VineBase
import VineIdentity
import VineSession
import VineWire

/// The VR's own certificate on its way to the next one.
public struct Renewal: Sendable {
  /// Between two tries, doubling up to the second.
  static let intervalMin = Duration.seconds(10)
  static let intervalMax = Duration.seconds(3600)
  /// A session with whoever is asked takes no longer.
  static let sessionWait = Duration.seconds(3)

  var nextTry = Instant.zero
  var interval = Renewal.intervalMin
  /// The VR that was asked last; only it may answer.
  var asked: NodeID?
  /// Why the last try came to nothing.
  public internal(set) var problem: String?
}

/// Certificates are renewed from two thirds of their lifetime on, by any VR that holds the authority's key and is reached.
/// The key that the session proves gets a certificate for the site that the registry admitted it as, so nobody has to say
/// anything of himself. Who is revoked gets none.
extension Router {
  /// VRs that hold the authority's key, as their records say; the founder until one does.
  public var signers: [NodeID] {
    let told = signersTold
    return told.isEmpty ? [identity.genesis.founder] : told
  }

  private var signersTold: [NodeID] {
    directory.records.filter { $0.1.signs && !directory.view.isRevoked($0.0) }.map(\.0)
  }

  /// What to do where this VR lacks the authority's key.
  func wayToSigner(_ what: String) -> String {
    let sites = signersTold.filter { $0 != node }.map(directory.name(of:)).sorted()
    return sites.isEmpty
      ? "no VR can use that key now: run `vine-mesh ca unlock` or `ca import` at one"
      : "\(what) at site \(sites.joined(separator: " or "))"
  }

  /// Called with each tick.
  mutating func lookAfterCertificate(_ turn: inout Turn) {
    guard turn.wall >= identity.certificateRenewal, turn.now >= renewal.nextTry else { return }
    if identity.authority != nil { return renewByOwnAuthority(&turn) }
    guard let signer = random.element(of: signers.filter { $0 != node }) else {
      return renewalFailed("no VR of the mesh holds the authority's key", &turn)
    }
    guard peers.isConnected(signer) else {
      if peers.mayTry(signer, at: turn.now) { connect(to: signer, &turn) }
      renewal.problem = "\(directory.name(of: signer)), which holds the authority's key, is not reached"
      renewal.nextTry = turn.now + Renewal.sessionWait
      return
    }
    renewal.asked = signer
    renewalTried(at: turn.now)
    send(.renewRequest, to: signer, &turn)
  }

  private mutating func renewByOwnAuthority(_ turn: inout Turn) {
    renewalTried(at: turn.now)
    switch certificate(for: node, turn.wall) {
    case .success(let der): renewed(der, &turn)
    case .failure(let why): renewalFailed(why.text, &turn)
    }
  }

  private mutating func renewalTried(at now: Instant) {
    renewal.nextTry = now + renewal.interval + random.jitter(renewal.interval)
    renewal.interval = min(renewal.interval * 2, Renewal.intervalMax)
  }

  mutating func renewalFailed(_ why: String, _ turn: inout Turn) {
    if renewal.nextTry <= turn.now { renewalTried(at: turn.now) }
    renewal.problem = why
    turn.report(.renewalFailed(why))
  }

  /// A certificate for this VR, which has to be better than the one it has.
  mutating func renewed(_ der: [UInt8], _ turn: inout Turn) {
    let verdict = authenticator.checks.certificate(der, turn.wall)
    guard case .success(let certified) = verdict, certified.node == node, certified.site == identity.site,
      certified.notAfter > identity.certificateExpires
    else { return renewalFailed("the certificate that came is not a newer one of this VR", &turn) }
    identity.renewed(der, certified)
    renewal = Renewal()
    run(handshake: .credential(Credential.certificate(der).encode(), isGuest: false), &turn)
    turn.emit(.persistCertificate(der))
    turn.report(.certificateRenewed(expires: certified.notAfter))
    turn.ownRecordChanged = true
  }

  // MARK: For others

  /// Another VR asks for its next certificate; its session proved its key.
  mutating func renew(_ peer: NodeID, _ turn: inout Turn) {
    switch certificate(for: peer, turn.wall) {
    case .success(let der):
      turn.report(.renewed(peer, site: directory.name(of: peer)))
      send(.renewReply(der), to: peer, &turn)
    case .failure(let why): send(.renewRefused(why.text), to: peer, &turn)
    }
  }

  private struct NoCertificate: Error {
    let text: String
  }

  private func certificate(for peer: NodeID, _ wall: WallTime) -> Result<[UInt8], NoCertificate> {
    guard let authority = identity.authority else {
      return .failure(NoCertificate(text: "this VR does not hold the key that signs certificates"))
    }
    guard let site = directory.view.sites[peer], !directory.view.isRevoked(peer) else {
      return .failure(NoCertificate(text: "the registry does not admit that VR"))
    }
    do throws(CertificateError) {
      return .success(
        try authority.issue(node: peer, site: site.name.description, mesh: identity.genesis.meshID, at: wall))
    } catch {
      return .failure(NoCertificate(text: "\(error)"))
    }
  }

  /// The authority's key came, or went.
  mutating func authorityChanged(_ authority: CertificateAuthority?, _ turn: inout Turn) {
    identity.authority = authority
    turn.ownRecordChanged = true
    if authority != nil { renewal.nextTry = turn.now }
  }
}
