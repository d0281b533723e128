import Glibc
import VineAddress
import VineBase
import VinePacket
import VineRouting
import VineSession

/// The hot path between two sites without the kernel's capture and injection: what it costs by itself.
///
/// Both ends are the parts of a data thread, with a session, tables and UDP sockets of the loopback interface. For one
/// thread only.
public final class PacketBench {
  public enum Load: String, CaseIterable, Sendable {
    /// A TCP packet of 64 KiB that is to be cut.
    case superPacket
    /// 64 datagrams, or TCP segments without data, one by one.
    case datagrams64, datagrams1200, acknowledgements

    fileprivate var index: Int {
      switch self {
      case .superPacket: 0
      case .datagrams64: 1
      case .datagrams1200: 2
      case .acknowledgements: 3
      }
    }
  }

  private let sender: End
  private let receiver: End
  /// By `Load.index`; no dictionary, whose own reference would be counted.
  private let packets: UnsafeMutablePointer<UnsafeMutableRawBufferPointer>

  /// - Throws: if no ports are free.
  public init(suite: CipherSuite) throws(DataPlaneError) {
    sender = try End.numbered(1)
    receiver = try End.numbered(2)
    packets = .allocate(capacity: Load.allCases.count)
    var secrets = SeededEphemeralKeys(seed: 7)
    let keys = (0..<2).map { _ in secrets.bytes(CipherSuite.keyByteCount) }
    for (end, other, index) in [(sender, receiver, 0), (receiver, sender, 1)] {
      let local = UInt32(index + 1)
      let session = EstablishedSession(
        peer: AuthenticatedPeer(node: other.node, isGuest: false, credential: []), carrier: .datagram(other.endpoint),
        suite: suite, sendKey: keys[index], receiveKey: keys[1 - index], localIndex: local, remoteIndex: 3 - local,
        isInitiator: index == 0, handshakeHash: [])
      let now = MonotonicClock.now
      end.parts.carryOut(.install(session), at: now)
      end.parts.carryOut(.path(other.node, .datagram(other.endpoint)), at: now)
      end.parts.carryOut(.table(Self.table(of: end, other)), at: now)
    }
    for load in Load.allCases { (packets + load.index).initialize(to: packet(load)) }
  }

  deinit {
    for load in Load.allCases { packets[load.index].deallocate() }
    packets.deallocate()
  }

  /// A batch from the first site's host, as far as its VR's socket.
  /// - Returns: packets that left.
  public func send(_ load: Load) -> Int {
    let packet = packets[load.index]
    let (now, isSuper) = (MonotonicClock.now, load == .superPacket)
    let before = sender.parts.counters.sent.packets
    sender.parts.outbound.beginBatch(at: now)
    for _ in 0..<(isSuper ? 1 : Limits.batch) {
      sender.parts.outbound.take(CapturedPacket(bytes: packet, isSuper: isSuper), at: now)
      // The packet was changed on its way: time to live, checksum.
      packet[8] = 64
      PacketEdit.completeHeaderChecksum(packet, IPv4View.headerLengthMin)
    }
    sender.parts.transmitter.flush()
    return Int(sender.parts.counters.sent.packets - before)
  }

  /// What has arrived, as far as the injection.
  /// - Returns: packets that a host would have got.
  public func receive() -> Int {
    let before = receiver.parts.counters.injected.packets
    let now = MonotonicClock.now
    receiver.parts.inbound.beginBatch(at: now)
    while receiver.take(at: now) == DatagramReceiver.batch {}
    receiver.parts.inbound.flush()
    return Int(receiver.parts.counters.injected.packets - before)
  }

  /// Packets dropped at both ends, for any reason.
  public var dropCount: Int {
    [sender, receiver].reduce(0) { $0 + $1.parts.counters.dropped.reduce(0) { $0 + Int($1.1) } }
  }

