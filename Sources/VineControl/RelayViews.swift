// Links, the choice of a queue-VR and the queues of limited-VRs (paper 3.4 and 6.2).

/// Measured links between VRs. `GET /v1/links`.
public struct LinksView: View {
  public static let name = "links"

  /// By the two sites' names.
  public var links: [LinkLine]

  public init(links: [LinkLine]) {
    self.links = links
  }
}

/// A link of this VR, or what another VR says of one of its own; what is not known is absent.
public struct LinkLine: Codable, Hashable, Sendable {
  /// Site.
  public var from: String
  /// Site.
  public var to: String
  /// How frames go; absent for links of other VRs.
  public var path: PathKind?
  /// The endpoint for `direct`, the queue-VR's site for `relay`.
  public var via: String?
  public var rttMs: Double?
  /// Of the last questions whether the other VR is there.
  public var lossPercent: Double?
  /// The slower direction.
  public var bandwidthMbps: Double?
  public var outMbps: Double?
  public var inMbps: Double?
  /// How far the measurement is to be believed.
  public var confidencePercent: Int?
  public var measuredSecondsAgo: Double?
  /// Largest virtual packet that goes in one piece.
  public var innerMtu: Int?
  /// What last went wrong: a search for a direct way, or a measurement.
  public var lastError: String?
  public var lastErrorSecondsAgo: Double?

  public init(
    from: String, to: String, path: PathKind? = nil, via: String? = nil, rttMs: Double? = nil,
    lossPercent: Double? = nil, bandwidthMbps: Double? = nil, outMbps: Double? = nil, inMbps: Double? = nil,
    confidencePercent: Int? = nil, measuredSecondsAgo: Double? = nil, innerMtu: Int? = nil, lastError: String? = nil,
    lastErrorSecondsAgo: Double? = nil
  ) {
    self.from = from
    self.to = to
    self.path = path
    self.via = via
    self.rttMs = rttMs
    self.lossPercent = lossPercent
    self.bandwidthMbps = bandwidthMbps
    self.outMbps = outMbps
    self.inMbps = inMbps
    self.confidencePercent = confidencePercent
    self.measuredSecondsAgo = measuredSecondsAgo
    self.innerMtu = innerMtu
    self.lastError = lastError
    self.lastErrorSecondsAgo = lastErrorSecondsAgo
  }
}

/// Which queue-VR this VR uses, and whom it serves as one. `GET /v1/relay`.
public struct RelayView: View {
  public static let name = "relay"

  public var role: VRRole
  public var roleReason: String
  /// What the NAT in front of it does, in the words of RFC 4787; absent for a public VR.
  public var nat: String?
  /// How public VRs see this one.
  public var seenAs: [String]
  /// Absent for a public VR, and while none is chosen.
  public var queueVR: QueueVRLine?
  /// Site of the VR that takes over when the queue-VR fails.
  public var standby: String?
  /// Site that the operator keeps this VR to.
  public var pinned: String?
  /// By how much the best candidate is better than the second where they first differ: 1.25 is a quarter more.
  public var margin: Double?
  /// Best first; empty for a public VR.
  public var candidates: [RelayCandidate]
  /// Limited-VRs that chose this VR, by site.
  public var served: [ServedVR]

  public init(
    role: VRRole, roleReason: String, nat: String? = nil, seenAs: [String] = [], queueVR: QueueVRLine? = nil,
    standby: String? = nil, pinned: String? = nil, margin: Double? = nil, candidates: [RelayCandidate],
    served: [ServedVR]
  ) {
    self.nat = nat
    self.seenAs = seenAs
    self.standby = standby
    self.pinned = pinned
    self.margin = margin
    self.role = role
    self.roleReason = roleReason
    self.queueVR = queueVR
    self.candidates = candidates
    self.served = served
  }
}

