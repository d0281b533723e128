/// The commands that make a machine a virtual host: an alias, and a route for the virtual space. No software.
public struct HostSetup: Hashable, Sendable {
  public enum System: String, CaseIterable, Sendable {
    case linux, windows, macos
    /// For all hosts of a site at once: option 121 of RFC 3442, as dnsmasq is told; the alias stays the host's.
    case dnsmasq
  }

  /// The host's address, and the VR's, as the site sees them.
  public var address: String
  public var gateway: String
  /// Of the block.
  public var prefixLength: Int
  /// What goes to the VR, CIDRs.
  public var routes: [String]

  public init(address: String, gateway: String, prefixLength: Int, routes: [String]) {
    self.address = address
    self.gateway = gateway
    self.prefixLength = prefixLength
    self.routes = routes
  }

  /// - Parameter interface: of the host, to the site's network; nil: what it is mostly called.
  public func commands(for system: System, interface: String? = nil) -> [String] {
    switch system {
    case .linux:
      let name = interface ?? "eth0"
      return ["ip address add \(address)/\(prefixLength) dev \(name)"]
        + routes.map { "ip route add \($0) via \(gateway) src \(address)" }
    case .windows:
      let name = interface ?? "Ethernet"
      return ["netsh interface ipv4 add address \"\(name)\" \(address) \(Self.mask(prefixLength))"]
        + parts.map { "route -p add \($0.base) mask \(Self.mask($0.length)) \(gateway)" }
    case .macos:
      let name = interface ?? "en0"
      return ["ifconfig \(name) alias \(address) \(Self.mask(prefixLength))"]
        + routes.map { "route -n add -net \($0) \(gateway)" }
    case .dnsmasq: return ["dhcp-option=121,\(routes.map { "\($0),\(gateway)" }.joined(separator: ","))"]
    }
  }

  private var parts: [(base: String, length: Int)] {
    routes.compactMap { route in
      let parts = route.split(separator: "/")
      guard parts.count == 2, let length = Int(parts[1]), (0...32).contains(length) else { return nil }
      return (String(parts[0]), length)
    }
  }

  /// `255.240.0.0` for 12.
  static func mask(_ length: Int) -> String {
    let bits: UInt32 = length <= 0 ? 0 : UInt32.max << UInt32(32 - min(length, 32))
    return [24, 16, 8, 0].map { "\(bits >> $0 & 255)" }.joined(separator: ".")
  }
}
