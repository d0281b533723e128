import Foundation
import Testing
import VineBase
import VineIdentity
import VineRouter
import VineSession
import VineWire

@testable import VineHost

@Suite struct JoinClientTests {
  @Test func `a request that comes before the other side knows its session is sent again`() throws {
    let founder = try Founder()
    founder.serve()
    let token = InvitationToken(
      mesh: founder.genesis.meshID, id: [UInt8](repeating: 1, count: 16), secret: [UInt8](repeating: 2, count: 32),
      site: "nwu", expires: WallTime(secondsSince1970: 4_000_000_000), endpoints: [founder.endpoint])
    let began = Clock.now
    let client = JoinClient(token: token, key: try key(7), deadline: began + .seconds(20))
    do throws(HostError) {
      _ = try client.run()
      Issue.record("a founder that refuses let it join")
    } catch {
      #expect(error.message == "the mesh refused: full")
    }
    // In the first attempt, which lasts five seconds: nothing else would do.
    #expect(Clock.now - began < .seconds(4))
    #expect(founder.finish() == 1)
  }
}

private func key(_ number: UInt8) throws -> StaticKey {
  try #require(StaticKey(seed: [UInt8](repeating: number, count: StaticKey.seedByteCount)))
}

/// A VR that lets nobody join, and that loses a guest's first request like a data plane that has not got the session.
private final class Founder: Sendable {
  let genesis: Genesis
  let endpoint: Endpoint
  private let key: StaticKey
  private let trust: MeshTrust
  private let certificate: [UInt8]
  private let listener: Int32
  private let done = DispatchSemaphore(value: 0)
  nonisolated(unsafe) private var connections = 0

  init() throws {
    key = try VineHostTests.key(3)
    let authority = try CertificateAuthority.create(
      meshName: "m", seed: [UInt8](repeating: 5, count: 32), at: Clock.wall)
    genesis = try Genesis(
      meshName: "m", space: "172.16.0.0/12", founder: key.node, caCertificate: authority.certificateDER,
      nonce: [UInt8](repeating: 9, count: 16))
    trust = try MeshTrust(genesis: genesis)
    certificate = try authority.issue(node: key.node, site: "uf", mesh: genesis.meshID, at: Clock.wall)
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (socket, length) = (listener, size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, length) + listen(socket, 4) + getsockname(socket, address, &size)
      }
    }
    try #require(code == 0)
    endpoint = try #require(Endpoint("127.0.0.1:\(UInt16(bigEndian: address.sin_port))"))
  }

  func serve() {
    let thread = Thread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        connections += 1
        talk(over: connection)
        close(connection)
      }
      done.signal()
    }
    thread.start()
  }

  /// - Returns: how many connections there were.
  func finish() -> Int {
    shutdown(listener, Int32(SHUT_RDWR))
    done.wait()
    close(listener)
    return connections
  }

  private func talk(over connection: Int32) {
    let carrier = Carrier.channel(ChannelID(rawValue: 2))
    let judge = MeshAuthenticator(checks: Checks(trust: trust))
    var handshakes = Handshakes(
      key: key, mesh: genesis.meshID, credential: Credential.certificate(certificate).encode(),
      random: RandomSource(seed: 1))
    var exchange: Exchange?
    var isFirst = true
    while let frame = record(from: connection) {
      guard let open = exchange else {
        let effects = handshakes.handle(
          .received(frame, via: carrier), at: Clock.now, wall: Clock.wall, authenticator: judge)
        for effect in effects {
          switch effect {
          case .send(let bytes, _): write(bytes, to: connection)
          case .established(let session): exchange = Exchange(session: session)
          default: break
          }
        }
        continue
      }
      if isFirst {
        isFirst = false
        continue
      }
      guard let plain = open.open(frame) else { continue }
      switch try? ControlMessage.decode(plain) {
      case .genesisRequest?: answer(.genesis(genesis.encode()), open, connection)
      case .joinRequest?: answer(.joinRefused("full"), open, connection)
      default: break
      }
    }
  }

  private func answer(_ message: ControlMessage, _ exchange: Exchange, _ connection: Int32) {
    if let frame = exchange.seal(message) { write(frame, to: connection) }
  }

  private func write(_ frame: [UInt8], to connection: Int32) {
    let bytes = [UInt8(truncatingIfNeeded: frame.count >> 8), UInt8(truncatingIfNeeded: frame.count)] + frame
    _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  private func record(from connection: Int32) -> [UInt8]? {
    func read(_ count: Int) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: count)
      return recv(connection, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }
    guard let length = read(2) else { return nil }
    return read(Int(length[0]) << 8 | Int(length[1]))
  }
}
