/// The other VRs of the mesh. `GET /v1/peers`.
public struct PeersView: View {
  public static let name = "peers"

  /// By site.
  public var peers: [PeerLine]

  public init(peers: [PeerLine]) {
    self.peers = peers
  }
}

/// One other VR: whether it is up, how it is reached, what went to and fro.
public struct PeerLine: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  /// Gossip's judgement.
  public var state: MemberCondition
  /// As its own record says.
  public var role: VRRole
  /// How frames go to it now.
  public var path: PathKind
  /// The endpoint for `direct`, the queue-VR's site for `relay`, else empty.
  public var via: String
  /// Suite of the newest session, `aes256gcm`; absent without a session.
  public var cipher: String?
  /// Since the newest session's handshake.
  public var sessionAgeSeconds: Double?
  /// Since the last authenticated frame from it.
  public var heardSecondsAgo: Double?
  /// Absent until measured.
  public var rttMs: Double?
  /// Virtual packets tunnelled to it since the daemon's start.
  public var sentPackets: UInt64
  /// Their sizes before the tunnel's overhead.
  public var sentBytes: UInt64
  public var receivedPackets: UInt64
  public var receivedBytes: UInt64
  /// Empty until its record arrived.
  public var softwareVersion: String
  /// Version of the wire format of the newest session; absent without a session.
  public var wireVersion: Int?
  /// Versions of the wire format that it speaks, `1` or `1-2`; absent until its record arrived.
  public var wireVersions: String?
  /// Why there is no session, if one of the two VRs refused the other; with the mend.
  public var refusal: String?

  public init(
    site: String, node: String, state: MemberCondition, role: VRRole, path: PathKind, via: String,
    cipher: String? = nil, sessionAgeSeconds: Double? = nil, heardSecondsAgo: Double? = nil, rttMs: Double? = nil,
    sentPackets: UInt64, sentBytes: UInt64, receivedPackets: UInt64, receivedBytes: UInt64, softwareVersion: String,
    wireVersion: Int? = nil, wireVersions: String? = nil, refusal: String? = nil
  ) {
    self.site = site
    self.node = node
    self.state = state
    self.role = role
    self.path = path
    self.via = via
    self.cipher = cipher
    self.sessionAgeSeconds = sessionAgeSeconds
    self.heardSecondsAgo = heardSecondsAgo
    self.rttMs = rttMs
    self.sentPackets = sentPackets
    self.sentBytes = sentBytes
    self.receivedPackets = receivedPackets
    self.receivedBytes = receivedBytes
    self.softwareVersion = softwareVersion
    self.wireVersion = wireVersion
    self.wireVersions = wireVersions
    self.refusal = refusal
  }
}
