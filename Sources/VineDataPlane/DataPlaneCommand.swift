import VineBase
import VineRouting
import VineSession

/// What the control thread tells the data thread; carried out in the order posted.
public enum DataPlaneCommand: Sendable {
  // Sessions.
  /// The newest session of a peer is used for sending (one that this VR began once its first frame came, if an older
  /// one works); three are kept for receiving.
  case install(EstablishedSession)
  case releaseSession(localIndex: UInt32)
  /// How frames reach the peer; nil: they do not.
  case path(NodeID, Carrier?)
  /// Forgets its sessions and its path.
  case removePeer(NodeID)
  // Tables.
  case table(ForwardingTable)
  /// VRs that have chosen this one as queue-VR: frames wait for them while their channel is closed.
  case limitedPeers([NodeTag])
  /// The queue-VR of each limited-VR that another VR serves.
  case relayRoutes(SortedMap<NodeTag, NodeID>)
  // Frames.
  /// Sealed under the peer's session. At most `DataPlane.controlByteCountMax` bytes. By the peer's path, or this once
  /// by another way.
  case control([UInt8], to: NodeID, via: Carrier? = nil)
  /// Sent as it is.
  case handshake([UInt8], via: Carrier)
  /// A probe in clear from a port of its own, and one over a connection of its own, so that only open ports receive them.
  case dialBack(to: Endpoint, nonce: [UInt8])
  // Trains.
  /// Sends as many frames of `TrainFrame.byteCount` to the endpoint at once, sealed under the peer's session.
  case sendTrain(UInt64, to: NodeID, at: Endpoint, count: Int)
  /// The peer will send that train: let the kernel say when each datagram arrives.
  case expectTrain(UInt64, from: NodeID)
  // Path MTU.
  /// A control message in a datagram of its own that must not be fragmented.
  case probeSize([UInt8], to: NodeID, at: Endpoint)
  /// The longest IPv4 packet that arrives at the peer's datagram endpoint; nil: not known, frames may be fragmented.
  case pathMTU(NodeID, Int?)
  // Channels.
  case openChannel(ChannelID, Endpoint)
  case closeChannel(ChannelID)
  /// Calls back on the data thread; be short.
  case status(@Sendable (DataPlaneStatus) -> Void)
}

/// What the data thread tells the control thread.
public enum DataPlaneEvent: Sendable {
  case handshake([UInt8], via: Carrier)
  /// An opened control message.
  case control([UInt8], from: NodeID, via: Carrier, localIndex: UInt32)
  /// The first frame was opened on a session: the peer has the keys, too.
  case confirmed(localIndex: UInt32)
  case channelOpened(ChannelID)
  case channelAccepted(ChannelID, from: Endpoint)
  case channelClosed(ChannelID, reason: String)
  /// A probe came, as a datagram or over a connection of its own.
  case dialBack(nonce: [UInt8], from: Endpoint, overTCP: Bool)
  /// A frame named a session that is not known here: its sender should begin a new one. At most ten a second.
  case unknownSession(via: Carrier)
  /// A frame for this peer was dropped for want of a session, or its session's key is nearly used up. At most one a
  /// second and peer.
  case needsSession(NodeID)
  /// What arrived of an expected train, in the order in which it did.
  case train(UInt64, from: NodeID, [ArrivedFrame], sent: Int)
  /// Packets were exchanged with these VRs in `within`: bytes sent and received. At most once a second.
  case traffic([(node: NodeID, sent: Int, received: Int)], within: Duration)
  /// A limited-VR's frame for the VR with this tag was dropped for want of a session with it, or with its queue-VR. At
  /// most ten a second.
  case needsRelay(to: NodeTag)
}
