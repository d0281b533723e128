import VineBase
import VineControl
import VineDashboard

/// The dashboard: a page for a browser on this machine, and the views that it shows. Looking only.
///
/// A browser lets any page send requests to this machine. So that none reads the answers, a request has to name this
/// machine as its host: a foreign name that resolves to 127.0.0.1 (DNS rebinding) is refused. Nothing here changes
/// anything, so a request whose answer nobody reads does no harm.
struct Dashboard: Sendable {
  let api: LocalAPI
  let door: Endpoint

  static let expectation = "a loopback address and port, as 127.0.0.1:8247: the dashboard is for this machine alone"

  /// - Returns: nil for what is not on this machine alone, and without a port.
  static func door(_ text: String) -> Endpoint? {
    guard text.contains(":"), let endpoint = Endpoint(text), endpoint.address.rawValue >> 24 == 127 else { return nil }
    return endpoint
  }

  /// Serves until cancelled.
  func run() async throws {
    try await APIServer(door: .loopback(door)) { request in
      await Self.answer(request, door) { await api.look($0) }
    }.run()
  }

  /// - Parameter look: what answers for the views.
  static func answer(_ request: APIRequest, _ door: Endpoint, look: (APIRequest) async -> APIResponse) async
    -> APIResponse
  {
    guard let host = request.host, isLoopback(host, port: door.port) else {
      return .refusal(421, "this dashboard is for this machine alone", mend: "open http://\(door)/", .permission)
    }
    guard ["GET", "HEAD"].contains(request.method) else {
      return .refusal(405, "the dashboard is for looking only", mend: "use vine-mesh, or the local API's socket")
    }
    if let file = DashboardPage.files[request.path] {
      return APIResponse(status: 200, contentType: file.contentType, headers: headers, body: file.bytes)
    }
    // Asking hosts is more than looking.
    guard request.path.hasPrefix(LocalAPI.prefix), request.path != "\(LocalAPI.prefix)\(DoctorView.name)" else {
      return .refusal(404, "the dashboard has no `\(request.path)`", mend: "open http://\(door)/")
    }
    return await look(request)
  }

  /// Nothing from elsewhere, nothing inline, in no other page's frame.
  static let headers = [
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin", "X-Frame-Options: DENY",
  ]

  /// - Parameter host: a Host header.
  static func isLoopback(_ host: String, port: UInt16) -> Bool {
    let parts = host.lowercased().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts[1] == String(port) || port == 80, let name = parts.first else {
      return port == 80 && parts.count == 1 && isLoopback(parts[0])
    }
    return isLoopback(name)
  }

  private static func isLoopback(_ name: String) -> Bool {
    name == "localhost" || IPv4Address(name).map { $0.rawValue >> 24 == 127 } == true
  }
}
