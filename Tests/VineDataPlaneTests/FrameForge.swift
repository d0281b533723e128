import CLinuxShim
import Foundation
import VineBase
import VinePacket
import VineSession

/// A VR played by the test: it holds the keys of one end and writes frames by hand, with code that shares nothing
/// with the data plane's.
final class FrameForge {
  let sealing: SealingKey
  let remoteIndex: UInt32

  init(_ session: EstablishedSession) {
    sealing = SealingKey(suite: session.suite, key: session.sendKey)
    remoteIndex = session.remoteIndex
  }

  func data(_ packet: [UInt8], network: UInt32 = World.network.rawValue, counter: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(network)
    writer.append(packet)
    return frame(kind: 2, writer.bytes, counter: counter)
  }

  func control(_ message: [UInt8], counter: UInt64) -> [UInt8] { frame(kind: 3, message, counter: counter) }

  func frame(kind: UInt8, _ body: [UInt8], counter: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.append([kind, 0, 0, 0])
    writer.integer(remoteIndex)
    writer.integer(counter)
    return writer.bytes + seal(writer.bytes, body, counter)
  }

  /// - Parameter source: of a frame that another queue-VR passes on.
  func relay(_ inner: [UInt8], tag: NodeTag, hops: UInt8, source: NodeTag? = nil, counter: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.append([5, hops, 0, 0])
    writer.integer(remoteIndex)
    writer.integer(counter)
    writer.integer(tag.rawValue)
    var body = ByteWriter()
    if let source { body.integer(source.rawValue) }
    return writer.bytes + seal(writer.bytes, body.bytes, counter) + inner
  }

  private func seal(_ header: [UInt8], _ body: [UInt8], _ counter: UInt64) -> [UInt8] {
    var sealed = body + [UInt8](repeating: 0, count: 16)
    sealed.withUnsafeMutableBufferPointer { buffer in
      header.withUnsafeBytes { header in
        guard let start = header.baseAddress, let place = buffer.baseAddress else { return }
        sealing.seal(header: start, headerCount: header.count, counter: counter, body: place, count: body.count)
      }
    }
    return sealed
  }

  /// An ICMP echo request from host 10 of one site to host 10 of another.
  static func ping(from: Int, to: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.append([0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0])
    writer.append([172, 16, UInt8(from), 10, 172, 16, UInt8(to), 10])
    var packet = writer.bytes + [8, 0, 0xF7, 0xFD, 0, 1, 0, 1]
    let checksum = packet.withUnsafeBytes { InternetChecksum.of(UnsafeRawBufferPointer(rebasing: $0[..<20])) }
    (packet[10], packet[11]) = (UInt8(checksum >> 8), UInt8(checksum & 255))
    return packet
  }
}

/// Sends datagrams from a namespace.
enum Wire {
  static func send(_ frames: [[UInt8]], from namespace: String, to endpoint: Endpoint) throws {
    try inside(namespace) {
      let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      defer { close(socket) }
      for frame in frames {
        let sent = withAddress(of: endpoint) { sendto(socket, frame, frame.count, 0, $0, $1) }
        guard sent == frame.count else { throw POSIXError(.EIO) }
      }
    }
  }

  static func withAddress<Result>(
    of endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = endpoint.port.bigEndian
    address.sin_addr.s_addr = endpoint.address.rawValue.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
