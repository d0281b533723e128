import VineAddress
import VineBase
import VineRouting

/// Packets of hosts, decided by the tables that the routers gave out, on the ways that their control frames take.
extension World {
  /// A packet that a VR gave to its host.
  struct Delivery: Hashable, Sendable {
    let at: Int64
    let by: Int
    let packet: HostPacket
  }

  /// A host of the VR's site sends: what a table or a session is missing for is lost, as in the data plane, which asks
  /// for a session at most once a second (VineDataPlane's `Transmitter`).
  mutating func sendPacket(from source: IPv4Address, to destination: IPv4Address, at index: Int) {
    guard let table = vrs[index].plane.table, vrs[index].isRunning else { return }
    switch table.outbound(source: source.rawValue, destination: destination.rawValue) {
    case .drop: return
    case .deliver(let network):
      let packet = HostPacket(network: NetworkID(rawValue: network), source: source, destination: destination)
      deliveries.append(Delivery(at: now, by: index, packet: packet))
    case .tunnel(let network, let number):
      let peer = table.nodes[Int(number)]
      let packet = HostPacket(network: NetworkID(rawValue: network), source: source, destination: destination)
      guard let session = vrs[index].plane.sending(to: peer, at: now), !session.isGuest else {
        guard vrs[index].plane.mayAsk(for: peer, at: now) else { return }
        return input(.needsSession(peer), to: index)
      }
      guard let carrier = vrs[index].plane.carriers[peer] else { return }
      send(.data(packet, index: session.remoteIndex, key: session.key), from: index, via: carrier)
    }
  }

  /// A packet came in a session with `peer`: its host gets it if both tables of this VR say so.
  mutating func received(_ packet: HostPacket, from peer: NodeID, at index: Int) {
    guard let table = vrs[index].plane.table, let number = table.index(of: peer) else { return }
    let decision = table.inbound(
      network: packet.network.rawValue, source: packet.source.rawValue, destination: packet.destination.rawValue,
      from: number)
    guard case .deliver = decision else { return }
    deliveries.append(Delivery(at: now, by: index, packet: packet))
  }

  mutating func forgetDeliveries() { deliveries = [] }
}

/// A packet of one host for another, in one ViNe; a ping with 56 bytes.
struct HostPacket: Hashable, Sendable {
  static let byteCount = 84

  let network: NetworkID
  let source, destination: IPv4Address
}
