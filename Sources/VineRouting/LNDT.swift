import VineAddress
import VineBase

/// Local Network Description Table: the hosts of the VR's own network and the ViNes each is in (paper 3.5; the
/// paper also spells it LNDDT).
public struct LNDT: Hashable, Sendable {
  /// Each host's ViNes, sorted, at least one.
  public private(set) var hosts: SortedMap<IPv4Address, [NetworkID]> = [:]

  public init() {}

  public mutating func add(_ host: IPv4Address, to network: NetworkID) {
    let networks = hosts[host] ?? []
    if !networks.contains(network) { hosts[host] = (networks + [network]).sorted() }
  }

  public mutating func remove(_ host: IPv4Address, from network: NetworkID) {
    let left = (hosts[host] ?? []).filter { $0 != network }
    hosts[host] = left.isEmpty ? nil : left
  }

  /// Which addresses are in which ViNe: what the VR tells the mesh about itself.
  public var participation: SortedMap<NetworkID, AddressSet> {
    var addresses: SortedMap<NetworkID, [IPv4Address]> = [:]
    for (host, networks) in hosts {
      for network in networks { addresses[network, default: []].append(host) }
    }
    var result: SortedMap<NetworkID, AddressSet> = [:]
    for (network, hosts) in addresses { result[network] = AddressSet(addresses: hosts) }
    return result
  }
}
