import SwiftProtobuf
import VineAddress
import VineBase
import VineGossip
import VinePath
import VineRaft

/// What a VR says about itself: the payload of its signed record. Copies share their content, because each VR keeps
/// the records of all others.
public struct VRRecord: Sendable {
  /// A VR's half of one ViNe's GNDT.
  public struct Claim: Hashable, Sendable {
    /// Which of its addresses take part.
    public let addresses: AddressSet
    /// How often the VR changed them, this time included.
    public let changes: UInt32

    public init(addresses: AddressSet, changes: UInt32) {
      self.addresses = addresses
      self.changes = changes
    }

    public func changed(to addresses: AddressSet) -> Claim { Claim(addresses: addresses, changes: changes &+ 1) }
  }

  private final class Content: Sendable {
    let site: String
    let role: Role
    let endpoints: [Endpoint]
    let queueVR: NodeID?
    let claims: SortedMap<NetworkID, Claim>
    let tableDigests: SortedMap<NetworkID, TableDigest>
    let softwareVersion: String
    let certificateExpires: WallTime
    let store: StoreID?
    let links: SortedMap<NodeTag, ReadingFilter.Step>
    let succession: Succession
    let ledTerm: UInt64?
    let signs: Bool
    let wireVersions: WireVersions

    init(
      _ site: String, _ role: Role, _ endpoints: [Endpoint], _ queueVR: NodeID?, _ claims: SortedMap<NetworkID, Claim>,
      _ tableDigests: SortedMap<NetworkID, TableDigest>, _ softwareVersion: String, _ certificateExpires: WallTime,
      _ store: StoreID?, _ links: SortedMap<NodeTag, ReadingFilter.Step>, _ succession: Succession,
      _ ledTerm: UInt64?, _ signs: Bool, _ wireVersions: WireVersions
    ) {
      self.site = site
      self.role = role
      self.endpoints = endpoints
      self.queueVR = queueVR
      self.claims = claims
      self.tableDigests = tableDigests
      self.softwareVersion = softwareVersion
      self.certificateExpires = certificateExpires
      self.store = store
      self.links = links
      self.succession = succession
      self.ledTerm = ledTerm
      self.signs = signs
      self.wireVersions = wireVersions
    }
  }

  /// Which VR may stand in for this one, and for which one this stands in.
  public struct Succession: Hashable, Sendable {
    /// Another VR on the same site's network: it may send what this one's hosts send.
    public var second: NodeTag?
    /// The first VR of a site, which is silent: what is for its hosts is to be sent here.
    public var standsInFor: NodeTag?

    public init(second: NodeTag? = nil, standsInFor: NodeTag? = nil) {
      self.second = second
      self.standsInFor = standsInFor
    }
  }

  private let content: Content

  public var site: String { content.site }
  public var role: Role { content.role }
  /// Where it is reached, best first; more than `WireLimits.endpointCountMax` are not sent.
  public var endpoints: [Endpoint] { content.endpoints }
  /// Who holds a channel to it, if it is limited.
  public var queueVR: NodeID? { content.queueVR }
  /// Its half of the GNDTs.
  public var claims: SortedMap<NetworkID, Claim> { content.claims }
  /// What it derived of the GNDTs that it uses, so that operators see agreement.
  public var tableDigests: SortedMap<NetworkID, TableDigest> { content.tableDigests }
  public var softwareVersion: String { content.softwareVersion }
  public var certificateExpires: WallTime { content.certificateExpires }
  /// With which it may vote; nil of a VR that cannot.
  public var store: StoreID? { content.store }
  /// The bandwidth of its links to other VRs, the slower direction of each, as it was told the mesh.
  public var links: SortedMap<NodeTag, ReadingFilter.Step> { content.links }
  public var succession: Succession { content.succession }
  /// The Raft term that it leads in; nil of a VR that does not lead. A hint for who has a command.
  public var ledTerm: UInt64? { content.ledTerm }
  /// Whether it holds the authority's key.
  public var signs: Bool { content.signs }
  public var wireVersions: WireVersions { content.wireVersions }