/// A VR that could be the queue-VR.
public struct RelayCandidate: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  public var endpoint: String
  public var isChosen: Bool
  /// Of the link between it and this VR, shared with the other limited-VRs that it serves; absent if not measured.
  public var bandwidthMbps: Double?
  public var measuredSecondsAgo: Double?
  /// What each peer gets through it, the worst first: they decide.
  public var pairs: [RelayPair]
  /// Why it ranks where it does; empty if there is nothing to tell.
  public var note: String

  public init(
    site: String, node: String, endpoint: String, isChosen: Bool, bandwidthMbps: Double? = nil,
    measuredSecondsAgo: Double? = nil, pairs: [RelayPair] = [], note: String = ""
  ) {
    self.bandwidthMbps = bandwidthMbps
    self.measuredSecondsAgo = measuredSecondsAgo
    self.pairs = pairs
    self.site = site
    self.node = node
    self.endpoint = endpoint
    self.isChosen = isChosen
    self.note = note
  }
}

/// What one peer gets through a candidate.
public struct RelayPair: Codable, Hashable, Sendable {
  /// Site.
  public var peer: String
  /// The slower of the links peer to candidate and candidate to this VR; absent if one is not known.
  public var bandwidthMbps: Double?
  /// Which of the two that is: `peer` or `own`.
  public var narrowest: String

  public init(peer: String, bandwidthMbps: Double? = nil, narrowest: String) {
    self.peer = peer
    self.bandwidthMbps = bandwidthMbps
    self.narrowest = narrowest
  }
}

/// A limited-VR that this VR is the queue-VR of.
public struct ServedVR: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  public var channelOpen: Bool
  public var forwardedFrames: UInt64
  public var forwardedBytes: UInt64

  public init(site: String, node: String, channelOpen: Bool, forwardedFrames: UInt64, forwardedBytes: UInt64) {
    self.site = site
    self.node = node
    self.channelOpen = channelOpen
    self.forwardedFrames = forwardedFrames
    self.forwardedBytes = forwardedBytes
  }
}

/// Everything that queues packets here. `GET /v1/queues`.
public struct QueuesView: View {
  public static let name = "queues"

  public var capture: CaptureQueue
  /// Frames kept for limited-VRs, by site.
  public var relay: [RelayQueue]

  public init(capture: CaptureQueue, relay: [RelayQueue]) {
    self.capture = capture
    self.relay = relay
  }
}

/// Between the kernel and the daemon.
public struct CaptureQueue: Codable, Hashable, Sendable {
  /// NFQUEUE number.
  public var queueNumber: UInt16
  public var capturedPackets: UInt64
  /// Dropped by the kernel because the daemon was late.
  public var kernelDroppedPackets: UInt64
  public var injectedPackets: UInt64

  public init(queueNumber: UInt16, capturedPackets: UInt64, kernelDroppedPackets: UInt64, injectedPackets: UInt64) {
    self.queueNumber = queueNumber
    self.capturedPackets = capturedPackets
    self.kernelDroppedPackets = kernelDroppedPackets
    self.injectedPackets = injectedPackets
  }
}

/// The bounded store for one limited-VR.
public struct RelayQueue: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  public var queuedFrames: Int
  public var queuedBytes: Int
  public var limitBytes: Int
  /// Age of the oldest frame; absent if empty.
  public var oldestMs: Double?
  public var forwardedFrames: UInt64
  public var expiredFrames: UInt64
  public var overflowFrames: UInt64

  public init(
    site: String, node: String, queuedFrames: Int, queuedBytes: Int, limitBytes: Int, oldestMs: Double? = nil,
    forwardedFrames: UInt64, expiredFrames: UInt64, overflowFrames: UInt64
  ) {
    self.site = site
    self.node = node
    self.queuedFrames = queuedFrames
    self.queuedBytes = queuedBytes
    self.limitBytes = limitBytes
    self.oldestMs = oldestMs
    self.forwardedFrames = forwardedFrames
    self.expiredFrames = expiredFrames
    self.overflowFrames = overflowFrames
  }
}
