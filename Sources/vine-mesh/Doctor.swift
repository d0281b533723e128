import ArgumentParser
import VineControl

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Examines this VR, its machine and its site's network, and names what mends each problem.",
    discussion: """
      The hosts are asked by ARP for their alias, and by an echo request from a virtual address for their route; they need no \
      software for it. It takes a second or two. Exits with 1 if something does not work.
      """, examples: "vine-mesh doctor")

  @OptionGroup var daemon: SocketOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let client = try daemon.client(timeout: .seconds(30))
    let view = try await Output.withProgress(seconds: 2, then: "waiting for the hosts") {
      try await client.view(DoctorView.self)
    }
    try Output.answer(view, output)
    if !view.isHealthy { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
