import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VinePath
import VineRaft
import VineRegistry
import VineRouting
import VineSession
import VineWire

/// What a VR is. Its certificate is renewed while it runs, and the authority's key may come and go; nothing else changes.
public struct RouterIdentity: Sendable {
  public let key: StaticKey
  public let site: String
  public let genesis: Genesis
  /// DER.
  public private(set) var certificate: [UInt8]
  public private(set) var certificateExpires: WallTime
  /// When to ask for the next one.
  public private(set) var certificateRenewal: WallTime
  /// Present where the authority's key is: on the VR that founded the mesh, unless it was taken elsewhere.
  public internal(set) var authority: CertificateAuthority?
  public let softwareVersion: String

  public init(
    key: StaticKey, site: String, genesis: Genesis, certificate: [UInt8], certificateExpires: WallTime,
    certificateRenewal: WallTime? = nil, authority: CertificateAuthority?, softwareVersion: String
  ) {
    self.key = key
    self.site = site
    self.genesis = genesis
    self.certificate = certificate
    self.certificateExpires = certificateExpires
    self.certificateRenewal = certificateRenewal ?? certificateExpires
    self.authority = authority
    self.softwareVersion = softwareVersion
  }

  public var node: NodeID { key.node }

  mutating func renewed(_ der: [UInt8], _ certified: CertifiedVR) {
    (certificate, certificateExpires, certificateRenewal) = (der, certified.notAfter, certified.renewal)
  }
}

/// What the configuration says about the VR's place on the underlay.
public struct RouterPlacement: Sendable {
  /// Public by declaration; empty to find out by dial-back.
  public let declaredEndpoints: [Endpoint]
  public let localAddresses: [IPv4Address]
  public let port: UInt16
  /// Where to find the mesh before anything is known of it.
  public let bootstrap: [Endpoint]
  /// Whether limited-VRs look for direct ways past their queue-VR.
  public let usesDirectPaths: Bool
  /// What sessions are offered, best first; not empty.
  public let suites: [CipherSuite]
  public let wireVersions: WireVersions

  public init(
    declaredEndpoints: [Endpoint], localAddresses: [IPv4Address], port: UInt16, bootstrap: [Endpoint],
    usesDirectPaths: Bool = true, suites: [CipherSuite] = CipherSuite.available, wireVersions: WireVersions = .own
  ) {
    self.wireVersions = wireVersions
    self.suites = suites
    self.usesDirectPaths = usesDirectPaths
    self.declaredEndpoints = declaredEndpoints
    self.localAddresses = localAddresses
    self.port = port
    self.bootstrap = bootstrap
  }
}

/// What signed records tell, taken up once. Copies share it, so a simulation starts thousands of VRs from one.
public struct Knowledge: Sendable {
  private(set) var gossip = GossipKnowledge()
  public private(set) var directory = Directory()

  /// - Parameters:
  ///   - base: what is known already.
  ///   - records: checked before they came into the store.
  ///   - dead: VRs that were held for dead.
  public init(base: Knowledge? = nil, records: [SignedRecord] = [], dead: [NodeID] = []) {
    if let base { self = base }
    for record in records { _ = directory.absorb(record) }
    let directory = directory
    gossip.add(records: records, dead: dead) { directory.records[$0]?.role == .public }
  }
}

/// What the store held when the VR started.
public struct RouterMemory: Sendable {
  /// The store's own identity.
  public let store: StoreID
  /// Empty on a VR that never was in the consensus group.
  public let consensus: RaftMemory
  /// What the log came to up to its snapshot.
  public let registry: Registry
  public let knowledge: Knowledge
  /// Already raised for this start, and durable: no two runs share one.
  public let incarnation: UInt64
  public let hosts: LNDT
  /// Of a delegate.
  public let ledger: GrantLedger?
  /// The queue-VR that the operator chose.
  public let pinned: NodeID?

  /// - Throws: if the snapshot is none of a registry.
  public init(
    store: StoreID, consensus: RaftMemory, knowledge: Knowledge, incarnation: UInt64, hosts: LNDT,
    ledger: GrantLedger? = nil, pinned: NodeID? = nil
  ) throws(WireError) {
    self.ledger = ledger
    self.pinned = pinned
    registry = try Registry.restored(from: consensus.snapshot)
    self.store = store
    self.consensus = consensus
    self.knowledge = knowledge
    self.incarnation = incarnation
    self.hosts = hosts
  }
}

extension Registry {
  /// The registry of a snapshot; a group that has just begun has an empty one.
  static func restored(from snapshot: Snapshot) throws(WireError) -> Registry {
    guard !snapshot.state.isEmpty else { return Registry() }
    let parts = try RegistrySnapshot.decode(snapshot.state)
    do throws(SnapshotFault) {
      return try Registry(parts)
    } catch {
      throw .invalid("registry snapshot: its facts contradict one another")
    }
  }
}
