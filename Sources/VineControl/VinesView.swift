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
  /// Digest of the own GNDT, hexadecimal; empty where this site takes no part.
  public var gndtVersion: String
  public var gndtEntries: Int
  /// Participating VRs that are up and announce the same digest, itself included.
  public var agreeing: Int
  public var participantsUp: Int

  public init(
    name: String, networkId: UInt32, creator: String, takesPart: Bool, participants: [String], localHosts: [String],
    gndtVersion: String, gndtEntries: Int, agreeing: Int, participantsUp: Int
  ) {
    self.name = name
    self.networkId = networkId
    self.creator = creator
    self.takesPart = takesPart
    self.participants = participants
    self.localHosts = localHosts
    self.gndtVersion = gndtVersion
    self.gndtEntries = gndtEntries
    self.agreeing = agreeing
    self.participantsUp = participantsUp
  }
}
