import VineAddress
import VineBase
import VinePacket
import VineRouting
import VineSession

@testable import VineDataPlane

/// The parts of a data thread between a site with one host and another VR, without a kernel's capture and injection.
final class DataBench {
  // tidy allows unchecked: libFuzzer has one thread
  nonisolated(unsafe) static let plain = DataBench(mirror: nil)
  // tidy allows unchecked: libFuzzer has one thread
  nonisolated(unsafe) static let mirrored = DataBench(
    mirror: Mirror(
      first: Block.standardSpace.base, last: Block.standardSpace.last, base: IPv4Address(rawValue: 0x0A74_0000)))

  private static let network: UInt32 = 77
  private static let (host, otherHost) = (IPv4Address(rawValue: 0xAC10_010A), IPv4Address(rawValue: 0xAC10_020A))
  private let (node, other) = (DataBench.named(1), DataBench.named(2))
  private let endpoint = Endpoint(address: IPv4Address(rawValue: 0x7F00_0001), port: 9)
  private let injection: Inspector
  private let parts: Parts<Inspector>
  private var sealing = SealingKey(suite: .chacha20poly1305, key: key)
  private var now = Instant(nanoseconds: 1_000_000_000)
  private var counter: UInt64 = 0
  private static let key = [UInt8](repeating: 5, count: CipherSuite.keyByteCount)

  private static func named(_ byte: UInt8) -> NodeID {
    guard let node = NodeID([UInt8](repeating: byte, count: NodeID.byteCount)) else { fatalError("32 bytes are 32") }
    return node
  }

  private init(mirror: Mirror?) {
    injection = Inspector(mirror: mirror, host: Self.host, otherHost: Self.otherHost)
    do {
      parts = try Parts(
        DataPlaneConfiguration(
          node: node, listen: Endpoint(address: IPv4Address(rawValue: 0x7F00_0001), port: 0), lanInterface: "lo",
          mirror: mirror), loop: EventLoop(), injection: injection, at: now
      ) { _ in }
    } catch { fatalError("no sockets: \(error)") }
    let network = NetworkID(rawValue: Self.network)
    var table = GNDT(network: network, decision: 1)
    table.set(AddressSet(addresses: [Self.host]), changes: 1, of: node)
    table.set(AddressSet(addresses: [Self.otherHost]), changes: 1, of: other)
    var hosts = LNDT()
    hosts.add(Self.host, to: network)
    parts.carryOut(
      .table(
        ForwardingTable(space: .standardSpace, ownNode: node, gateways: [], lndt: hosts, gndts: [table])), at: now)
    parts.carryOut(.limitedPeers([Self.named(3).tag]), at: now)
  }

  /// A session that has seen no frame.
  private func begin() {
    parts.carryOut(.removePeer(other), at: now)
    sealing = SealingKey(suite: .chacha20poly1305, key: Self.key)
    counter = 0
    let session = EstablishedSession(
      peer: AuthenticatedPeer(node: other, isGuest: false, credential: []), carrier: .datagram(endpoint),
      suite: .chacha20poly1305, sendKey: Self.key, receiveKey: Self.key, localIndex: 1, remoteIndex: 2,
      isInitiator: false, handshakeHash: [])
    parts.carryOut(.install(session), at: now)
    parts.carryOut(.path(other, .datagram(endpoint)), at: now)
    injection.complaint = nil
  }

  // MARK: From the other VR

  func receive(_ script: inout Script) -> String? {
    begin()
    while !script.isEmpty, injection.complaint == nil {
      let choice = script.byte()
      var (frames, size) = (script.chunk(), Int.max)
      switch choice & 7 {
      case 0, 1: size = choice & 1 == 0 ? .max : Int(script.byte()) + 16
      case 2: frames = sealed(.control, frames)
      case 3: frames = sealed(.train, frames)
      case 4: frames = relay(frames, choice)
      case 5: frames = sealed(.data, frames)
      default: frames = packet(frames)
      }
      now = now + .milliseconds(Int(choice >> 3))
      frames.withUnsafeMutableBytes { bytes in
        parts.inbound.beginBatch(at: now)
        let carrier =
          choice & 64 == 0 ? Carrier.datagram(endpoint) : .channel(ChannelID(rawValue: UInt64(choice >> 7) + 1))
        parts.inbound.take(bytes, size: min(size, max(bytes.count, 1)), via: carrier, at: now)
      }
      if choice & 128 != 0 { parts.inbound.flush() }
    }
    parts.inbound.flush()
    parts.transmitter.flush()
    return injection.complaint
  }

  private func header(_ kind: FrameKind) -> FrameHeader {
    counter += 1
    return FrameHeader(kind: kind, index: 1, counter: counter)
  }

