import Foundation
import Logging
import VineAddress
import VineBase
import VineControl
import VineDataPlane
import VineRegistry
import VineRouter
import VineSession
import Yams

/// The VR's configuration: read once, checked, then frozen.
///
/// A YAML mapping; every key may be left out. An unknown key, a wrong type or a value out of range is an error
/// with file, line and column, because a misspelt key that is ignored costs an operator a day.
public struct Configuration: Hashable, Sendable {
  /// The VR that this file is for; written by `init` and `join`, so that a state folder of another VR is noticed.
  public var mesh: String?
  public var site: String?
  /// Interface of the site's network, where the hosts are. Default: the only one that is up, besides loopback.
  public var lan: String?
  /// UDP and TCP port, the paper's 2247.
  public var port: UInt16 = Endpoint.defaultPort
  /// Public addresses of this VR. Default: none, and the role is found out by dial-back.
  public var endpoints: [Endpoint] = []
  /// Where to find the mesh first; written by `join`.
  public var bootstrap: [Endpoint] = []
  /// NFQUEUE number; two VRs in one network namespace need two.
  public var queueNumber: UInt16 = 2247
  /// Parts of the virtual space that belong to something else on this machine (a Docker bridge, say): no rule
  /// and no route touches them, and no virtual host can have an address in them.
  public var leaveAlone: [Block] = []
  /// Where this site sees the virtual space, or parts of it, if its own network uses part of the space (paper 3.3).
  public var mirror: MirrorChoice?
  /// Whether a limited VR looks for direct ways to its peers; without, all goes through its queue-VR.
  public var directPaths = true
  /// How packets come from the site's hosts and get to them.
  public var dataPlane = DataPlaneChoice()
  /// Suites to be used where a peer is told so, too; best first. All that encrypt are offered behind them.
  public var suites: [CipherSuite] = []
  /// Which sites and ViNes this site deals with.
  public var policy = SitePolicy()
  /// Of two VRs on one site's network: the other one's site name, on the first and on the second.
  public var succession = Succession()
  /// Which groups of this machine may use the local API.
  public var api = APIAccess()
  /// Where the dashboard is served, on this machine alone. Default: nowhere.
  public var dashboard: Endpoint?
  /// Holds the passphrase of the authority's key, for a daemon that is to use the key without anybody there.
  public var authorityPassphraseFile: String?
  /// trace, debug, info, notice, warning, error.
  public var logLevel = "notice"

  public var level: Logger.Level { Logger.Level(rawValue: logLevel) ?? .notice }

  public init() {}

