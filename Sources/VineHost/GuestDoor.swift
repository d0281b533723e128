import VineBase
import VineControl
import VineIdentity
import VineRouter
import VineSession

/// A Noise session of a guest with a VR, over one TCP connection: for `join`, and for a VR whose certificate has expired.
struct GuestDoor {
  let key: StaticKey
  let mesh: MeshID
  /// The invitation's name, 16 bytes; zeros of a VR that was let in already.
  let invitation: [UInt8]

  /// The other side's certificate is not checked yet: a joiner has no genesis to check it by.
  /// - Throws: `HostError` with the one line that both sides see.
  func open(over connection: inout FrameConnection, _ endpoint: Endpoint) throws(HostError) -> EstablishedSession {
    let carrier = Carrier.channel(ChannelID(rawValue: 1))
    var handshakes = Handshakes(
      key: key, mesh: mesh, credential: Credential.invitation(node: key.node, id: invitation).encode(),
      isGuest: true, suites: CipherSuite.available, ephemeralKeys: SystemEphemeralKeys(),
      random: RandomSource(seed: Clock.seed))
    let judge = ProvisionalAuthenticator()
    var effects = handshakes.handle(.connect(nil, via: carrier), at: Clock.now, wall: Clock.wall, authenticator: judge)
    var established: EstablishedSession?
    while true {
      for effect in effects {
        switch effect {
        case .send(let bytes, _): try connection.write(bytes)
        case .established(let session): established = session
        case .failed(_, _, .refused(let reason)), .refusedPeer(_, let reason):
          throw HostError("the VR at \(endpoint) refused: \(reason.explanation)", mend: "", .failed)
        case .failed(_, _, let failure):
          throw HostError("no session with \(endpoint): \(failure)", mend: "try again", .failed, isPassing: true)
        }
      }
      if let established { return established }
      let bytes = try connection.read()
      effects = handshakes.handle(
        .received(bytes, via: carrier), at: Clock.now, wall: Clock.wall, authenticator: judge)
    }
  }
}
