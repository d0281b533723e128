import Foundation
import VineBase
import VineDataPlane
import VineAddress

/// Makes the kernel route between the site's network and the TUN device: the device up, the virtual space behind it, and
/// forwarding on both interfaces. What was changed of the machine is put back at an orderly stop.
struct TunRouting: Sendable {
  private let tun: String
  private let lan: String
  /// Files below /proc/sys/net/ipv4/conf with what they held.
  private var before: [(path: String, value: String)] = []

  init(lan: String, queueNumber: UInt16) {
    (self.lan, tun) = (lan, DataPlaneConfiguration.tunName(for: queueNumber))
  }

  /// - Throws: `HostError`; then nothing has changed.
  mutating func install(space: [Block]) throws(HostError) {
    do throws(HostError) {
      // As wide as the site's network: what the path takes is the VR's business.
      let mtu = (try? String(contentsOfFile: "/sys/class/net/\(lan)/mtu", encoding: .utf8)).flatMap(Self.number) ?? 1500
      try run(["link", "set", tun, "up", "mtu", "\(mtu)"])
      for block in space { try run(["route", "replace", "\(block)", "dev", tun]) }
      try set("rp_filter", of: tun, to: "0")
      for interface in [tun, lan] { try set("forwarding", of: interface, to: "1") }
    } catch {
      remove()
      throw error
    }
  }

  /// The device's own settings go with it.
  func remove() {
    for (path, value) in before.reversed() { try? value.write(toFile: path, atomically: false, encoding: .utf8) }
  }

  private mutating func set(_ setting: String, of interface: String, to value: String) throws(HostError) {
    let path = "/proc/sys/net/ipv4/conf/\(interface)/\(setting)"
    guard let old = try? String(contentsOfFile: path, encoding: .utf8) else { throw refusal("read \(path)") }
    guard old.trimmingCharacters(in: .whitespacesAndNewlines) != value else { return }
    do { try value.write(toFile: path, atomically: false, encoding: .utf8) } catch { throw refusal("write \(path)") }
    if interface == lan { before.append((path, old)) }
  }

  private func run(_ arguments: [String]) throws(HostError) {
    let outcome = Command.run("ip", arguments)
    guard outcome.status == 0 else {
      throw refusal("`ip \(arguments.joined(separator: " "))`: \(outcome.error.prefix(120))")
    }
  }

  private func refusal(_ what: String) -> HostError {
    HostError(
      "the TUN device \(tun) can't be used: \(what)", mend: "leave `dataPlane` out of the configuration to do without",
      .configuration)
  }

  private static func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }
}