  public init(
    site: String, role: Role, endpoints: [Endpoint], queueVR: NodeID?, claims: SortedMap<NetworkID, Claim>,
    tableDigests: SortedMap<NetworkID, TableDigest>, softwareVersion: String, certificateExpires: WallTime,
    store: StoreID? = nil, links: SortedMap<NodeTag, ReadingFilter.Step> = [:], succession: Succession = Succession(),
    ledTerm: UInt64? = nil, signs: Bool = false, wireVersions: WireVersions = .first
  ) {
    content = Content(
      site, role, endpoints, queueVR, claims, tableDigests, softwareVersion, certificateExpires, store, links,
      succession, ledTerm, signs, wireVersions)
  }

  /// The same record with other digests.
  public func announcing(_ tableDigests: SortedMap<NetworkID, TableDigest>) -> VRRecord {
    VRRecord(
      site: site, role: role, endpoints: endpoints, queueVR: queueVR, claims: claims, tableDigests: tableDigests,
      softwareVersion: softwareVersion, certificateExpires: certificateExpires, store: store,
      links: links, succession: succession, ledTerm: ledTerm, signs: signs, wireVersions: wireVersions)
  }

  // MARK: Room

  /// Bytes that claims may take of a payload: all else has its room beside them, but for digests, which take what is
  /// left.
  public static let claimsByteCountMax = 1200

  /// Bytes that claims take of a payload; more than `claimsByteCountMax` are not to be published.
  public static func byteCount(of claims: SortedMap<NetworkID, Claim>) -> Int {
    var wire = PBVRRecord()
    wire.participation = claims.map(PBParticipation.init)
    return wire.written.count
  }

  // MARK: Bytes

  /// - Returns: the payload. Texts and endpoints beyond their limits are left out, and digests that have no room. With
  ///   claims of more than `claimsByteCountMax` it may be longer than gossip takes.
  public func encode() -> [UInt8] {
    var wire = PBVRRecord()
    wire.site = Field.clipped(site, max: WireLimits.nameByteCountMax)
    wire.role = UInt32(role.rawValue)
    wire.endpoints = endpoints.prefix(WireLimits.endpointCountMax).map(PBEndpoint.init)
    if let queueVR { wire.queueVr = .init(queueVR.bytes) }
    wire.participation = claims.map(PBParticipation.init)
    wire.softwareVersion = Field.clipped(softwareVersion, max: WireLimits.wordByteCountMax)
    wire.certificateExpires = certificateExpires.secondsSince1970
    if let store { wire.store = .init(store.bytes) }
    wire.links = links.prefix(WireLimits.linkCountMax).map { peer, step in
      var link = PBLink()
      link.peer = peer.rawValue
      link.step = UInt32(step.rawValue)
      return link
    }
    wire.secondVr = succession.second?.rawValue ?? 0
    wire.standsInFor = succession.standsInFor?.rawValue ?? 0
    wire.leads = ledTerm ?? 0
    wire.signs = signs
    if wireVersions != .first {
      wire.wireOldest = UInt32(wireVersions.oldest)
      wire.wireNewest = UInt32(wireVersions.newest)
    }
    let bytes = wire.written
    guard !tableDigests.isEmpty else { return bytes }
    var room = WireLimits.payloadByteCountMax - bytes.count
    for (network, table) in tableDigests {
      let digest = PBTableDigest(network, table)
      // Beside it, its field and its length.
      room -= digest.written.count + 2
      guard room >= 0 else { break }
      wire.tableDigests.append(digest)
    }
    return wire.written
  }

