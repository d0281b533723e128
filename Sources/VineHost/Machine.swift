import Foundation
import VineAddress
import VineBase
import VineControl
import VineDataPlane

/// What the VR needs to know of the machine it runs on, asked of `ip -json`.
struct Machine {
  private struct Link: Decodable {
    let ifname: String
    let operstate: String?
    let flags: [String]
  }

  private struct Addressed: Decodable {
    struct Info: Decodable {
      let family: String
      let local: String?
      let scope: String?
    }
    let ifname: String?
    let addr_info: [Info]?
  }

  private struct Route: Decodable {
    let dst: String
    let dev: String?
    /// `blackhole` and the like; none for a way that leads somewhere.
    let type: String?
  }

  /// - Throws: `HostError` 78 if the interface is not there, or none can be chosen.
  static func lan(configured: String?) throws(HostError) -> String {
    let links: [Link] = try ask(["-json", "link", "show"])
    let names = links.map(\.ifname)
    if let configured {
      guard names.contains(configured) else {
        throw HostError(
          "there is no interface \(configured)",
          mend: "set `lan` in the configuration to one of: \(names.joined(separator: ", "))",
          .configuration)
      }
      return configured
    }
    let candidates = links.filter { $0.flags.contains("UP") && !$0.flags.contains("LOOPBACK") }.map(\.ifname)
    guard candidates.count == 1, let only = candidates.first else {
      throw HostError(
        "cannot tell which interface the site's hosts are on",
        mend: "set `lan` in the configuration to one of: \(candidates.joined(separator: ", "))", .configuration)
    }
    return only
  }

  /// IPv4 addresses of the machine outside the virtual space, loopback left out.
  static func addresses(besides space: SiteSpace) -> [IPv4Address] {
    let interfaces: [Addressed] = (try? ask(["-json", "-4", "address", "show"])) ?? []
    return interfaces.flatMap { $0.addr_info ?? [] }
      .filter { $0.scope == "global" }
      .compactMap { $0.local.flatMap(IPv4Address.init) }
      .filter { !space.contains($0) }
      .sorted()
  }

  /// Whether this machine forwards between its interfaces anyway.
  static var isRouter: Bool {
    (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_forward", encoding: .utf8))?.hasPrefix("1") ?? false
  }

  /// Routes of other things into the virtual space: more specific than the hosts' route, they would silently win.
  /// - Parameter own: the VR's own blocks, whose routes on the LAN interface are its own doing.
  static func checkOverlap(space: SiteSpace, lan: String, own: [Block], leaveAlone: [Block]) throws(HostError) {
    let routes: [Route] = try ask(["-json", "-4", "route", "show"])
    // The default route is no block.
    let known = routes.filter { $0.type != "blackhole" }.compactMap { route in
      (Block(route.dst) ?? Block(route.dst + "/32")).map { (route, $0) }
    }
    let others = known.filter { route, block in
      !(route.dev == lan && own.contains { space.text(of: $0) == block.description })
        && !leaveAlone.contains { $0.contains(block) }
    }
    for (route, block) in others where space.overlaps(block) {
      let used = others.map(\.1).filter(space.space.overlaps)
      let choice = SiteSpace.free(for: space.space, used: used, besides: known.map(\.1))
      let mirror = choice.map { ", or set `mirror: \($0)`" } ?? ""
      throw HostError(
        "the route \(route.dst) on \(route.dev ?? "?") lies in the virtual space \(space.blocks.map(\.description).joined(separator: ", "))",
        mend:
          "move that network (Docker: `bip` and `default-address-pools`), list \(block) under `leaveAlone`\(mirror)",
        .configuration)
    }
  }

  static func checkPrivileges() throws(HostError) {
    guard geteuid() != 0 else { return }
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let effective =
      status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
      .flatMap { UInt64($0.split(whereSeparator: \.isWhitespace).last ?? "", radix: 16) } ?? 0
    // CAP_NET_ADMIN is 12, CAP_NET_RAW 13 (capability.h).
    guard effective & 0x3000 == 0x3000 else {
      throw HostError(
        "vine-meshd needs CAP_NET_ADMIN and CAP_NET_RAW to capture and inject packets", mend: "run it as root",
        .permission)
    }
  }

  private static func ask<Answer: Decodable>(_ arguments: [String]) throws(HostError) -> Answer {
    let outcome = Command.run("ip", arguments)
    guard outcome.status == 0, let answer = try? JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
    else {
      throw HostError(
        "`ip \(arguments.joined(separator: " "))` failed", mend: "apt-get install iproute2", .configuration)
    }
    return answer
  }
}

/// The VR's own addresses on the site's network: the hosts' next hop. Set when a block is owned, removed at an
/// orderly stop.
struct Gateways {
  let lan: String
  private let space: SiteSpace
  /// Holds what was set, a line each, as long as it is: a VR that lost its store finds there what its predecessor left.
  private let journal: String
  private var assigned: [Block] = []

  init(lan: String, space: SiteSpace, journal: String) { (self.lan, self.space, self.journal) = (lan, space, journal) }

  /// Takes away what a killed daemon left and this VR does not own: it would look like somebody else's network.
  func removeLeftBehind(besides own: [Block]) {
    let kept = own.map(text)
    let left = (try? String(contentsOfFile: journal, encoding: .utf8)) ?? ""
    for line in left.split(separator: "\n").prefix(256) {
      let parts = line.split(separator: " ").map(String.init)
      guard parts.count == 2, !kept.contains(parts[0]), parts[0].allSatisfy({ $0.isNumber || $0 == "." || $0 == "/" })
      else { continue }
      _ = Command.run("ip", ["address", "del", parts[0], "dev", parts[1]])
    }
  }

  private func write(_ blocks: [Block]) {
    let lines = blocks.map { "\(text(of: $0)) \(lan)\n" }.joined()
    let folder = URL(fileURLWithPath: journal).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try? lines.write(toFile: journal, atomically: true, encoding: .utf8)
  }

  mutating func assign(_ blocks: [Block]) {
    guard blocks != assigned else { return }
    write(assigned + blocks)
    for gone in assigned where !blocks.contains(gone) { remove(gone) }
    let new = blocks.filter { !assigned.contains($0) }
    for block in new { _ = Command.run("ip", ["address", "replace", text(of: block), "dev", lan]) }
    assigned = blocks
    write(blocks)
    // Another machine may have had them.
    announce(new)
  }

  /// Hosts learn again that the gateways of these blocks are here.
  func announce(_ blocks: [Block]) {
    guard !blocks.isEmpty else { return }
    _ = AddressAnnouncement(on: lan).send(blocks.map { space.site($0.gateway) })
  }

  mutating func removeAll() {
    assigned.forEach(remove)
    assigned = []
    unlink(journal)
  }

  private func remove(_ block: Block) {
    _ = Command.run("ip", ["address", "del", text(of: block), "dev", lan])
  }

  private func text(of block: Block) -> String { "\(space.site(block.gateway))/\(block.prefixLength)" }
}
