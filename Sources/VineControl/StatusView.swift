/// One screen about one VR: what an operator looks at first. `GET /v1/status`.
public struct StatusView: View {
  public static let name = "status"

  /// The mesh this VR belongs to.
  public var mesh: MeshLine
  /// The VR's site, as the registry knows it.
  public var site: String
  /// The VR's whole NodeID: 52 characters of base32.
  public var node: String
  public var softwareVersion: String
  /// Since the daemon's start.
  public var uptimeSeconds: Double
  public var role: VRRole
  /// The evidence for the role in one line, `dial-back from UF reached 198.18.0.2:2247`.
  public var roleReason: String
  /// Where the VR says it is reached, `address:port`; best first, empty for a limited-VR.
  public var endpoints: [String]
  public var vrs: VRCounts
  public var consensus: ConsensusLine
  /// By address.
  public var ownBlocks: [OwnBlock]
  /// The ViNes that this site takes part in, by V.Net.ID.
  public var vines: [VineAgreement]
  /// The chosen queue-VR of a limited-VR; absent for a public one, and while none is chosen.
  public var queueVR: QueueVRLine?
  /// Packets dropped in the last minute by reason, most first; reasons without a drop are left out.
  public var drops: [DropLine]
  public var certificate: CertificateLine
  /// Absent from a daemon that does not tell.
  public var dataPlane: DataPlaneLine?
  /// What the site's own policy lets through, `accepts only sites pu, nwu`; absent if that is everything.
  public var policy: String?
  /// The site's other VR; absent without one.
  public var failOver: FailOverLine?
  /// Records of newer versions of vine-mesh, kept and passed on unread; absent from a daemon that does not tell.
  public var unreadableRecords: Int?
  public var convergence: Convergence
  /// Worst first; empty if nothing needs anybody.
  public var health: [HealthLine]

  public init(
    mesh: MeshLine, site: String, node: String, softwareVersion: String, uptimeSeconds: Double, role: VRRole,
    roleReason: String, endpoints: [String], vrs: VRCounts, consensus: ConsensusLine, ownBlocks: [OwnBlock],
    vines: [VineAgreement], queueVR: QueueVRLine? = nil, drops: [DropLine], certificate: CertificateLine,
    dataPlane: DataPlaneLine? = nil, policy: String? = nil,
    failOver: FailOverLine? = nil, unreadableRecords: Int? = nil, convergence: Convergence, health: [HealthLine]
  ) {
    self.dataPlane = dataPlane
    self.policy = policy
    self.failOver = failOver
    self.unreadableRecords = unreadableRecords
    self.mesh = mesh
    self.site = site
    self.node = node
    self.softwareVersion = softwareVersion
    self.uptimeSeconds = uptimeSeconds
    self.role = role
    self.roleReason = roleReason
    self.endpoints = endpoints
    self.vrs = vrs
    self.consensus = consensus
    self.ownBlocks = ownBlocks
    self.vines = vines
    self.queueVR = queueVR
    self.drops = drops
    self.certificate = certificate
    self.convergence = convergence
    self.health = health
  }
}

/// What a VR has to do with the other VR of its site.
public struct FailOverLine: Codable, Hashable, Sendable {
  /// The other VR's site name.
  public var other: String
  /// Whether this one is the first, which has the block, or the second.
  public var isFirst: Bool
  /// Whether both configurations say so, and both VRs are admitted.
  public var isAgreed: Bool
  /// Whether the second serves the first one's hosts now.
  public var standsIn: Bool

  public init(other: String, isFirst: Bool, isAgreed: Bool, standsIn: Bool) {
    (self.other, self.isFirst, self.isAgreed, self.standsIn) = (other, isFirst, isAgreed, standsIn)
  }
}

/// A mesh's name and identity.
public struct MeshLine: Codable, Hashable, Sendable {
  public var name: String
  /// The first eight hexadecimal digits of the SHA-256 of the genesis.
  public var meshId: String
  /// The virtual space that blocks come from, `172.16.0.0/12`.
  public var space: String
  /// What this site's hosts route to their gateway, as CIDRs: the space, or its mirror.
  public var routes: [String]?

  public init(name: String, meshId: String, space: String, routes: [String]? = nil) {
    self.routes = routes
    self.name = name
    self.meshId = meshId
    self.space = space
  }
}

/// How many VRs this one knows, itself included.
public struct VRCounts: Codable, Hashable, Sendable {
  /// Admitted and not revoked.
  public var known: Int
  /// Of these: alive in gossip's judgement.
  public var up: Int
  /// Of these: not answering, not yet declared dead; they count in `up`.
  public var suspect: Int

  public init(known: Int, up: Int, suspect: Int) {
    self.known = known
    self.up = up
    self.suspect = suspect
  }
}