  private func sealed(_ kind: FrameKind, _ content: [UInt8]) -> [UInt8] { seal(header(kind), content) }

  private func seal(_ header: FrameHeader, _ content: [UInt8]) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: header.byteCount) + content + [UInt8](repeating: 0, count: FrameSize.tag)
    frame.withUnsafeMutableBytes { buffer in
      header.write(to: buffer)
      guard let start = buffer.baseAddress else { return }
      sealing.seal(
        header: start, headerCount: header.byteCount, counter: header.counter,
        body: (start + header.byteCount).assumingMemoryBound(to: UInt8.self), count: content.count)
    }
    return frame
  }

  private func relay(_ inner: [UInt8], _ choice: UInt8) -> [UInt8] {
    counter += 1
    let tag = [node.tag, Self.named(3).tag, NodeTag(rawValue: 9)][Int(choice >> 4) % 3]
    let header = FrameHeader(relayHops: choice >> 3 & 1, index: 1, counter: counter, peer: tag)
    return seal(header, choice & 8 == 0 ? [] : [0, 0, 0, 0, 0, 0, 0, 7]) + inner
  }

  /// A packet of the other site's host for this one's.
  private func packet(_ content: [UInt8]) -> [UInt8] {
    var packet = content
    if packet.count >= 20 {
      packet[0] = 0x40 | max(5, packet[0] & 15)
      (packet[2], packet[3]) = (UInt8(truncatingIfNeeded: packet.count >> 8), UInt8(truncatingIfNeeded: packet.count))
      packet.replaceSubrange(12..<20, with: Self.otherHost.bytes + Self.host.bytes)
      packet.withUnsafeMutableBytes { bytes in
        let length = Int(bytes[0] & 15) * 4
        if length <= bytes.count { PacketEdit.completeHeaderChecksum(bytes, length) }
        PacketEdit.completeTransportChecksum(bytes)
      }
    }
    var writer = ByteWriter()
    writer.integer(Self.network)
    return sealed(.data, writer.bytes + packet)
  }

  // MARK: From the host

  func capture(_ script: inout Script) -> String? {
    begin()
    while !script.isEmpty, injection.complaint == nil {
      let flags = script.byte()
      var packet = script.chunk()
      if flags & 1 != 0, packet.count >= 20 {
        let destination = flags & 2 == 0 ? Self.otherHost : Self.host
        let seen = [Self.host, destination].map { injection.seen($0).bytes }
        packet.replaceSubrange(12..<20, with: seen[0] + seen[1])
      }
      now = now + .milliseconds(Int(script.byte()))
      packet.withUnsafeMutableBytes { bytes in
        parts.outbound.beginBatch(at: now)
        parts.outbound.take(
          CapturedPacket(
            bytes: bytes, lacksChecksum: flags & 4 != 0, isSuper: flags & 8 != 0, isRouted: flags & 16 != 0), at: now)
      }
    }
    parts.transmitter.flush()
    return injection.complaint
  }
}

/// Looks at each packet that a host would get.
final class Inspector: PacketInjection {
  private let mirror: Mirror?
  private let host, otherHost: IPv4Address
  var complaint: String?

  init(mirror: Mirror?, host: IPv4Address, otherHost: IPv4Address) {
    (self.mirror, self.host, self.otherHost) = (mirror, host, otherHost)
  }

  /// As the site sees an address.
  func seen(_ address: IPv4Address) -> IPv4Address {
    mirror?.site(address.rawValue).map { IPv4Address(rawValue: $0) } ?? address
  }

  var takesTCP: Bool { true }
  var takesUDP: Bool { true }

  func inject(_ packet: UnsafeRawBufferPointer) -> Bool {
    guard let view = IPv4View(packet) else { return wrong("a host gets what is no packet") }
    guard view.destination == seen(host).rawValue else { return wrong("a packet goes to nobody of this site") }
    let isOwn = view.source == seen(host).rawValue
    guard isOwn || view.source == seen(otherHost).rawValue else {
      return wrong("a packet comes from nobody of the ViNe")
    }
    return isOwn || view.hasValidChecksum ? true : wrong("a header's checksum is wrong")
  }

  func injectOwn(_ packet: UnsafeRawBufferPointer) -> Bool {
    guard let view = IPv4View(packet), view.transport == Transport.icmp, view.hasValidChecksum,
      InternetChecksum.isValid(view.payload)
    else { return wrong("an answer is no ICMP packet") }
    return true
  }

  func inject(super packet: UnsafeMutableRawBufferPointer, segmentSize: Int) -> Bool {
    guard segmentSize > 0 else { return wrong("segments have no size") }
    return inject(UnsafeRawBufferPointer(packet))
  }

  func refresh() {}

  private func wrong(_ what: String) -> Bool {
    complaint = complaint ?? what
    return true
  }
}
