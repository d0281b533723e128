// The whole mesh on one map, as one VR knows it from the records of all.

/// Every VR and every link that is known here. `GET /v1/map`.
public struct MapView: View {
  public static let name = "map"

  /// The site whose VR drew this map.
  public var site: String
  public var meshName: String
  /// By site; VRs that are revoked are not on it.
  public var vrs: [MapVR]
  /// Measured links, by the two sites' names; each pair once.
  public var links: [MapLink]

  public init(site: String, meshName: String, vrs: [MapVR], links: [MapLink]) {
    self.site = site
    self.meshName = meshName
    self.vrs = vrs
    self.links = links
  }
}

/// A VR as its own record and gossip tell of it.
public struct MapVR: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  public var isSelf: Bool
  public var state: MemberCondition
  /// How long gossip has thought so; absent of this VR itself and of one that it has not heard of.
  public var stateSeconds: Double?
  public var role: VRRole
  /// `address:port`, best first; empty for a limited-VR.
  public var endpoints: [String]
  /// Site of the queue-VR of a limited-VR.
  public var queueVR: String?
  /// How frames go from here to it; absent of this VR itself.
  public var path: PathKind?
  /// Site of the queue-VR that they go through.
  public var via: String?
  public var isVoter: Bool
  public var isLeader: Bool
  /// Site of the VR that stands by for this one, by its own word.
  public var secondVR: String?
  /// Site of the VR that this one stands in for now.
  public var standsInFor: String?
  /// CIDRs, by address.
  public var blocks: [String]
  /// ViNes that it takes part in, by V.Net.ID.
  public var vines: [String]
  /// Empty until its record arrived.
  public var softwareVersion: String

  public init(
    site: String, node: String, isSelf: Bool = false, state: MemberCondition, stateSeconds: Double? = nil,
    role: VRRole, endpoints: [String] = [], queueVR: String? = nil, path: PathKind? = nil, via: String? = nil,
    isVoter: Bool = false, isLeader: Bool = false, secondVR: String? = nil, standsInFor: String? = nil,
    blocks: [String] = [], vines: [String] = [], softwareVersion: String = ""
  ) {
    self.site = site
    self.node = node
    self.isSelf = isSelf
    self.state = state
    self.stateSeconds = stateSeconds
    self.role = role
    self.endpoints = endpoints
    self.queueVR = queueVR
    self.path = path
    self.via = via
    self.isVoter = isVoter
    self.isLeader = isLeader
    self.secondVR = secondVR
    self.standsInFor = standsInFor
    self.blocks = blocks
    self.vines = vines
    self.softwareVersion = softwareVersion
  }
}

/// What the two ends of a link say of it.
public struct MapLink: Codable, Hashable, Sendable {
  /// Site; the lesser name of the two.
  public var from: String
  /// Site.
  public var to: String
  /// The slower direction; where both ends tell, the lesser figure.
  public var bandwidthMbps: Double

  public init(from: String, to: String, bandwidthMbps: Double) {
    self.from = from
    self.to = to
    self.bandwidthMbps = bandwidthMbps
  }
}