  private static func table(of end: End, _ other: End) -> ForwardingTable {
    let network = NetworkID(rawValue: 77)
    var table = GNDT(network: network, decision: 1)
    for each in [end, other] { table.set(AddressSet(addresses: [each.host]), changes: 1, of: each.node) }
    var hosts = LNDT()
    hosts.add(end.host, to: network)
    return ForwardingTable(space: .standardSpace, ownNode: end.node, gateways: [], lndt: hosts, gndts: [table])
  }

  private func packet(_ load: Load) -> UnsafeMutableRawBufferPointer {
    let isTCP = load == .superPacket || load == .acknowledgements
    let count =
      switch load {
      case .superPacket: 64_000
      case .datagrams64: UDPView.headerLength + IPv4View.headerLengthMin + 64
      case .datagrams1200: UDPView.headerLength + IPv4View.headerLengthMin + 1200
      case .acknowledgements: 40
      }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    for index in 0..<count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
    let start: [UInt8] = [0x45, 0, UInt8(count >> 8), UInt8(count & 255), 0, 1, 0x40, 0, 64, isTCP ? 6 : 17, 0, 0]
    for (index, byte) in start.enumerated() { bytes[index] = byte }
    bytes.storeBytes(of: sender.host.rawValue.bigEndian, toByteOffset: 12, as: UInt32.self)
    bytes.storeBytes(of: receiver.host.rawValue.bigEndian, toByteOffset: 16, as: UInt32.self)
    if isTCP {
      for (index, byte) in [UInt8(0x50), 0x10, 0, 100, 0, 0, 0, 0].enumerated() { bytes[32 + index] = byte }
    } else {
      for (index, byte) in [UInt8((count - 20) >> 8), UInt8((count - 20) & 255), 0, 0].enumerated() {
        bytes[24 + index] = byte
      }
    }
    PacketEdit.completeHeaderChecksum(bytes, IPv4View.headerLengthMin)
    PacketEdit.completeTransportChecksum(bytes)
    return bytes
  }
}

/// One VR's data thread without its thread, its capture and its injection.
private final class End {
  let node: NodeID
  let host: IPv4Address
  let endpoint: Endpoint
  let parts: Parts<NoInjection>
  private let receiver: DatagramReceiver

  /// On the first free port.
  static func numbered(_ number: UInt8) throws(DataPlaneError) -> End {
    var port = 30_000 + UInt16(getpid() % 20_000)
    while true {
      do throws(DataPlaneError) { return try End(number, port: port) } catch {
        guard error.kind == .portTaken, port < 60_000 else { throw error }
        port += 1
      }
    }
  }

  private init(_ number: UInt8, port: UInt16) throws(DataPlaneError) {
    guard let node = NodeID([UInt8](repeating: number, count: 32)) else { preconditionFailure("32 bytes are 32") }
    self.node = node
    host = IPv4Address(rawValue: 0xAC10_000A + UInt32(number) << 8)
    endpoint = Endpoint(address: IPv4Address(rawValue: 0x7F00_0001), port: port)
    let loop: EventLoop
    do throws(SystemError) { loop = try EventLoop() } catch { throw .system("make an epoll instance", error) }
    parts = try Parts(
      DataPlaneConfiguration(node: node, listen: endpoint, lanInterface: "lo"), loop: loop, injection: NoInjection(),
      at: MonotonicClock.now
    ) { _ in }
    receiver = DatagramReceiver(descriptor: parts.socket.raw)
  }

  func take(at now: Instant) -> Int {
    receiver.receive { frames, size, endpoint, stamp in
      parts.inbound.take(frames, size: size, via: .datagram(endpoint), at: now, stamp: stamp)
    }
  }
}

/// Takes everything and does nothing with it.
private final class NoInjection: PacketInjection {
  var takesTCP: Bool { true }
  var takesUDP: Bool { true }
  func inject(_ packet: UnsafeRawBufferPointer) -> Bool { true }
  func injectOwn(_ packet: UnsafeRawBufferPointer) -> Bool { true }
  func inject(super packet: UnsafeMutableRawBufferPointer, segmentSize: Int) -> Bool { true }
  func refresh() {}
}
