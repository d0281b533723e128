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

/// One direction of a link; what was not measured yet is absent.
public struct LinkLine: Codable, Hashable, Sendable {
  /// Site.
  public var from: String
  /// Site.
  public var to: String
  public var rttMs: Double?
  public var bandwidthMbps: Double?
  public var measuredSecondsAgo: Double?

  public init(
    from: String, to: String, rttMs: Double? = nil, bandwidthMbps: Double? = nil, measuredSecondsAgo: Double? = nil
  ) {
    self.from = from
    self.to = to
    self.rttMs = rttMs
    self.bandwidthMbps = bandwidthMbps
    self.measuredSecondsAgo = measuredSecondsAgo
  }
}

/// Which queue-VR this VR uses, and whom it serves as one. `GET /v1/relay`.
public struct RelayView: View {
  public static let name = "relay"

  public var role: VRRole
  public var roleReason: String
  /// Absent for a public VR, and while none is chosen.
  public var queueVR: QueueVRLine?
  /// Best first; empty for a public VR.
  public var candidates: [RelayCandidate]
  /// Limited-VRs that chose this VR, by site.
  public var served: [ServedVR]

  public init(
    role: VRRole, roleReason: String, queueVR: QueueVRLine? = nil, candidates: [RelayCandidate], served: [ServedVR]
  ) {
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
  /// Why it ranks where it does; empty if there is nothing to tell.
  public var note: String

  public init(site: String, node: String, endpoint: String, isChosen: Bool, note: String = "") {
    self.site = site
    self.node = node
    self.endpoint = endpoint
    self.isChosen = isChosen
    self.note = note
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
