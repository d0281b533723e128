import ArgumentParser
import Foundation
import VineBase
import VineGossip
import VineIdentity
import VineRouter
import VineSession
import VineWire

/// A VR of the mesh that lies: what its key lets it in for, and what it tells then.
struct Forge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plays a VR that spreads forged records about another one; for the attack suite.",
    discussion: """
      Takes the key and the certificate of a VR that does not run, opens a session over TCP and pushes records: about the \
      victim with a signature of nobody, about the victim signed by the liar's own key, under the victim's name with the \
      liar as author, all of the highest versions there are; and about the liar itself, of a version beyond that.
      """)

  @Argument(help: "State folder of the VR that is played.") var state: String
  @Argument(help: "VR that is lied to: ADDRESS:PORT.") var target: String
  @Option(help: "NodeID of the VR that is lied about.") var victim: String
  @Option(help: "How many records of each kind.") var count = 50

  func run() throws {
    let seed = Array(try Data(contentsOf: URL(filePath: state + "/identity.key")))
    let certificate = Array(try Data(contentsOf: URL(filePath: state + "/certificate.der")))
    let genesis = try Genesis(decoding: Array(try Data(contentsOf: URL(filePath: state + "/genesis"))))
    guard let key = StaticKey(seed: seed), let victim = NodeID(text: victim),
      let endpoint = Endpoint(target), (1...1000).contains(count)
    else {
      throw ValidationError("a state folder, ADDRESS:PORT, --victim as `status peers` names it, and --count up to 1000")
    }
    let wire = try RecordStream(to: endpoint)
    let session = try open(wire, Credential.certificate(certificate).encode(), key, genesis.meshID)
    let sealing = SealingKey(suite: session.suite, key: session.sendKey)
    var sent = 0
    for number in 0..<UInt64(count) {
      let records = forged(about: victim, by: key, WireLimits.counterMax - number)
      let message = ControlMessage.gossip(.push(records)).encode()
      guard let frame = seal(message, session, sealing) else { break }
      try wire.write(frame)
      sent += records.count
      // As an honest VR would be read: what comes too fast is dropped before anybody judges it.
      Thread.sleep(forTimeInterval: 0.02)
    }
    print(#"{"sent": \#(sent), "to": "\#(session.peer.node)"}"#)
  }

  private func forged(about victim: NodeID, by key: StaticKey, _ highest: UInt64) -> [SignedRecord] {
    let lie = VRRecord(
      site: "forged", role: .public, endpoints: [], queueVR: nil, claims: [:], tableDigests: [:],
      softwareVersion: "forged", certificateExpires: WallTime(secondsSince1970: 1 << 40))
    func record(
      _ author: NodeID, about node: NodeID, _ number: UInt64, _ signature: (SignedRecord) -> [UInt8]
    ) -> SignedRecord {
      let (name, version) = (RecordKey(kind: .vr, id: node.bytes), RecordVersion(epoch: number, sequence: number))
      let bare = SignedRecord(key: name, version: version, author: author, payload: lie.encode(), signature: [])
      return SignedRecord(
        key: name, version: version, author: author, payload: lie.encode(), signature: signature(bare))
    }
    return [
      record(victim, about: victim, highest) { _ in Sodium.randomBytes(64) },
      record(victim, about: victim, highest) { key.sign($0.signedBytes) },
      record(key.node, about: victim, highest) { key.sign($0.signedBytes) },
      record(key.node, about: key.node, .max) { key.sign($0.signedBytes) },
    ]
  }

  private func open(
    _ wire: RecordStream, _ credential: [UInt8], _ key: StaticKey, _ mesh: MeshID
  ) throws -> EstablishedSession {
    let carrier = Carrier.channel(ChannelID(rawValue: 1))
    var handshakes = Handshakes(
      key: key, mesh: mesh, credential: credential, random: RandomSource(seed: UInt64.random(in: 0...(.max))))
    var input = Handshakes.Input.connect(nil, via: carrier)
    while true {
      let effects = handshakes.handle(
        input, at: .zero, wall: WallTime(secondsSince1970: Int64(Date().timeIntervalSince1970)),
        authenticator: ProvisionalAuthenticator())
      var established: EstablishedSession?
      for effect in effects {
        switch effect {
        case .send(let bytes, _): try wire.write(bytes)
        case .established(let session): established = session
        case .failed(_, _, let failure): throw ValidationError("no session: \(failure)")
        case .refusedPeer(_, let reason): throw ValidationError("no session: \(reason)")
        }
      }
      if let established {
        // Until the other side has the keys in its hands.
        Thread.sleep(forTimeInterval: 0.5)
        return established
      }
      input = .received(try wire.read(), via: carrier)
    }
  }

  private func seal(_ message: [UInt8], _ session: EstablishedSession, _ sealing: SealingKey) -> [UInt8]? {
    guard let counter = sealing.takeCounter() else { return nil }
    var frame = [UInt8](repeating: 0, count: FrameSize.header) + message + [UInt8](repeating: 0, count: FrameSize.tag)
    frame.withUnsafeMutableBytes { buffer in
      FrameHeader(kind: .control, index: session.remoteIndex, counter: counter).write(to: buffer)
      guard let start = buffer.baseAddress else { return }
      sealing.seal(
        header: start, headerCount: FrameSize.header, counter: counter,
        body: (start + FrameSize.header).assumingMemoryBound(to: UInt8.self), count: message.count)
    }
    return frame
  }
}

/// A TCP channel of one's own: each frame behind its length.
private final class RecordStream {
  private let descriptor: Int32

  init(to endpoint: Endpoint) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = endpoint.port.bigEndian
    address.sin_addr.s_addr = endpoint.address.rawValue.bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw ValidationError("\(endpoint) takes no connection") }
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func write(_ frame: [UInt8]) throws {
    let record = [UInt8(frame.count >> 8), UInt8(frame.count & 255)] + frame
    guard send(descriptor, record, record.count, Int32(MSG_NOSIGNAL)) == record.count else {
      throw ValidationError("the VR closed the connection")
    }
  }

  func read() throws -> [UInt8] {
    let length = try bytes(FrameSize.recordLength)
    return try bytes(Int(length[0]) << 8 | Int(length[1]))
  }

  private func bytes(_ count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    guard recv(descriptor, &result, count, Int32(MSG_WAITALL)) == count else {
      throw ValidationError("the VR says nothing")
    }
    return result
  }
}
