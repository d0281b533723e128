import FlyingFox
import FlyingSocks
import Foundation
import VineBase
import VineControl
import VineDataPlane
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
  let events: EventStore

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
      case (.GET, "/v1/events"): return try await json(events.answer(EventsQuery(request)))
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

  private func command(_ name: String, _ request: HTTPRequest) async throws -> any View {
    switch try LocalCommand(name, body: await body(of: request), space) {
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

  /// Not more of it than any command has.
  private func body(of request: HTTPRequest) async throws -> Data {
    var body = Data()
    for try await part in request.bodySequence {
      body += part
      guard body.count <= LocalCommand.bodyByteCountMax else { throw LocalCommand.tooLong }
    }
    return body
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
