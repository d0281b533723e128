import Foundation
import VineAddress
import VineBase
import VineControl
import VineGossip
import VineIdentity
import VineRaft
import VineRegistry
import VineRouter
import VineRouting
import VineSession
import VineWire

/// Founding and joining: what makes the state folder of a VR. Both leave nothing behind when they fail.
public enum MeshSetup {
  /// Founds a mesh: authority, genesis, this VR's key and certificate, and the registry's first entry.
  public static func initialise(_ request: InitRequest) async throws -> InitResult {
    do { return try found(request) } catch { throw error.setup }
  }

  /// Joins a mesh with a token.
  public static func join(_ request: JoinRequest) async throws -> JoinResult {
    do { return try enter(request) } catch { throw error.setup }
  }

  private static func found(_ request: InitRequest) throws(HostError) -> InitResult {
    try startSodium()
    guard let site = SiteName(request.site) else { throw name(request.site) }
    guard VineName(request.mesh) != nil else { throw name(request.mesh) }
    let folder = StateFolder(request.paths.state)
    try checkIsNew(folder)
    var configuration = Configuration()
    configuration.lan = try request.lan.map { name throws(HostError) in try Machine.lan(configured: name) }
    configuration.endpoints = request.endpoints
    if let port = request.endpoints.first?.port { configuration.port = port }
    let seed = Sodium.randomBytes(32)
    guard let key = StaticKey(seed: seed) else { throw internalError("the new key is unusable") }
    let now = Clock.wall
    do {
      let authority = try CertificateAuthority.create(meshName: request.mesh, at: now)
      let genesis = try Genesis(
        meshName: request.mesh, space: Block.standardSpace.description, founder: key.node,
        caCertificate: authority.certificateDER, nonce: Sodium.randomBytes(Genesis.nonceByteCount))
      let certificate = try authority.issue(
        node: key.node, site: site.description, mesh: genesis.meshID, at: now)
      try folder.create()
      let store = try Store(path: folder.database, node: key.node)
      let block = try decideFounding(site, hosts: request.hosts, key: key, store: store, at: now)
      (configuration.mesh, configuration.site) = (request.mesh, site.description)
      try write(configuration, to: request.paths.configuration)
      try folder.write(seed: seed, certificate: certificate, genesis: genesis, authoritySeed: authority.seed)
      return InitResult(
        site: site.description, block: block.description, meshID: genesis.meshID.description,
        nextCommand: daemonCommand(request.mesh, request.paths))
    } catch let error as CertificateError {
      throw internalError(error.description)
    } catch let error as HostError {
      throw error
    } catch {
      throw internalError("\(error)")
    }
  }

  /// The first command goes through the same consensus core as every later one; its single voter is this VR.
  private static func decideFounding(
    _ site: SiteName, hosts: Int, key: StaticKey, store: Store, at now: WallTime
  ) throws(HostError) -> Block {
    try store.found(by: key.node)
    var registrar = Registrar(
      node: key.node, voters: [key.node], store: store.id, memory: try store.consensus(),
      random: RandomSource(seed: Clock.seed))
    guard let id = ProposalID(Sodium.randomBytes(ProposalID.byteCount)) else { throw internalError("no identifier") }
    let proposal = Proposal(
      id: id, author: key.node, at: now, command: .found(site: site, hosts: hosts, space: .standardSpace))
    var effects = registrar.wakeup(at: .zero) + registrar.propose(proposal, at: .zero)
    effects += registrar.wakeup(at: .zero)
    while !effects.isEmpty {
      switch effects.removeFirst() {
      case .persist(let write):
        try store.persist(write)
        effects += registrar.persisted(write.number, at: .zero)
      case .answered(_, .success(.founded(let block))): return block
      case .answered(_, .failure(.refused(let refusal))):
        throw HostError("the mesh cannot be founded: \(refusal)", mend: "", .failed)
      case .answered, .facts, .send, .groupChanged, .forgetGroup, .faulty, .persistLedger, .persistGrant, .notRatified:
        break
      }
    }
    throw internalError("the registry did not decide")
  }

  private static func enter(_ request: JoinRequest) throws(HostError) -> JoinResult {
    try startSodium()
    let token: InvitationToken
    do { token = try InvitationToken.parse(request.token) } catch {
      throw HostError(error.description, mend: "", .usage)
    }
    let deadline = Clock.now + request.timeout
    var configuration = Configuration()
    configuration.lan = try request.lan.map { name throws(HostError) in try Machine.lan(configured: name) }
    configuration.bootstrap = token.endpoints
    // Whatever can be refused without the network is refused before the invitation is used up.
    if let state = request.paths.state {
      try checkIsNew(StateFolder(state))
      try StateFolder(state).create()
    }
    let seed = Sodium.randomBytes(32)
    guard let key = StaticKey(seed: seed) else { throw internalError("the new key is unusable") }
    let (grant, genesis) = try JoinClient(token: token, key: key, deadline: deadline).run()
    let paths = request.paths.paths(mesh: genesis.meshName)
    let folder = StateFolder(paths.state)
    try checkIsNew(folder)
    try folder.create()
    let store = try Store(path: folder.database, node: key.node)
    var directory = Directory()
    for record in RecordTrust(founder: genesis.founder).believed(grant.facts) {
      try store.persist([record])
      _ = directory.absorb(record)
    }
    guard let block = directory.view.blocks(of: key.node).first else {
      throw HostError("the mesh granted no block", mend: "update the older side, then ask for a new token", .failed)
    }
    (configuration.mesh, configuration.site) = (genesis.meshName, token.site)
    try write(configuration, to: paths.configuration)
    try folder.write(seed: seed, certificate: grant.certificate, genesis: genesis, authoritySeed: nil)
    return JoinResult(
      site: token.site, block: block.description, meshID: genesis.meshID.description, meshName: genesis.meshName,
      nextCommand: daemonCommand(genesis.meshName, paths))
  }

  // MARK: Helpers

  static func startSodium() throws(HostError) {
    do { try Sodium.start() } catch { throw HostError(error.description, mend: "", .failed) }
  }

  private static func checkIsNew(_ folder: StateFolder) throws(HostError) {
    guard !folder.exists else {
      throw HostError(
        "the state folder \(folder.path) holds a VR already",
        mend: "use another --state, or remove it if that VR is gone for good", .failed)
    }
  }

  private static func write(_ configuration: Configuration, to path: String) throws(HostError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // A configuration that somebody prepared is theirs.
      guard !FileManager.default.fileExists(atPath: path) else { return }
      try configuration.yaml.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw HostError(
        "cannot write the configuration \(path)", mend: "run as root, or move it with --config", .permission)
    }
  }

  private static func daemonCommand(_ mesh: String, _ paths: MeshPaths) -> String {
    guard paths != .standard(mesh: mesh) else { return "vine-meshd --mesh \(mesh)" }
    return "vine-meshd --config \(paths.configuration) --state \(paths.state) --socket \(paths.socket)"
  }

  private static func name(_ text: String) -> HostError {
    HostError(
      "`\(text)` is no name", mend: "use 1 to 63 of a-z, 0-9 and hyphen, a letter first", .usage)
  }

  private static func internalError(_ what: String) -> HostError {
    HostError("internal: \(what)", mend: "please report this", .failed)
  }
}
