import VineAddress
import VineBase

/// The commands that make a machine a virtual host: an alias, and a route for the virtual space. No software.
public struct HostSetup: Hashable, Sendable {
  public enum System: String, CaseIterable, Sendable {
    case linux, windows, macos
    /// For all hosts of a site at once: option 121 of RFC 3442, as dnsmasq is told; the alias stays the host's.
    case dnsmasq
  }

  /// The host's address, and the VR's, as the site sees them.
  public var address, gateway: IPv4Address
  /// That the address is in.
  public var block: Block
  /// What goes to the VR.
  public var routes: [Block]

  public init(address: IPv4Address, gateway: IPv4Address, block: Block, routes: [Block]) {
    self.address = address
    self.gateway = gateway
    self.block = block
    self.routes = routes
  }

  /// - Parameter interface: of the host, to the site's network; nil: what it is mostly called.
  public func commands(for system: System, interface: String? = nil) -> [String] {
    switch system {
    case .linux:
      let name = interface ?? "eth0"
      return ["ip address add \(address)/\(block.prefixLength) dev \(name)"]
        + routes.map { "ip route add \($0) via \(gateway) src \(address)" }
    case .windows:
      let name = interface ?? "Ethernet"
      return ["netsh interface ipv4 add address \"\(name)\" \(address) \(block.netmask)"]
        + routes.map { "route -p add \($0.base) mask \($0.netmask) \(gateway)" }
    case .macos:
      let name = interface ?? "en0"
      return ["ifconfig \(name) alias \(address) \(block.netmask)"]
        + routes.map { "route -n add -net \($0) \(gateway)" }
    case .dnsmasq: return ["dhcp-option=121,\(routes.map { "\($0),\(gateway)" }.joined(separator: ","))"]
    }
  }
}