  /// - Throws: `HostError` with exit code 78.
  public static func load(from path: String) throws(HostError) -> Configuration {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw HostError(
        "cannot read the configuration \(path)",
        mend: "check the path and its permissions, or run `vine-mesh init` or `join`",
        .configuration)
    }
    return try parse(text, file: path)
  }

  static func parse(_ text: String, file: String) throws(HostError) -> Configuration {
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw HostError("\(file): \(flat("\(error)"))", mend: "correct the YAML", .configuration)
    }
    guard let root, root != Node("") else { return Configuration() }
    guard let mapping = root.mapping else {
      throw fault(root, file, "the configuration is not a mapping of keys to values")
    }
    var result = Configuration()
    for (key, value) in mapping {
      guard let name = key.string, let field = fields[name] else {
        throw fault(
          key, file, "unknown key `\(key.string ?? "?")`",
          mend: "known keys: \(fields.keys.sorted().joined(separator: ", "))")
      }
      guard field(&result, value) else {
        throw fault(value, file, "the value of `\(name)` is not \(expectations[name] ?? "valid")")
      }
    }
    return result
  }

  /// What `init` and `join` write.
  public var yaml: String {
    var lines = ["# Written by vine-mesh. Keys and defaults: vine-mesh.yaml(5)."]
    for (name, value) in [("mesh", mesh), ("site", site), ("lan", lan)] {
      if let value { lines.append("\(name): \(Self.scalar(value))") }
    }
    if port != Endpoint.defaultPort { lines.append("port: \(port)") }
    for (name, list) in [("endpoints", endpoints), ("bootstrap", bootstrap)] where !list.isEmpty {
      lines.append("\(name):")
      lines += list.map { "  - \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text as YAML reads it back, whatever is in it.
  private static func scalar(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
    }
    guard !isPlain || text.isEmpty || text.hasPrefix("-") else { return text }
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": return "\\\(scalar)"
      case " "..."~": return String(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// Two VRs with one identity would tear at each other: a state folder that was copied is refused.
  func checkBelongs(site: String, mesh: String, state: String) throws(HostError) {
    guard self.site ?? site == site, self.mesh ?? mesh == mesh else {
      throw HostError(
        "the state folder \(state) is of site \(site) in mesh \(mesh), the configuration of \(self.site ?? site) in \(self.mesh ?? mesh)",
        mend: "give --config and --state of one VR", .configuration)
    }
  }

  private static let fields: [String: @Sendable (inout Configuration, Node) -> Bool] = [
    "mesh": { set(&$0.mesh, $1.string) },
    "site": { set(&$0.site, $1.string) },
    "lan": { set(&$0.lan, interface($1)) },
    "port": { set(&$0.port, $1.int.flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }) },
    "endpoints": { set(&$0.endpoints, list($1, Endpoint.init)) },
    "bootstrap": { set(&$0.bootstrap, list($1, Endpoint.init)) },
    "queueNumber": { set(&$0.queueNumber, $1.int.flatMap { UInt16(exactly: $0) }) },
    "leaveAlone": { set(&$0.leaveAlone, list($1, Block.init)) },
    "mirror": { set(&$0.mirror, MirrorChoice.read($1)) },
    "directPaths": { set(&$0.directPaths, $1.bool) },
    "dataPlane": { DataPlaneChoice.read(into: &$0.dataPlane, $1) },
    "suites": { set(&$0.suites, list($1, CipherSuite.init(named:))) },
    "policy": { set(&$0.policy, SitePolicy.read($1)) },
    "secondVR": { set(&$0.succession.secondVR, $1.string.flatMap(SiteName.init)) },
    "standsInFor": { set(&$0.succession.standsInFor, $1.string.flatMap(SiteName.init)) },
    "api": { set(&$0.api, APIAccess.read($1)) },
    "dashboard": { set(&$0.dashboard, $1.string.flatMap(Dashboard.door)) },
    "authorityPassphraseFile": { set(&$0.authorityPassphraseFile, $1.string) },
    "logLevel": { set(&$0.logLevel, $1.string.flatMap { levels.contains($0) ? $0 : nil }) },
  ]

  /// All that a file may have, sorted.
  static let keys = fields.keys.sorted()

  private static let expectations = [
    "mesh": "the name of a mesh", "site": "the name of a site",
    "lan": "the name of an interface", "port": "a port from 1 to 65535",
    "endpoints": "a list of address or address:port", "bootstrap": "a list of address or address:port",
    "queueNumber": "a number from 0 to 65535", "leaveAlone": "a list of address blocks like 172.17.0.0/16",
    "mirror": MirrorChoice.expectation, "directPaths": "true or false",
    "dataPlane": DataPlaneChoice.expectation,
    "suites": "a list of \(CipherSuite.allCases.map(\.name).joined(separator: ", "))",
    "policy": SitePolicy.expectation, "secondVR": "the name of a site", "standsInFor": "the name of a site",
    "api": APIAccess.expectation, "dashboard": Dashboard.expectation,
    "authorityPassphraseFile": "the path of a file",
    "logLevel": "one of \(levels.joined(separator: ", "))",
  ]

  static let levels = ["trace", "debug", "info", "notice", "warning", "error"]

  private static func set<Value>(_ field: inout Value, _ value: Value?) -> Bool {
    guard let value else { return false }
    field = value
    return true
  }

  private static func set<Value>(_ field: inout Value?, _ value: Value?) -> Bool {
    field = value
    return value != nil
  }

  private static func interface(_ node: Node) -> String? {
    guard let name = node.string, (1...15).contains(name.utf8.count), !name.contains(where: { $0 == "/" || $0 == " " })
    else { return nil }
    return name
  }

  private static func list<Value>(_ node: Node, _ read: (String) -> Value?) -> [Value]? {
    guard let sequence = node.sequence else { return nil }
    let values = sequence.map { $0.string.flatMap(read) }
    return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
  }

  private static func fault(_ node: Node, _ file: String, _ what: String, mend: String = "correct the file")
    -> HostError
  {
    let mark = node.mark.map { ":\($0.line):\($0.column)" } ?? ""
    return HostError("\(file)\(mark): \(what)", mend: mend, .configuration)
  }

  private static func flat(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
