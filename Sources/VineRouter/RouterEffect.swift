import VineAddress
import VineBase
import VineGossip
import VineRaft
import VineRegistry
import VineRouting
import VineSession

/// What the shell has to do, in order: a `persist…` is durable before anything behind it is carried out.
public enum RouterEffect: Sendable {
  // Durable state.
  /// Answered with `persisted`.
  case persistLog(Persistence)
  case persistRecords([SignedRecord])
  case removeRecords([RecordKey])
  /// What a delegate may grant from, and with nil that it is none any more; earlier grants go.
  case persistLedger(GrantLedger?)
  case persistGrant(SignedGrant)
  /// Another epoch has begun: nothing of the group that was is of use.
  case forgetGroup(Epoch)
  /// Whether gossip holds the VR for dead: it is not to be alive again after a restart.
  case persistVerdict(NodeID, isDead: Bool)
  case persistIncarnation(UInt64)
  case persistHosts(LNDT)
  case persistPin(NodeID?)
  /// The VR's own certificate, DER.
  case persistCertificate([UInt8])
  // The data plane.
  case install(EstablishedSession)
  case releaseSession(localIndex: UInt32)
  case path(NodeID, Carrier?)
  case removePeer(NodeID)
  case table(ForwardingTable)
  /// VRs that chose this one as queue-VR.
  case limitedPeers([NodeTag])
  /// Queue-VRs of limited-VRs that have no channel to this VR.
  case relayRoutes(SortedMap<NodeTag, NodeID>)
  /// By the peer's path, or this once by another way.
  case control([UInt8], to: NodeID, via: Carrier? = nil)
  case handshake([UInt8], via: Carrier)
  /// See `LinkProbing`.
  case sendTrain(UInt64, to: NodeID, at: Endpoint, count: Int)
  case expectTrain(UInt64, from: NodeID)
  /// A control message that must not be fragmented; see `PathMTU`.
  case probeSize([UInt8], to: NodeID, at: Endpoint)
  /// The longest IPv4 packet that arrives at the peer directly; nil: not known.
  case pathMTU(NodeID, Int?)
  case openChannel(ChannelID, Endpoint)
  case closeChannel(ChannelID)
  case dialBack(to: Endpoint, nonce: [UInt8])
  // The machine.
  /// The VR's own addresses on the site's network, one a block, with the block's prefix length.
  case gateways([Block])
  /// The site's hosts are to learn that the gateway addresses of these blocks are here (gratuitous ARP, RFC 5227, 3).
  case announceGateways([Block])
  // People.
  case answer(RequestID, Result<LocalAnswer, RequestFailure>)
  case event(RouterEvent)
}

/// Something a log line, a counter or an operator wants to know of. Cores do not log.
public enum RouterEvent: Hashable, Sendable {
  case sessionEstablished(NodeID, site: String, via: Carrier)
  case peerRefused(via: Carrier, RefusalReason)
  case refusedByPeer(NodeID?, via: Carrier, RefusalReason)
  case handshakeFailed(NodeID?, via: Carrier, String)
  /// News: another VR's record, or a newer version of it.
  case recordAccepted(NodeID, RecordVersion)
  case memberChanged(NodeID, site: String, MemberState)
  case roleChanged(String, evidence: String)
  /// What the NAT in front of this VR does.
  case natLearned(String)
  /// A direct way to the peer was found, or with nil lost.
  case directPath(NodeID, site: String, Endpoint?)
  /// How long packets may be that arrive at the peer directly; nil: not known.
  case pathMTU(NodeID, site: String, Int?)
  case queueVRChanged(NodeID?, site: String?)
  case channelClosed(ChannelID, reason: String)
  /// As a site's second VR.
  case standsIn(for: NodeID, site: String, Bool)
  case siteJoined(NodeID, site: String, Block)
  case joinRefused(NodeID, String)
  case certificateRenewed(expires: WallTime)
  case renewalFailed(String)
  /// This VR, which holds the authority's key, renewed another one's certificate.
  case renewed(NodeID, site: String)
  case blockOwned(Block)
  /// The mesh was recovered, and so many decisions of its lost majority do not stand.
  case decisionsVoid(Int)
  /// What this delegate granted was not ratified: the grantee has to ask anew.
  case grantRefused(NodeID, Block, String)
  /// A voter stops taking part, and why.
  case voterStopped(String)
  case recordsRefused(Int, from: NodeID)
  case undecodable(from: NodeID, String)
}
