import VineBase
import VinePacket

/// Asks the hosts of the site's network, on which there is no software, whether they have their alias and a route to the VR.
///
/// Who has an alias answers ARP for it. Who has a route answers an echo request that comes from somewhere in the virtual space by
/// way of the VR; a second request, from the gateway's own address, tells a missing route from a host that answers no echo at
/// all. Pure: frames in, frames out.
public struct HostQuestions: Sendable {
  public struct Host: Hashable, Sendable {
    public let address, gateway: IPv4Address

    public init(_ address: IPv4Address, gateway: IPv4Address) { (self.address, self.gateway) = (address, gateway) }
  }

  /// What is known of a host's address. Hardware addresses as `02:00:00:00:00:01`.
  public struct Answer: Hashable, Sendable {
    public let address: IPv4Address
    /// Who answers ARP for it, in the order of the answers: none without the alias, several if it was given out twice.
    public internal(set) var hardware: [[UInt8]] = []
    public internal(set) var answersGateway = false
    public internal(set) var answersVirtual = false

    public init(address: IPv4Address) { self.address = address }

    /// One that has been answered, for those who judge it.
    public init(address: IPv4Address, hardware: [[UInt8]], answersGateway: Bool, answersVirtual: Bool) {
      self.init(address: address)
      (self.hardware, self.answersGateway, self.answersVirtual) = (hardware, answersGateway, answersVirtual)
    }
  }

  /// Owners of one address that are told apart; more are passed over. Two show the mistake, and whoever makes up answers
  /// without end fills no memory.
  static let ownersMax = 8

  private static let unknown = [UInt8](repeating: 0, count: 6)

  private let own: [UInt8]
  private let stranger: IPv4Address
  private let identifier: UInt16
  private let hosts: [Host]
  public private(set) var answers: [Answer]

  /// - Parameters:
  ///   - own: hardware address of the VR's interface, 6 bytes.
  ///   - stranger: a virtual address of no host, as the site sees it.
  ///   - identifier: of the echo requests; another each time, so that late answers are told apart.
  public init(own: [UInt8], hosts: [Host], stranger: IPv4Address, identifier: UInt16) {
    precondition(own.count == 6, "an Ethernet address has 6 bytes")
    (self.own, self.hosts, self.stranger, self.identifier) = (own, hosts, stranger, identifier)
    answers = hosts.map { Answer(address: $0.address) }
  }

  /// Questions for the hosts that have not answered.
  public var whoHas: [[UInt8]] {
    zip(hosts, answers).filter(\.1.hardware.isEmpty).map { host, _ in
      ARPFrame.bytes(.request, from: own, host.gateway, to: Self.unknown, host.address)
    }
  }

  public var echoes: [[UInt8]] {
    zip(hosts, answers).flatMap { host, answer -> [[UInt8]] in
      guard let hardware = answer.hardware.first else { return [] }
      return (answer.answersGateway ? [] : [echo(to: host.address, at: hardware, from: host.gateway)])
        + (answer.answersVirtual ? [] : [echo(to: host.address, at: hardware, from: stranger)])
    }
  }

  /// - Parameter frame: any bytes that came from the network.
  public mutating func received(_ frame: UnsafeRawBufferPointer) {
    guard frame.count >= ARPFrame.byteCount else { return }
    switch frame.loadUnaligned(fromByteOffset: 12, as: UInt16.self).bigEndian {
    case 0x0806: receivedARP(frame)
    case 0x0800: receivedIP(frame)
    default: break
    }
  }

  private mutating func receivedARP(_ frame: UnsafeRawBufferPointer) {
    guard frame.loadUnaligned(fromByteOffset: 20, as: UInt16.self).bigEndian == 2 else { return }
    let hardware = Array(frame[22..<28])
    let address = frame.loadUnaligned(fromByteOffset: 28, as: UInt32.self).bigEndian
    for index in answers.indices where answers[index].address.rawValue == address && hardware != own {
      guard answers[index].hardware.count < Self.ownersMax, !answers[index].hardware.contains(hardware) else {
        continue
      }
      answers[index].hardware.append(hardware)
    }
  }

  private mutating func receivedIP(_ frame: UnsafeRawBufferPointer) {
    guard let packet = IPv4View(UnsafeRawBufferPointer(rebasing: frame[14...])), packet.transport == Transport.icmp,
      packet.fragmentOffset == 0, packet.totalLength >= packet.headerLength + 8
    else { return }
    let icmp = packet.headerLength
    guard packet.bytes[icmp] == 0,
      packet.bytes.loadUnaligned(fromByteOffset: icmp + 4, as: UInt16.self).bigEndian == identifier
    else { return }
    for index in answers.indices where answers[index].address.rawValue == packet.source {
      if packet.destination == stranger.rawValue { answers[index].answersVirtual = true }
      if packet.destination == hosts[index].gateway.rawValue { answers[index].answersGateway = true }
    }
  }

  // MARK: Frames

  private func echo(to address: IPv4Address, at hardware: [UInt8], from source: IPv4Address) -> [UInt8] {
    var packet: [UInt8] = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, Transport.icmp, 0, 0] + source.bytes + address.bytes
    packet += [8, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 255), 0, 1]
    for (range, place) in [(0..<20, 10), (20..<28, 22)] {
      let sum = packet[range].withUnsafeBytes { InternetChecksum.of($0) }
      (packet[place], packet[place + 1]) = (UInt8(sum >> 8), UInt8(sum & 255))
    }
    return hardware + own + [8, 0] + packet
  }

}
