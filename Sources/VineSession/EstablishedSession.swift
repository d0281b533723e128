import VineBase

/// What a handshake agreed on: all that the data plane needs to seal and open frames.
public struct EstablishedSession: Hashable, Sendable {
  public let peer: AuthenticatedPeer
  /// How the peer was reached by the handshake.
  public let carrier: Carrier
  public let suite: CipherSuite
  /// Of the wire format: the newest that both speak.
  public let version: UInt8
  /// 32 bytes for what this VR sends.
  public let sendKey: [UInt8]
  /// 32 bytes for what the peer sends.
  public let receiveKey: [UInt8]
  /// Stands in the frames that the peer sends.
  public let localIndex: UInt32
  /// Stands in the frames that this VR sends.
  public let remoteIndex: UInt32
  public let isInitiator: Bool
  /// 32 bytes that name this session and no other, the same on both sides (Noise 11.2).
  public let handshakeHash: [UInt8]

  public init(
    peer: AuthenticatedPeer, carrier: Carrier, suite: CipherSuite, version: UInt8 = WireVersions.own.newest,
    sendKey: [UInt8], receiveKey: [UInt8], localIndex: UInt32, remoteIndex: UInt32, isInitiator: Bool,
    handshakeHash: [UInt8]
  ) {
    precondition(sendKey.count == CipherSuite.keyByteCount && receiveKey.count == CipherSuite.keyByteCount)
    precondition(localIndex != 0 && remoteIndex != 0, "no session has index zero")
    (self.peer, self.carrier, self.suite, self.version) = (peer, carrier, suite, version)
    (self.sendKey, self.receiveKey) = (sendKey, receiveKey)
    (self.localIndex, self.remoteIndex) = (localIndex, remoteIndex)
    (self.isInitiator, self.handshakeHash) = (isInitiator, handshakeHash)
  }
}

/// Who a peer was shown to be.
public struct AuthenticatedPeer: Hashable, Sendable {
  public let node: NodeID
  /// It holds an invitation and no certificate yet: it may ask to join and nothing else.
  public let isGuest: Bool
  /// What it showed, for whoever must look at it again (the join reads the invitation from here).
  public let credential: [UInt8]

  public init(node: NodeID, isGuest: Bool, credential: [UInt8]) {
    (self.node, self.isGuest, self.credential) = (node, isGuest, credential)
  }
}
