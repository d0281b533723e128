import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VineRaft
import VineRegistry
import VineRouter
import VineRouting
import VineSession
import VineWire

/// Why a mesh cannot be made; a fault of the simulator, not of a run.
public struct FoundingError: Error, CustomStringConvertible {
  public let description: String
}

/// A mesh that was founded but whose VRs do not run yet: real keys, certificates, registry and signed records.
struct Founding {
  let authority: CertificateAuthority
  let genesis: Genesis
  let trust: MeshTrust
  let wall: WallTime
  let keys: [StaticKey]
  private(set) var registrar: Registrar
  private(set) var store = SimulatedStore()
  private var facts: [RegistryFact] = []
  private var random: RandomSource

  /// Blocks of 64 addresses: 16384 of them are in 172.16.0.0/12.
  static let hosts = 60
  static let softwareVersion = "simulated"
  static let maximum = 16_000

  init(count: Int, seed: UInt64) throws {
    guard (1...Self.maximum).contains(count) else {
      throw FoundingError(description: "a mesh has 1 to \(Self.maximum) VRs")
    }
    try Sodium.start()
    random = RandomSource(seed: seed)
    wall = WallTime(secondsSince1970: 1_800_000_000)
    var keys: [StaticKey] = []
    for _ in 0..<count { keys.append(try Self.key(&random)) }
    self.keys = keys
    authority = try CertificateAuthority.create(meshName: "simulated", seed: Self.bytes(32, &random), at: wall)
    genesis = try Genesis(
      meshName: "simulated", space: Block.standardSpace.description, founder: keys[0].node,
      caCertificate: authority.certificateDER, nonce: Self.bytes(16, &random))
    trust = try MeshTrust(genesis: genesis)
    store.id = StoreID(high: 1, low: 0)
    store.consensus = .founding([VoterID(node: keys[0].node, store: store.id)])
    registrar = Registrar(
      node: keys[0].node, voters: [keys[0].node], store: store.id, memory: store.consensus,
      random: RandomSource(seed: random.next()))
    perform(registrar.wakeup(at: .zero))
    try decide(.found(site: try Self.site(0), hosts: Self.hosts, space: .standardSpace))
  }

  static func site(_ index: Int) throws -> SiteName {
    guard let name = SiteName("site\(index)") else { throw FoundingError(description: "site\(index) is no name") }
    return name
  }

  private static func bytes(_ count: Int, _ random: inout RandomSource) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private static func key(_ random: inout RandomSource) throws -> StaticKey {
    guard let key = StaticKey(seed: bytes(32, &random)) else { throw FoundingError(description: "no key") }
    return key
  }

  /// Admits every site as joins do, one after the other.
  mutating func admitAll() throws {
    for index in keys.indices.dropFirst() {
      let secret = Self.bytes(32, &random)
      guard let invitation = InvitationID(Self.bytes(16, &random)) else { continue }
      let hash = InvitationToken.hash(ofSecret: secret)
      let expires = WallTime(secondsSince1970: wall.secondsSince1970 + 86_400)
      try decide(
        .invite(invitation, secretHash: hash, site: try Self.site(index), hosts: Self.hosts, expires: expires))
      try decide(.admit(node: keys[index].node, invitation: invitation, secretHash: hash))
    }
  }

  /// A ViNe of some sites, the first of which creates it.
  mutating func createVine(_ name: String, of members: [Int]) throws -> NetworkID {
    guard let name = VineName(name), let creator = members.first else {
      throw FoundingError(description: "\(name) is no name, or a ViNe of nobody")
    }
    try decide(.createVine(name), by: creator)
    guard let network = registrar.registry.view.vine(named: name) else {
      throw FoundingError(description: "the registry made no ViNe")
    }
    for index in members.dropFirst() { try decide(.takePart(network), by: index) }
    return network
  }

  private mutating func decide(_ command: RegistryCommand, by index: Int = 0) throws {
    guard let id = ProposalID(Self.bytes(16, &random)) else { return }
    let proposal = Proposal(id: id, author: keys[index].node, at: wall, command: command)
    let effects =
      index == 0
      ? registrar.propose(proposal, at: .zero) : registrar.received(proposal, from: keys[index].node, at: .zero)
    perform(effects + registrar.wakeup(at: .zero))
    guard case .success? = registrar.registry.outcome(of: id, by: keys[index].node) else {
      throw FoundingError(description: "the registry refused \(command)")
    }
  }

  private mutating func perform(_ effects: [Registrar.Effect]) {
    var effects = effects[...]
    while let effect = effects.popFirst() {
      switch effect {
      case .persist(let write):
        store.consensus.perform(write)
        effects += registrar.persisted(write.number, at: .zero)
      case .facts(let facts): self.facts += facts
      case .answered, .send, .groupChanged, .forgetGroup, .faulty, .persistLedger, .persistGrant, .notRatified:
        break
      }
    }
  }

  /// The founder's word on every fact.
  var attested: [SignedRecord] { facts.map { RecordTrust.attest($0, by: keys[0]) } }

  /// A VR's word on itself, as its router will write it.
  func record(of index: Int, hosts: LNDT, endpoint: Endpoint, certificateExpires: WallTime, store: StoreID)
    -> SignedRecord
  {
    var claims: SortedMap<NetworkID, VRRecord.Claim> = [:]
    for (network, addresses) in hosts.participation {
      claims[network] = VRRecord.Claim(addresses: addresses, changes: 1)
    }
    let content = VRRecord(
      site: "site\(index)", role: .public, endpoints: [endpoint], queueVR: nil, claims: claims, tableDigests: [:],
      softwareVersion: Self.softwareVersion, certificateExpires: certificateExpires, store: store)
    // The founder's first word is news: that it leads.
    let version = RecordVersion(epoch: index == 0 ? 0 : 1, sequence: 1)
    return RecordTrust.sign(content, version: version, by: keys[index])
  }
}
