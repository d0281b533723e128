/// All ViNes of the mesh. `GET /v1/vines`.
public struct VinesView: View {
  public static let name = "vines"

  /// By V.Net.ID.
  public var vines: [VineLine]

  public init(vines: [VineLine]) {
    self.vines = vines
  }
}

/// One ViNe.
public struct VineLine: Codable, Hashable, Sendable {
  public var name: String
  /// V.Net.ID.
  public var networkId: UInt32
  /// Site whose VR created it.
  public var creator: String
  /// Whether this site takes part.
  public var takesPart: Bool
  /// Sites that take part, by name.
  public var participants: [String]
  /// Own addresses in it, ascending.
  public var localHosts: [String]
  /// Ranges of addresses in the GNDT, and how many addresses they are.
  public var gndtEntries: Int
  public var gndtAddresses: UInt64
  /// Addresses that two sites say are theirs: nobody is believed until one of them yields.
  public var disputedAddresses: UInt64
  public var agreement: GNDTAgreement

  public init(
    name: String, networkId: UInt32, creator: String, takesPart: Bool, participants: [String], localHosts: [String],
    gndtEntries: Int, gndtAddresses: UInt64, disputedAddresses: UInt64 = 0, agreement: GNDTAgreement
  ) {
    self.name = name
    self.networkId = networkId
    self.creator = creator
    self.takesPart = takesPart
    self.participants = participants
    self.localHosts = localHosts
    self.gndtEntries = gndtEntries
    self.gndtAddresses = gndtAddresses
    self.disputedAddresses = disputedAddresses
    self.agreement = agreement
  }
}

/// Whether the VRs of a ViNe derived the same GNDT, as far as they said so.
public struct GNDTAgreement: Codable, Hashable, Sendable {
  /// Version of the table that this VR derived, `v17.42`: the registry's last decision on who takes part, and the
  /// participants' own changes.
  public var version: String
  /// Digest of it, sixteen hexadecimal digits. Equal digests are equal tables.
  public var digest: String
  /// Participating VRs that are up and announce this table, this VR among them if it takes part.
  public var agreeing: Int
  /// Participating VRs that are up.
  public var participantsUp: Int
  /// Participating VRs that are up and announce another table, or none.
  public var laggards: [GNDTLaggard]
  /// Sites that take part and whose VRs are not up, by name.
  public var down: [String]

  public init(
    version: String, digest: String, agreeing: Int, participantsUp: Int, laggards: [GNDTLaggard] = [],
    down: [String] = []
  ) {
    self.version = version
    self.digest = digest
    self.agreeing = agreeing
    self.participantsUp = participantsUp
    self.laggards = laggards
    self.down = down
  }
}

/// A VR that announces another GNDT than this one derived.
public struct GNDTLaggard: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  public var reason: GNDTDifference
  /// What it announces; absent if that is nothing.
  public var version: String?
  /// How long this VR has had another table than the one announced.
  public var seconds: Double?

  public init(site: String, node: String, reason: GNDTDifference, version: String? = nil, seconds: Double? = nil) {
    self.site = site
    self.node = node
    self.reason = reason
    self.version = version
    self.seconds = seconds
  }
}
