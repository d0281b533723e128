import VineBase

/// Judges what a peer shows of itself in a handshake. It knows certificates and invitations; this module
/// carries them as opaque bytes.
public protocol PeerAuthenticator: Sendable {
  /// - Parameters:
  ///   - credential: what the peer sent, at most `HandshakeLimits.credentialByteCountMax` bytes, not yet looked
  ///     at by anybody: anything may stand there.
  ///   - noiseKey: the peer's static Curve25519 key, 32 bytes, whose possession the handshake proves. The
  ///     handshake itself checks that the answered node's key is this one.
  ///   - peerIsInitiator: whether the peer opened the handshake (guests do; they never answer one).
  ///   - now: the time of day, for validity periods.
  func judge(
    credential: [UInt8], noiseKey: [UInt8], peerIsInitiator: Bool, at now: WallTime
  ) -> Result<AuthenticatedPeer, RefusalReason>
}
