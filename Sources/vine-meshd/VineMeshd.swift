import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import VineControl
import VineHost

/// The daemon: one process a VR.
@main
struct VineMeshd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-meshd", abstract: "The virtual router of one site.",
    discussion: """
      Found a mesh with `vine-mesh init` or join one with `vine-mesh join`, then run

        vine-meshd --mesh <name>
      """, version: SoftwareVersion.current)

  @Option(help: "The mesh whose VR to run, as under /etc/vine-mesh.")
  var mesh: String?

  @Option(help: "Configuration file.")
  var config: String?

  @Option(help: "State folder.")
  var state: String?

  @Option(help: "Unix socket of the local API.")
  var socket: String?

  func run() async throws {
    do {
      let paths = try places()
      let settings = try VineHost.Configuration.load(from: paths.configuration)
      let level = LogLevel(settings.level)
      let logger = Logger(label: "vine-meshd") { _ in LineLogHandler(level: level) }
      let group = ServiceGroup(
        configuration: .init(
          services: [
            .init(
              service: Daemon(paths: paths, configuration: settings, logger: logger, level: level),
              successTerminationBehavior: .gracefullyShutdownGroup)
          ],
          gracefulShutdownSignals: [.sigterm, .sigint],
          logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }))
      try await group.run()
    } catch let error as any ExplainedError {
      FileHandle.standardError.write(Data("vine-meshd: \(error.line)\n".utf8))
      throw ExitCode(error.exitCode)
    }
  }

  private func places() throws -> MeshPaths {
    if let mesh {
      return PathOverrides(configuration: config, state: state, socket: socket).paths(mesh: mesh)
    }
    guard let config, let state, let socket else {
      throw HostError("which mesh?", mend: "give --mesh <name>, or all of --config, --state and --socket", .usage)
    }
    return MeshPaths(configuration: config, state: state, socket: socket)
  }
}
