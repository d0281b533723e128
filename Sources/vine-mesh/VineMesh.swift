import ArgumentParser
import Foundation
import VineControl

@main
struct VineMesh: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-mesh", abstract: "Founds, joins and looks after a mesh of virtual routers.",
    discussion: """
      A new mesh: `vine-mesh init` on its first VR. A new site: `vine-mesh invite` on any VR, and \
      `vine-mesh join` with the token it prints on the new one. Everything else asks the running vine-meshd.
      """,
    version: "vine-mesh \(SoftwareVersion.current)",
    subcommands: [
      Init.self, Invite.self, Join.self, Status.self, Explain.self, DoctorCommand.self, Events.self, Wait.self,
      VineCommand.self, HostCommand.self, BlockCommand.self, PeerCommand.self, RelayCommand.self, AuthorityCommand.self,
      ReloadCommand.self, Check.self,
      Recover.self,
      Version.self,
    ])

  /// Errors are one line on standard error, `vine-mesh: <what>: <mend>`, with an exit code of `ExitStatus`.
  static func main() async {
    do {
      var command = try await asyncParseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as any ExplainedError {
      fail(error.line, error.exitCode)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      guard exitCode(for: error) != .success else { exit(withError: error) }
      let refusal = ControlError(message(for: error), mend: "see `vine-mesh help`", .usage)
      let isUsage = exitCode(for: error) == .validationFailure
      fail(refusal.line, isUsage ? refusal.exitCode : ExitStatus.failed.rawValue)
    }
  }

  private static func fail(_ line: String, _ code: Int32) -> Never {
    FileHandle.standardError.write(Data("vine-mesh: \(line)\n".utf8))
    Foundation.exit(code)
  }
}

struct Version: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the version of this program.", examples: "vine-mesh version")

  func run() { Output.write("vine-mesh \(SoftwareVersion.current)\n") }
}
