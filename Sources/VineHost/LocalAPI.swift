import FlyingFox
import FlyingSocks
import Foundation
import VineAddress
import VineBase
import VineControl
import VineDataPlane
import VineRegistry
import VineRouter

/// The local API: HTTP and JSON on the Unix socket, the only door of `vine-mesh` and of middleware.
struct LocalAPI: Sendable {
  let socket: String
  let loop: ControlLoop
  let dataPlane: DataPlane
  let drops: DropHistory
  let node: NodeID
  let started: Instant
  let queueNumber: UInt16
  let space: SiteSpace
  let reload: Reload
  let authority: AuthorityKeeper
  let doctor: Doctor

  /// Serves until cancelled; the socket is removed then.
  func run() async throws {
    let folder = URL(fileURLWithPath: socket).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard socket.utf8.count <= ControlClient.socketPathMax else {
      throw HostError(
        "the socket's path has \(socket.utf8.count) bytes",
        mend: "give --socket a path of at most \(ControlClient.socketPathMax) bytes", .configuration)
    }
    unlink(socket)
    defer { unlink(socket) }
    let server = HTTPServer(address: .unix(path: socket), logger: .disabled)
    for route in ["GET /v1/*", "GET /metrics", "POST /v1/*", "POST /v1/*/*"] {
      await server.appendRoute(HTTPRoute(route)) { request in await answer(request) }
    }
    let mask = umask(0o117)
    defer { umask(mask) }
    do { try await server.run() } catch is CancellationError { return } catch {
      throw HostError(
        "cannot listen on \(socket): \(error)", mend: "check the folder, or move the socket with --socket", .permission)
    }
  }

  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    do {
      switch (request.method, request.path) {
      case (.GET, "/metrics"): return text(await metrics())
      case (.GET, let path): return try await json(view(String(path.dropFirst("/v1/".count))))
      default: return try await json(command(String(request.path.dropFirst("/v1/".count)), request))
      }
    } catch let failure as RequestFailure {
      return refusal(failure)
    } catch {
      return refusal(RequestFailure("\(error)", mend: "see `vine-mesh --help`", .usage))
    }
  }

  // MARK: Views

  private func view(_ name: String) async throws -> any View {
    let context = await context()
    if name == DoctorView.name { return await doctor.examine(loop, context) }
    let view = await loop.look { router in router.view(name, context) }
    guard let view else {
      throw RequestFailure("there is no view `\(name)`", mend: "see `vine-mesh status --help`", .usage)
    }
    return view
  }

  func context() async -> ViewContext {
    let status = await dataPlane.status()
    return ViewContext(
      dataPlane: status, drops: drops.drops(status), uptime: Clock.now - started, now: Clock.now, wall: Clock.wall,
      queueNumber: queueNumber, means: dataPlane.means, space: space, authorityKey: authority.state)
  }

  // MARK: Commands

  private func named<Name: LosslessStringConvertible>(_ text: String) throws -> Name {
    guard let name = Name(text) else { throw RequestFailure.noName(text) }
    return name
  }

  private func command(_ name: String, _ request: HTTPRequest) async throws -> any View {
    let body = try await request.bodyData
    switch name {
    case "invite":
      let invite: InviteBody = try JSON.decode(from: body)
      let site: SiteName = try named(invite.site)
      guard invite.expiresSeconds > 0 else {
        throw RequestFailure("an invitation expires in the future", mend: "give --expires like 7d", .usage)
      }
      let answer = try await ask(.invite(site: site, hosts: invite.hosts, validFor: .seconds(invite.expiresSeconds)))
      guard case .invitation(let token, let expires) = answer else { throw RequestFailure.unexpected }
      return InvitationAnswer(
        token: token, site: site.description, hosts: invite.hosts, expiresUnixSeconds: expires.secondsSince1970)
    case "vine/rename":
      let wish: VineRenameBody = try JSON.decode(from: body)
      let old: VineName = try named(wish.name)
      let new: VineName = try named(wish.newName)
      guard case .vine(_, let network) = try await ask(.renameVine(old, to: new)) else {
        throw RequestFailure.unexpected
      }
      return VineAnswer(name: new.description, networkId: network.rawValue)
    case "vine/create", "vine/delete", "vine/join", "vine/leave":
      let vine: VineBody = try JSON.decode(from: body)
      let title: VineName = try named(vine.name)
      let requests: [String: LocalRequest] = [
        "vine/create": .createVine(title), "vine/delete": .deleteVine(title), "vine/join": .joinVine(title),
        "vine/leave": .leaveVine(title),
      ]
      guard let request = requests[name], case .vine(let vineName, let network) = try await ask(request) else {
        throw RequestFailure.unexpected
      }
      return VineAnswer(name: vineName.description, networkId: network.rawValue)
    case "reload":
      do throws(HostError) { return try reload.now() } catch {
        throw RequestFailure(error.message, mend: error.mend, .configuration)
      }
    case "ca/protect", "ca/unlock", "ca/lock", "ca/export", "ca/import", "ca/remove":
      let wish: AuthorityBody = try JSON.decode(from: body)
      do throws(HostError) { return try authority(name, wish) } catch {
        throw RequestFailure(
          error.message, mend: error.mend, error.exitCode == ExitStatus.denied.rawValue ? .denied : .failed)
      }
    case "check":
      let wish: CheckBody = try JSON.decode(from: body)
      return try await RegistryCheck(clients: wish.clients, seconds: wish.seconds).run(on: loop)
    case "host/add", "host/remove": return try await host(name, JSON.decode(from: body))
    case "peer/revoke", "peer/reclaim":
      let wish: SiteBody = try JSON.decode(from: body)
      let site: SiteName = try named(wish.site)
      guard case .site(let title, let kept) = try await ask(name == "peer/revoke" ? .revoke(site) : .reclaim(site))
      else { throw RequestFailure.unexpected }
      return SiteAnswer(site: title.description, blocksKept: kept)
    case "relay/pin", "relay/unpin":
      let wish: PinBody = try JSON.decode(from: body)
      let site: SiteName? = try wish.site.map(named)
      guard (site != nil) == (name == "relay/pin") else {
        throw RequestFailure("a pin needs a site, and its end none", mend: "see `vine-mesh relay --help`", .usage)
      }
      _ = try await ask(.pinQueueVR(site))
      return PinAnswer(site: site?.description)
    case "relay/probe":
      let wish: SiteBody = try JSON.decode(from: body)
      guard case .link(let peer) = try await ask(.probe(named(wish.site))) else { throw RequestFailure.unexpected }
      let context = await context()
      return ProbeAnswer(link: await loop.look { router in router.ownLink(peer, context) })
    case "explain":
      let wish: ExplainBody = try JSON.decode(from: body)
      let request = LocalRequest.explain(source: try address(wish.source), destination: try address(wish.destination))
      guard case .explained(let explanation) = try await ask(request) else { throw RequestFailure.unexpected }
      let context = await context()
      return await loop.look { router in router.explainView(explanation, context) }
    case "block/request":
      let wish: BlockRequestBody = try JSON.decode(from: body)
      let vine: VineName? = try wish.vine.map(named)
      return try await block(.requestBlock(hosts: wish.hosts, vine: vine))
    case "block/release":
      let release: BlockReleaseBody = try JSON.decode(from: body)
      guard let block = Block(release.block) else {
        throw RequestFailure("`\(release.block)` is no block", mend: "copy it from `vine-mesh block list`", .usage)
      }
      return try await self.block(.releaseBlock(block))
    default: throw RequestFailure("there is no command `\(name)`", mend: "see `vine-mesh --help`", .usage)
    }
  }

  private func authority(_ name: String, _ wish: AuthorityBody) throws(HostError) -> AuthorityAnswer {
    let passphrase = wish.passphrase ?? ""
    var key: String?
    switch name {
    case "ca/protect": try authority.protect(passphrase)
    case "ca/unlock": try authority.unlock(passphrase)
    case "ca/lock": try authority.lock()
    case "ca/export": key = try authority.export(passphrase)
    case "ca/import": try authority.importKey(wish.key ?? "", passphrase)
    default: try authority.remove()
    }
    return AuthorityAnswer(authorityKey: authority.state, key: key)
  }

  private func host(_ name: String, _ host: HostBody) async throws -> any View {
    let address = try address(host.address)
    let vine: VineName? = try host.vine.map(named)
    if name == "host/add", vine == nil {
      throw RequestFailure("a host is added to a ViNe", mend: "give --vine <name>", .usage)
    }
    let request: LocalRequest =
      if name == "host/add", let vine { .addHost(address, vine) } else { .removeHost(address, vine) }
    guard case .host(_, let vines) = try await ask(request) else { throw RequestFailure.unexpected }
    return HostAnswer(address: address.description, vines: vines.map(\.description))
  }

  /// As the mesh has it; a site with a mirror may give either form.
  private func address(_ text: String) throws -> IPv4Address {
    guard let address = IPv4Address(text) else {
      throw RequestFailure("`\(text)` is no IPv4 address", mend: "write it like 172.16.0.10", .usage)
    }
    return space.mesh(address)
  }

  private func block(_ request: LocalRequest) async throws -> any View {
    guard case .block(let block) = try await ask(request) else { throw RequestFailure.unexpected }
    return BlockAnswer(block: block.description, gateway: block.gateway.description)
  }

  private func ask(_ request: LocalRequest) async throws -> LocalAnswer { try await loop.request(request).get() }

  // MARK: Answers

  private func json(_ view: any View) throws -> HTTPResponse {
    HTTPResponse(statusCode: .ok, headers: [.contentType: "application/json"], body: try view.document())
  }

  private func text(_ body: String) -> HTTPResponse {
    HTTPResponse(statusCode: .ok, headers: [.contentType: "text/plain; version=0.0.4"], body: Data(body.utf8))
  }

  private func refusal(_ failure: RequestFailure) -> HTTPResponse {
    let (code, status): (HTTPStatusCode, ExitStatus) =
      switch failure.kind {
      case .failed: (.conflict, .failed)
      case .unanswered: (.serviceUnavailable, .notConverged)
      case .usage: (.badRequest, .usage)
      case .denied: (.forbidden, .denied)
      case .configuration: (.conflict, .configuration)
      }
    let view = ErrorView(error: failure.message, mend: failure.mend, exitCode: status)
    return HTTPResponse(
      statusCode: code, headers: [.contentType: "application/json"], body: (try? view.document()) ?? Data())
  }
}

extension RequestFailure {
  fileprivate static func noName(_ text: String) -> RequestFailure {
    RequestFailure("`\(text)` is no name", mend: "use 1 to 63 of a-z, 0-9 and hyphen, a letter first", .usage)
  }

  fileprivate static let unexpected = RequestFailure("internal: an unexpected answer", mend: "please report this")
}
