/// The three places of one VR on a machine.
public struct MeshPaths: Hashable, Sendable {
  /// The configuration file.
  public var configuration: String
  /// The state folder, mode 0700.
  public var state: String
  /// The local API's Unix socket.
  public var socket: String

  public init(configuration: String, state: String, socket: String) {
    self.configuration = configuration
    self.state = state
    self.socket = socket
  }

  /// The socket for those who only look, beside the one for those who may do everything.
  public static func readingSocket(of socket: String) -> String {
    let suffix = ".sock"
    return (socket.hasSuffix(suffix) ? String(socket.dropLast(suffix.count)) : socket) + ".read" + suffix
  }

  /// The folder that holds one folder a mesh.
  public static let configurationRoot = "/etc/vine-mesh"

  /// The places of the mesh named `mesh` if no flag moves them.
  public static func standard(mesh: String) -> MeshPaths {
    MeshPaths(
      configuration: "\(configurationRoot)/\(mesh)/config.yaml", state: "/var/lib/vine-mesh/\(mesh)",
      socket: "/run/vine-mesh/\(mesh).sock")
  }
}

/// What the flags `--config`, `--state` and `--socket` move; nil stays where it is by default.
public struct PathOverrides: Hashable, Sendable {
  public var configuration: String?
  public var state: String?
  public var socket: String?

  public init(configuration: String? = nil, state: String? = nil, socket: String? = nil) {
    self.configuration = configuration
    self.state = state
    self.socket = socket
  }

  /// The places of the mesh named `mesh`, as moved.
  public func paths(mesh: String) -> MeshPaths {
    let standard = MeshPaths.standard(mesh: mesh)
    return MeshPaths(
      configuration: configuration ?? standard.configuration, state: state ?? standard.state,
      socket: socket ?? standard.socket)
  }
}
