import Foundation
import VineBase
import VineControl
import VineDataPlane
import VineRouter

/// The local API: HTTP and JSON on the Unix socket, the only door of `vine-mesh` and of middleware.
///
/// Whoever reaches the socket at `socket` may do everything, whoever reaches the one beside it may look
/// (`APIAccess`), and the dashboard's port shows what its page needs.
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
  let events: EventStore

  /// Serves until cancelled; the socket is removed then.
  /// - Parameter group: whose members may do everything; nil: that of the daemon.
  func run(group: gid_t?) async throws {
    guard socket.utf8.count <= ControlClient.socketPathMax else {
      throw HostError(
        "the socket's path has \(socket.utf8.count) bytes",
        mend: "give --socket a path of at most \(ControlClient.socketPathMax) bytes", .configuration)
    }
    try await APIServer(door: .unix(path: socket, group: group)) { request in
      request.method == "POST" ? await command(request) : await look(request)
    }.run()
  }

  /// The socket of those who only look.
  func runReading(group: gid_t) async throws {
    let door = APIDoor.unix(path: MeshPaths.readingSocket(of: socket), group: group)
    try await APIServer(door: door) { request in
      guard request.method != "POST" else {
        return .refusal(
          403, "permission: this socket is for looking only",
          mend: "run the command as root, or as a member of the group of \(socket)", .permission)
      }
      return await look(request)
    }.run()
  }

  /// What GET answers. HEAD is answered as GET, without the body.
  func look(_ request: APIRequest) async -> APIResponse {
    guard ["GET", "HEAD"].contains(request.method) else {
      return .refusal(405, "there is no \(request.method) here", mend: "views are GET, commands POST")
    }
    if request.path == Self.metricsPath {
      return APIResponse(status: 200, contentType: "text/plain; version=0.0.4", body: Array(await metrics().utf8))
    }
    guard request.path.hasPrefix(Self.prefix) else {
      return .refusal(404, "there is nothing at `\(request.path)`", mend: "views are under \(Self.prefix)")
    }
    let name = String(request.path.dropFirst(Self.prefix.count))
    return await respond {
      name == EventsView.name ? await events.answer(try EventsQuery(request)) : try await view(name)
    }
  }

  private func command(_ request: APIRequest) async -> APIResponse {
    guard request.path.hasPrefix(Self.prefix) else {
      return .refusal(404, "there is nothing at `\(request.path)`", mend: "commands are under \(Self.prefix)")
    }
    return await respond {
      try await command(String(request.path.dropFirst(Self.prefix.count)), Data(request.body))
    }
  }

  static let prefix = "/v1/"
  static let metricsPath = "/metrics"

  private func respond(_ work: () async throws -> any View) async -> APIResponse {
    do {
      return APIResponse(status: 200, body: Array(try await work().document()))
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
    let view = await loop.look { router in Router.views[name]?(router, context) }
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

  private func command(_ name: String, _ body: Data) async throws -> any View {
    switch try LocalCommand(name, body: body, space) {
    case .request(let request): return try await answer(to: request)
    case .check(let check): return try await check.run(on: loop)
    case .authority(let wish):
      do throws(HostError) { return try authority.carryOut(wish) } catch {
        let isDenied = error.exitCode == ExitStatus.denied.rawValue
        throw RequestFailure(error.message, mend: error.mend, isDenied ? .denied : .failed)
      }
    case .reload:
      do throws(HostError) { return try reload.now() } catch {
        throw RequestFailure(error.message, mend: error.mend, .configuration)
      }
    }
  }

  private func answer(to request: LocalRequest) async throws -> any View {
    switch (request, try await loop.request(request).get()) {
    case (.invite(let site, let hosts, _), .invitation(let token, let expires)):
      return InvitationAnswer(
        token: token, site: site.description, hosts: hosts, expiresUnixSeconds: expires.secondsSince1970)
    case (.renameVine(_, let name), .vine(_, let network)), (_, .vine(let name, let network)):
      return VineAnswer(name: name.description, networkId: network.rawValue)
    case (.addHost(let address, _), .host(_, let vines)), (.removeHost(let address, _), .host(_, let vines)):
      return HostAnswer(address: address.description, vines: vines.map(\.description))
    case (_, .site(let title, let kept)): return SiteAnswer(site: title.description, blocksKept: kept)
    case (.pinQueueVR(let site), _): return PinAnswer(site: site?.description)
    case (_, .link(let peer)):
      let context = await context()
      return ProbeAnswer(link: await loop.look { router in router.ownLink(peer, context) })
    case (_, .explained(let explanation)):
      let context = await context()
      return await loop.look { router in router.explainView(explanation, context) }
    case (_, .block(let block)): return BlockAnswer(block: block.description, gateway: block.gateway.description)
    default: throw RequestFailure("internal: an unexpected answer", mend: "please report this")
    }
  }

  // MARK: Answers

  private func refusal(_ failure: RequestFailure) -> APIResponse {
    let (code, status): (Int, ExitStatus) =
      switch failure.kind {
      case .failed: (409, .failed)
      case .unanswered: (503, .notConverged)
      case .usage: (400, .usage)
      case .denied: (403, .denied)
      case .configuration: (409, .configuration)
      }
    return .refusal(code, failure.message, mend: failure.mend, status)
  }
}
