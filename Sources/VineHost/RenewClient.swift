import Foundation
import VineBase
import VineControl
import VineIdentity
import VineRouter
import VineSession
import VineWire

/// The next certificate for a VR whose own has expired, so that no other VR takes a session from it: it comes as a guest,
/// over TCP, proves its key, and asks a VR that holds the authority's key.
struct RenewClient {
  let key: StaticKey
  let genesis: Genesis
  let trust: MeshTrust

  /// One VR gets this long.
  private static let attemptMax = Duration.seconds(5)

  /// Asks each in turn.
  /// - Returns: DER; not yet checked.
  func run(asking endpoints: [Endpoint]) throws(HostError) -> [UInt8] {
    var last = HostError(
      "no VR is known that holds the authority's key and could be reached",
      mend: "run `vine-mesh ca unlock` or `ca import` at a public VR", .configuration)
    for endpoint in endpoints {
      do throws(HostError) {
        var connection = try FrameConnection(to: endpoint, deadline: Clock.now + Self.attemptMax)
        defer { connection.close() }
        return try ask(over: &connection, endpoint)
      } catch {
        last = error
      }
    }
    throw last
  }

  private func ask(over connection: inout FrameConnection, _ endpoint: Endpoint) throws(HostError) -> [UInt8] {
    let door = GuestDoor(key: key, mesh: genesis.meshID, invitation: [UInt8](repeating: 0, count: 16))
    let session = try door.open(over: &connection, endpoint)
    var exchange = Exchange(session: session)
    guard case .certificate(let der)? = try? Credential(decoding: session.peer.credential),
      let server = try? trust.verify(certificateDER: der, at: Clock.wall), server.node == session.peer.node
    else {
      throw HostError(
        "the VR at \(endpoint) has no valid certificate of this mesh", mend: "check the clocks of both VRs",
        .configuration)
    }
    // A first question that is repeated until it is answered: then the other side has the session.
    _ = try exchange.genesis(over: &connection)
    try exchange.send(.renewRequest, over: &connection)
    while true {
      switch try exchange.next(over: &connection) {
      case .renewReply(let certificate): return certificate
      case .renewRefused(let why):
        throw HostError("the VR at \(endpoint) does not renew the certificate: \(why)", mend: "", .configuration)
      default: continue
      }
    }
  }
}

/// Looks after a certificate that ran out while the VR was running: then no session is left to renew it over.
struct Lifeline: Sendable {
  let loop: ControlLoop
  let key: StaticKey
  let genesis: Genesis
  let trust: MeshTrust
  let bootstrap: [Endpoint]
  let log: EventLog

  private static let interval = Duration.seconds(60)

  /// Until cancelled.
  func run() async {
    while (try? await Task.sleep(for: Self.interval)) != nil {
      let now = Clock.wall
      let endpoints = await loop.look { router in
        router.identity.certificateExpires <= now && router.identity.authority == nil ? router.signerEndpoints : []
      }
      guard !endpoints.isEmpty else { continue }
      do throws(HostError) {
        let client = RenewClient(key: key, genesis: genesis, trust: trust)
        loop.post(.certificateRenewed(try client.run(asking: endpoints + bootstrap)))
      } catch {
        log.tell(.certificateStillExpired, "the certificate has expired, and is not renewed: \(error.line)")
      }
    }
  }
}

extension Router {
  /// Where public VRs that hold the authority's key are reached.
  var signerEndpoints: [Endpoint] { signers.flatMap { directory.records[$0]?.endpoints ?? [] } }
}