  /// - Throws: for anything that `encode` cannot have written; fields of newer versions are skipped.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> VRRecord {
    let wire = try PBVRRecord.read(bytes, "VR record", max: WireLimits.payloadByteCountMax)
    guard let role = UInt8(exactly: wire.role).flatMap(Role.init) else { throw .invalid("role") }
    var claims = SortedMap<NetworkID, Claim>()
    var last: UInt32?
    for part in wire.participation {
      if let last, last >= part.network { throw .invalid("order of ViNes") }
      last = part.network
      claims[NetworkID(rawValue: part.network)] = Claim(
        addresses: try AddressSet(runs: part.runs), changes: part.changes)
    }
    var tableDigests = SortedMap<NetworkID, TableDigest>()
    last = nil
    for part in wire.tableDigests {
      if let last, last >= part.network { throw .invalid("order of digests") }
      last = part.network
      tableDigests[NetworkID(rawValue: part.network)] = try part.tableDigest()
    }
    var links = SortedMap<NodeTag, ReadingFilter.Step>()
    for link in try Field.count(wire.links, max: WireLimits.linkCountMax, "links") {
      guard let step = UInt16(exactly: link.step), step <= ReadingFilter.Step.max.rawValue else {
        throw .invalid("bandwidth of a link")
      }
      links[NodeTag(rawValue: link.peer)] = ReadingFilter.Step(rawValue: step)
    }
    var wireVersions = WireVersions.first
    if wire.wireOldest != 0 || wire.wireNewest != 0 {
      guard
        let told = WireVersions(oldest: wire.wireOldest, newest: wire.wireNewest), told != .first
      else { throw .invalid("versions of the wire format") }
      wireVersions = told
    }
    return VRRecord(
      site: try Field.text(wire.site, max: WireLimits.nameByteCountMax, "site"), role: role,
      endpoints: try Field.count(wire.endpoints, max: WireLimits.endpointCountMax, "endpoints")
        .converted { (wire) throws(WireError) in try wire.endpoint() },
      queueVR: wire.hasQueueVr ? try Field.node(wire.queueVr, "queue-VR") : nil, claims: claims,
      tableDigests: tableDigests,
      softwareVersion: try Field.text(wire.softwareVersion, max: WireLimits.wordByteCountMax, "software version"),
      certificateExpires: try Field.time(wire.certificateExpires, "certificate expiry"),
      store: wire.store.isEmpty ? nil : try raftStore(wire.store), links: links,
      succession: Succession(
        second: wire.secondVr == 0 ? nil : NodeTag(rawValue: wire.secondVr),
        standsInFor: wire.standsInFor == 0 ? nil : NodeTag(rawValue: wire.standsInFor)),
      ledTerm: wire.leads == 0 ? nil : wire.leads, signs: wire.signs, wireVersions: wireVersions)
  }
}

extension VRRecord: Hashable {
  public static func == (left: Self, right: Self) -> Bool {
    let (one, other) = (left.content, right.content)
    return one === other
      || one.site == other.site && one.role == other.role && one.endpoints == other.endpoints
        && one.queueVR == other.queueVR && one.claims == other.claims && one.tableDigests == other.tableDigests
        && one.softwareVersion == other.softwareVersion && one.certificateExpires == other.certificateExpires
        && one.store == other.store && one.links == other.links && one.succession == other.succession
        && one.ledTerm == other.ledTerm && one.signs == other.signs && one.wireVersions == other.wireVersions
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(site)
    hasher.combine(endpoints)
    hasher.combine(claims)
  }
}

extension PBParticipation {
  fileprivate init(_ network: NetworkID, _ claim: VRRecord.Claim) {
    self.init()
    self.network = network.rawValue
    runs = claim.addresses.runs
    changes = claim.changes
  }
}

extension PBTableDigest {
  fileprivate init(_ network: NetworkID, _ table: TableDigest) {
    self.init()
    self.network = network.rawValue
    digest = table.digest
    decision = table.version.decision
    changes = table.version.changes
  }

  fileprivate func tableDigest() throws(WireError) -> TableDigest {
    TableDigest(
      version: TableVersion(
        decision: try Field.counter(decision, "decision in a table"),
        changes: try Field.counter(changes, "changes in a table")), digest: digest)
  }
}
