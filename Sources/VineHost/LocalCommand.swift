import Foundation
import VineAddress
import VineBase
import VineControl
import VineRegistry
import VineRouter

/// A command of the local API as its name and body say it: read and checked whole before anything is done.
enum LocalCommand: Sendable {
  case request(LocalRequest)
  case check(RegistryCheck)
  case reload
  case authority(AuthorityWish)

  /// The longest body is of three names.
  static let bodyByteCountMax = 64 << 10

  static let tooLong = RequestFailure(
    "the request has more than \(bodyByteCountMax) bytes", mend: "see `vine-mesh --help`", .usage)

  /// All commands, as `docs/reference/openapi.yaml` describes them.
  static let names = [
    "block/release", "block/request", "ca/export", "ca/import", "ca/lock", "ca/protect", "ca/remove", "ca/unlock",
    "check",
    "explain", "host/add", "host/remove", "invite", "peer/reclaim", "peer/revoke", "relay/pin", "relay/probe",
    "relay/unpin", "reload", "vine/create", "vine/delete", "vine/join", "vine/leave", "vine/rename",
  ]

  private static func unknown(_ name: String) -> RequestFailure {
    RequestFailure("there is no command `\(name)`", mend: "see `vine-mesh --help`", .usage)
  }

  /// - Parameters:
  ///   - name: `vine/create`, the path behind `/v1/`.
  ///   - body: any bytes.
  ///   - space: a site with a mirror may give addresses in either form.
  /// - Throws: `RequestFailure` or `DecodingError`.
  init(_ name: String, body: Data, _ space: SiteSpace) throws {
    guard Self.names.contains(name) else { throw Self.unknown(name) }
    switch name {
    case "reload": self = .reload
    case "ca/protect", "ca/unlock", "ca/lock", "ca/export", "ca/import", "ca/remove":
      let wish: AuthorityBody = try JSON.decode(from: body)
      self = .authority(AuthorityWish(name, wish))
    case "check":
      let wish: CheckBody = try JSON.decode(from: body)
      self = .check(try RegistryCheck(clients: wish.clients, seconds: wish.seconds))
    default:
      let request = try Self.vine(name, body) ?? Self.site(name, body) ?? Self.address(name, body, space)
      guard let request else { throw Self.unknown(name) }
      self = .request(request)
    }
  }

  private static func vine(_ name: String, _ body: Data) throws -> LocalRequest? {
    func title() throws -> VineName { try named(JSON.decode(VineBody.self, from: body).name) }
    switch name {
    case "vine/create": return .createVine(try title())
    case "vine/delete": return .deleteVine(try title())
    case "vine/join": return .joinVine(try title())
    case "vine/leave": return .leaveVine(try title())
    case "vine/rename":
      let wish: VineRenameBody = try JSON.decode(from: body)
      return .renameVine(try named(wish.name), to: try named(wish.newName))
    default: return nil
    }
  }

  private static func site(_ name: String, _ body: Data) throws -> LocalRequest? {
    func title() throws -> SiteName { try named(JSON.decode(SiteBody.self, from: body).site) }
    switch name {
    case "peer/revoke": return .revoke(try title())
    case "peer/reclaim": return .reclaim(try title())
    case "relay/probe": return .probe(try title())
    case "relay/pin", "relay/unpin":
      let site: SiteName? = try JSON.decode(PinBody.self, from: body).site.map(named)
      guard (site != nil) == (name == "relay/pin") else {
        throw RequestFailure("a pin needs a site, and its end none", mend: "see `vine-mesh relay --help`", .usage)
      }
      return .pinQueueVR(site)
    case "invite":
      let wish: InviteBody = try JSON.decode(from: body)
      guard wish.expiresSeconds > 0 else {
        throw RequestFailure("an invitation expires in the future", mend: "give --expires like 7d", .usage)
      }
      return .invite(site: try named(wish.site), hosts: wish.hosts, validFor: .seconds(wish.expiresSeconds))
    default: return nil
    }
  }

  private static func address(_ name: String, _ body: Data, _ space: SiteSpace) throws -> LocalRequest? {
    func address(_ text: String) throws -> IPv4Address {
      guard let address = IPv4Address(text) else {
        throw RequestFailure("`\(text)` is no IPv4 address", mend: "write it like 172.16.0.10", .usage)
      }
      return space.mesh(address)
    }
    switch name {
    case "host/add":
      let host: HostBody = try JSON.decode(from: body)
      guard let vine = host.vine else {
        throw RequestFailure("a host is added to a ViNe", mend: "give --vine <name>", .usage)
      }
      return .addHost(try address(host.address), try named(vine))
    case "host/remove":
      let host: HostBody = try JSON.decode(from: body)
      return .removeHost(try address(host.address), try host.vine.map(named))
    case "explain":
      let wish: ExplainBody = try JSON.decode(from: body)
      return .explain(source: try address(wish.source), destination: try address(wish.destination))
    case "block/request":
      let wish: BlockRequestBody = try JSON.decode(from: body)
      return .requestBlock(hosts: wish.hosts, vine: try wish.vine.map(named))
    case "block/release":
      let wish: BlockReleaseBody = try JSON.decode(from: body)
      guard let block = Block(wish.block) else {
        throw RequestFailure("`\(wish.block)` is no block", mend: "copy it from `vine-mesh block list`", .usage)
      }
      return .releaseBlock(block)
    default: return nil
    }
  }

  private static func named<Name: LosslessStringConvertible>(_ text: String) throws -> Name {
    guard let name = Name(text) else {
      throw RequestFailure(
        "`\(text)` is no name", mend: "use 1 to 63 of a-z, 0-9 and hyphen, a letter first", .usage)
    }
    return name
  }
}
