import ArgumentParser
import VineControl

struct ReloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Lets the daemon read its configuration again.",
    discussion: """
      The policy, the log level and declared endpoints change at once, without touching other traffic. What needs a restart is \
      named. A file with an error changes nothing.
      """, examples: "vine-mesh reload")

  @OptionGroup var daemon: DaemonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let answer: ReloadAnswer = try await daemon.client().post("reload", ReloadBody())
    var lines = [answer.changed.isEmpty ? "nothing changed" : "changed: \(answer.changed.joined(separator: ", "))"]
    if !answer.needRestart.isEmpty {
      lines.append("needs a restart of vine-meshd: \(answer.needRestart.joined(separator: ", "))")
    }
    try Output.answer(answer, output, lines.joined(separator: "\n"))
  }
}
