import Testing
import VineAddress
import VineBase

@testable import VineHost

@Suite struct HostSetupTests {
  private func setup(_ address: String, _ gateway: String, _ block: String, routes: [String]) throws -> HostSetup {
    HostSetup(
      address: try #require(IPv4Address(address)), gateway: try #require(IPv4Address(gateway)),
      block: try #require(Block(block)), routes: routes.compactMap(Block.init))
  }

  @Test func `each system gets an alias and a route in its own words`() throws {
    let plain = try setup("172.16.2.11", "172.16.2.1", "172.16.2.0/24", routes: ["172.16.0.0/12"])
    #expect(
      plain.commands(for: .linux) == [
        "ip address add 172.16.2.11/24 dev eth0", "ip route add 172.16.0.0/12 via 172.16.2.1 src 172.16.2.11",
      ])
    #expect(
      plain.commands(for: .windows, interface: "LAN 1") == [
        "netsh interface ipv4 add address \"LAN 1\" 172.16.2.11 255.255.255.0",
        "route -p add 172.16.0.0 mask 255.240.0.0 172.16.2.1",
      ])
    #expect(
      plain.commands(for: .macos) == [
        "ifconfig en0 alias 172.16.2.11 255.255.255.0", "route -n add -net 172.16.0.0/12 172.16.2.1",
      ])
    #expect(plain.commands(for: .dnsmasq) == ["dhcp-option=121,172.16.0.0/12,172.16.2.1"])
  }

  @Test func `a mirrored site has a route for each part of its range`() throws {
    let routes = ["10.116.0.0/14", "10.120.0.0/13", "10.128.0.0/14"]
    let setup = try setup("10.116.2.11", "10.116.2.1", "10.116.2.0/24", routes: routes)
    #expect(setup.commands(for: .linux).count == 4 && setup.commands(for: .windows).count == 4)
    #expect(
      setup.commands(for: .dnsmasq) == [
        "dhcp-option=121,10.116.0.0/14,10.116.2.1,10.120.0.0/13,10.116.2.1,10.128.0.0/14,10.116.2.1"
      ])
  }

  @Test func `masks of every length`() {
    #expect(
      [0, 1, 12, 24, 31, 32].map { Block(base: IPv4Address(rawValue: 0), prefixLength: $0)?.netmask.description } == [
        "0.0.0.0", "128.0.0.0", "255.240.0.0", "255.255.255.0", "255.255.255.254", "255.255.255.255",
      ])
  }
}
