import VineAddress
import VineBase
import VineIdentity
import VinePath
import VineRaft
import VineRegistry

/// Everything that can happen to a VR's control plane.
public enum RouterInput: Sendable {
  case start
  case wakeup
  // From the data plane.
  case handshake([UInt8], via: Carrier)
  case control([UInt8], from: NodeID, via: Carrier, localIndex: UInt32)
  /// The first frame was opened on a session: the peer has the keys, too.
  case confirmed(localIndex: UInt32)
  case channelOpened(ChannelID)
  case channelAccepted(ChannelID, from: Endpoint)
  case channelClosed(ChannelID, reason: String)
  case dialBack(nonce: [UInt8], from: Endpoint, overTCP: Bool = false)
  case needsSession(NodeID)
  /// Packets were exchanged with these VRs since the last time; said each second while there are any.
  case traffic([TrafficShare])
  /// A limited-VR wants to reach the VR with this tag through this one, which has no session with it.
  case needsRelay(to: NodeTag)
  /// A frame came on a session that is not known here (any more).
  case unknownSession(via: Carrier)
  /// What arrived of an expected train.
  case train(UInt64, from: NodeID, [TrainArrival], sent: Int)
  // From the store and the machine.
  case persisted(WriteNumber)
  case addressesChanged([IPv4Address])
  // The configuration, read again.
  case policyChanged(SitePolicy)
  case successionChanged(Succession)
  /// Public by declaration; none changes nothing.
  case endpointsDeclared([Endpoint])
  /// DER, got beside the mesh's sessions.
  case certificateRenewed([UInt8])
  /// The authority's key came here, or with nil went.
  case authorityChanged(CertificateAuthority?)
  // From people and middleware, through the local API.
  case request(RequestID, LocalRequest)
}

/// What was exchanged with one VR in a while.
public struct TrafficShare: Hashable, Sendable {
  public let node: NodeID
  /// Bits of packets a second; nil without a while.
  public let sent, received: BitRate?

  /// - Parameters: bytes of packets of hosts.
  public init(_ node: NodeID, sent: Int = 0, received: Int = 0, within passed: Duration = .zero) {
    func rate(_ byteCount: Int) -> BitRate? {
      guard passed >= .milliseconds(500), byteCount > 0 else { return nil }
      return BitRate(bitsPerSecond: Int64(Double(byteCount) * 8 / passed.inSeconds))
    }
    self.node = node
    (self.sent, self.received) = (rate(sent), rate(received))
  }
}

/// Numbers a local request until it is answered.
public struct RequestID: Hashable, Comparable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What can be asked of a VR on its own machine.
public enum LocalRequest: Sendable {
  case invite(site: SiteName, hosts: Int, validFor: Duration)
  case createVine(VineName), deleteVine(VineName), renameVine(VineName, to: VineName), joinVine(VineName), leaveVine(
    VineName)
  case addHost(IPv4Address, VineName)
  /// From one ViNe, or from all with nil.
  case removeHost(IPv4Address, VineName?)
  /// For good: its key is believed by nobody any more. Or only its blocks, which are kept free for a while.
  case revoke(SiteName), reclaim(SiteName)
  /// With a ViNe: the block counts in that one only.
  case requestBlock(hosts: Int, vine: VineName?), releaseBlock(Block)
  /// Keeps to one queue-VR whatever is measured; nil: to the best again.
  case pinQueueVR(SiteName?)
  /// Measures the link to a site's VR now.
  case probe(SiteName)
  /// What would become of a packet?
  case explain(source: IPv4Address, destination: IPv4Address)
  /// Lets the registry decide something that changes nothing: to see how fast it does.
  case decideNothing
}

/// What a local request came to.
public enum LocalAnswer: Sendable {
  case invitation(token: String, expires: WallTime)
  case vine(VineName, NetworkID)
  case host(IPv4Address, [VineName])
  case block(Block)
  /// What the link to the VR was found to carry; see `LinkProbing`.
  case link(NodeID)
  /// Of a site that was revoked, or whose blocks were taken: how many are kept free.
  case site(SiteName, blocksKept: Int)
  case explained(Explanation)
  case done
}

/// Why a local request was not carried out: one line, its mend, and how the command ends.
public struct RequestFailure: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable { case failed, unanswered, usage, denied, configuration }

  public let kind: Kind
  public let message: String
  public let mend: String

  public init(_ message: String, mend: String, _ kind: Kind = .failed) {
    self.kind = kind
    self.message = message
    self.mend = mend
  }
}
