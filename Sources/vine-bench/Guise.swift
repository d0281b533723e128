import ArgumentParser
import Foundation
import VineBase
import VineIdentity
import VineRouter
import VineSession
import VineWire

/// The place of a VR that does not run: its key and certificate let one in, and what is said then is what a test wants said.
struct Guise {
  let key: StaticKey
  let session: EstablishedSession
  private let wire: RecordStream
  private let sealing: SealingKey

  /// Opens a session over TCP.
  /// - Parameters:
  ///   - state: the VR's state folder.
  ///   - target: `ADDRESS:PORT` of the VR to speak with.
  init(state: String, target: String) throws {
    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(state)/\(name)"))) }
    let genesis = try Genesis(decoding: try read("genesis"))
    guard let key = StaticKey(seed: try read("identity.key")), let endpoint = Endpoint(target) else {
      throw ValidationError("a state folder and ADDRESS:PORT are needed")
    }
    self.key = key
    wire = try RecordStream(to: endpoint)
    let credential = Credential.certificate(try read("certificate.der")).encode()
    session = try Self.open(wire, credential, key, genesis.meshID)
    sealing = SealingKey(suite: session.suite, key: session.sendKey)
  }

  func tell(_ message: ControlMessage) throws { try tell(plaintext: message.encode()) }

  /// A control frame whose content may be something that no version writes.
  func tell(plaintext: [UInt8]) throws {
    guard let frame = seal(plaintext) else { throw ValidationError("the session's counters are used up") }
    try wire.write(frame)
    // As an honest VR would be read: what comes too fast is dropped before anybody judges it.
    Thread.sleep(forTimeInterval: 0.02)
  }

  private static func open(
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

  private func seal(_ message: [UInt8]) -> [UInt8]? {
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
