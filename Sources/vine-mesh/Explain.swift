import ArgumentParser
import VineControl

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells what would become of a packet, and why, at both ends.",
    discussion: """
      To be run at the site of the source: its VR decides as it would for a packet, and asks the VR of the destination \
      what it would do. Nothing is sent to a host. Exits with 5 if the packet would be dropped, with 4 if the other \
      end did not answer.
      """, examples: "vine-mesh explain 172.16.0.11 172.16.1.11")

  @Argument(help: "Virtual address of a host of this site.")
  var source: String
  @Argument(help: "Virtual address that it writes to.")
  var destination: String
  @OptionGroup var daemon: DaemonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let view: ExplainView = try await daemon.client().post(
      "explain", ExplainBody(source: source, destination: destination))
    try Output.answer(view, output)
    switch view.verdict {
    case .delivered: break
    case .dropped: throw ExitCode(ExitStatus.denied.rawValue)
    case .unknown: throw ExitCode(ExitStatus.notConverged.rawValue)
    }
  }
}
