import VineBase

/// What a VR's record says about reaching it.
public struct PeerReachability: Hashable, Sendable {
  public let node: NodeID
  public let role: Role
  /// Best first.
  public let endpoints: [Endpoint]
  /// The VR that holds a channel to it, if it is limited.
  public let queueVR: NodeID?

  public init(node: NodeID, role: Role, endpoints: [Endpoint], queueVR: NodeID?) {
    (self.node, self.role, self.endpoints, self.queueVR) = (node, role, endpoints, queueVR)
  }
}

/// What this VR has to reach others with.
public struct OwnReachability: Sendable {
  public let role: Role
  /// The queue-VR, if this VR is limited.
  public let queueVR: NodeID?
  /// The channel to the queue-VR while its session is up.
  public let channel: ChannelID?
  /// Open channels that limited-VRs dialled to this VR.
  public let channels: SortedMap<NodeID, ChannelID>

  public init(
    role: Role, queueVR: NodeID? = nil, channel: ChannelID? = nil, channels: SortedMap<NodeID, ChannelID> = SortedMap()
  ) {
    (self.role, self.queueVR, self.channel, self.channels) = (role, queueVR, channel, channels)
  }
}

/// How frames go to a peer.
public enum PathChoice {
  /// - Returns: nil if there is no way at present. `.relayed(by:)` this very VR means that it is the peer's queue-VR
  ///   and the peer's channel is closed: frames wait in the `RelayStore`.
  public static func carrier(to peer: PeerReachability, own: OwnReachability) -> Carrier? {
    if own.role == .limited { return carrierOverChannel(to: peer, own: own) }
    if let channel = own.channels[peer.node] { return .channel(channel) }
    guard peer.role == .limited else { return peer.endpoints.first.map(Carrier.datagram) }
    guard let queueVR = peer.queueVR, queueVR != peer.node else { return nil }
    return .relayed(by: queueVR, peer: peer.node.tag)
  }

  /// A limited VR sends everything through the one channel that it has.
  private static func carrierOverChannel(to peer: PeerReachability, own: OwnReachability) -> Carrier? {
    guard let queueVR = own.queueVR, let channel = own.channel else { return nil }
    return peer.node == queueVR ? .channel(channel) : .relayed(by: queueVR, peer: peer.node.tag)
  }
}