/// The registry's consensus as this VR sees it.
public struct ConsensusLine: Codable, Hashable, Sendable {
  /// What this VR does in it.
  public var state: ConsensusState
  /// Site of the leader, if one is known.
  public var leader: String?
  public var term: UInt64
  public var voters: Int
  public var votersUp: Int
  /// Voters needed for a decision.
  public var quorum: Int
  /// Whether commands can be decided now.
  public var hasQuorum: Bool

  public init(
    state: ConsensusState, leader: String? = nil, term: UInt64, voters: Int, votersUp: Int, quorum: Int,
    hasQuorum: Bool
  ) {
    self.state = state
    self.leader = leader
    self.term = term
    self.voters = voters
    self.votersUp = votersUp
    self.quorum = quorum
    self.hasQuorum = hasQuorum
  }
}

/// A block of this site.
public struct OwnBlock: Codable, Hashable, Sendable {
  /// CIDR.
  public var block: String
  /// The VR's own address in it, as the site sees it: next hop of the hosts' static route.
  public var gateway: String
  /// The block as the site sees it, if that is not the block itself (paper 3.3).
  public var mirror: String?
  /// Addresses of it that the LNDT has.
  public var hosts: Int
  /// Addresses that hosts can have: all but network, gateway and broadcast.
  public var hostsMax: Int

  public init(block: String, gateway: String, mirror: String? = nil, hosts: Int, hostsMax: Int) {
    self.mirror = mirror
    self.block = block
    self.gateway = gateway
    self.hosts = hosts
    self.hostsMax = hostsMax
  }
}

/// A ViNe that this site takes part in.
public struct VineAgreement: Codable, Hashable, Sendable {
  public var name: String
  /// V.Net.ID.
  public var networkId: UInt32
  public var agreement: GNDTAgreement
  /// Own hosts in it.
  public var localHosts: Int

  public init(name: String, networkId: UInt32, agreement: GNDTAgreement, localHosts: Int) {
    self.name = name
    self.networkId = networkId
    self.agreement = agreement
    self.localHosts = localHosts
  }
}

/// The queue-VR that a limited-VR receives through (paper 3.4).
public struct QueueVRLine: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  /// Whether the channel is open and its session established.
  public var connected: Bool
  /// How long it has been this one.
  public var sinceSeconds: Double
  /// Measured from the queue-VR to here; absent until measured.
  public var bandwidthMbps: Double?
  /// Over the channel; absent until measured.
  public var rttMs: Double?

  public init(
    site: String, node: String, connected: Bool, sinceSeconds: Double, bandwidthMbps: Double? = nil,
    rttMs: Double? = nil
  ) {
    self.site = site
    self.node = node
    self.connected = connected
    self.sinceSeconds = sinceSeconds
    self.bandwidthMbps = bandwidthMbps
    self.rttMs = rttMs
  }
}

/// Packets of one drop reason.
public struct DropLine: Codable, Hashable, Sendable {
  /// Stable name, also the `reason` label of `/metrics`: `noGNDTEntry`.
  public var reason: String
  public var packets: UInt64

  public init(reason: String, packets: UInt64) {
    self.reason = reason
    self.packets = packets
  }
}

/// The VR's own certificate.
public struct CertificateLine: Codable, Hashable, Sendable {
  /// Negative once expired.
  public var daysLeft: Double
  public var expiresUnixSeconds: Int64

  public init(daysLeft: Double, expiresUnixSeconds: Int64) {
    self.daysLeft = daysLeft
    self.expiresUnixSeconds = expiresUnixSeconds
  }
}

/// Which ways packets go on this machine, and why where there was a choice; in words.
public struct DataPlaneLine: Codable, Hashable, Sendable {
  /// From hosts.
  public var capture: String
  /// To hosts.
  public var injection: String
  /// Whose code seals frames.
  public var cryptography: String

  public init(capture: String, injection: String, cryptography: String) {
    self.capture = capture
    self.injection = injection
    self.cryptography = cryptography
  }
}

/// Whether this VR sees the mesh settled; `vine-mesh wait --converged` waits for it.
public struct Convergence: Codable, Hashable, Sendable {
  public var converged: Bool
  /// What is missing, one line each: `physics: 2/3 VRs at v17.42, behind: pu (v17.41, 12 s)`.
  public var waitingFor: [String]

  public init(converged: Bool, waitingFor: [String] = []) {
    self.converged = converged
    self.waitingFor = waitingFor
  }
}

/// Something that needs somebody, and the command that mends it.
public struct HealthLine: Codable, Hashable, Sendable {
  public var level: HealthLevel
  /// One line, no full stop.
  public var text: String
  /// A command to type, or what to do; empty if it mends itself.
  public var mend: String

  public init(level: HealthLevel, text: String, mend: String = "") {
    self.level = level
    self.text = text
    self.mend = mend
  }
}
