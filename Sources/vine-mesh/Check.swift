import ArgumentParser
import VineBase
import VineControl

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how fast the registry decides, asked from here.",
    discussion: """
      The voters write decisions to their disks that change nothing, as many as they can; a mesh at work feels it.
      """)

  @Option(help: "Decisions that are waited for at a time, at most \(CheckBody.clientsMax).")
  var clients = 1

  @Option(help: "How long, in seconds.")
  var seconds = 5

  @Option(help: "The mesh whose daemon is asked; needed only where this machine is in several.")
  var mesh: String?

  @Option(help: "The daemon's socket, where it is not the mesh's standard one.")
  var socket: String?

  @OptionGroup var output: OutputOptions

  func run() async throws {
    var daemon = DaemonOptions()
    // A question that nobody answers is waited for beyond the end.
    (daemon.mesh, daemon.socket, daemon.timeout) = (mesh, socket, Span(.seconds(Int64(max(0, seconds)) + 30)))
    let client = try daemon.client()
    let progress = Task { [seconds] in
      for second in 0..<max(0, seconds) {
        let done = 20 * second / max(1, seconds)
        Output.progress(
          "[\(String(repeating: "#", count: done))\(String(repeating: ".", count: 20 - done))] \(second) of \(seconds) s"
        )
        try await Task.sleep(for: .seconds(1))
      }
      Output.progress("waiting for the last answers")
    }
    defer {
      progress.cancel()
      Output.progress("")
    }
    let answer: CheckAnswer = try await client.post("check", CheckBody(clients: clients, seconds: seconds))
    progress.cancel()
    Output.progress("")
    try Output.answer(answer, output, sentence(answer))
    guard answer.decisions > 0 else {
      throw ControlError("nobody decided anything", mend: "see `vine-mesh status voters`", .notConverged)
    }
  }

  private func sentence(_ answer: CheckAnswer) -> String {
    var text = "\(answer.decisions) decisions in \(Measure.duration(answer.seconds)), \(Int(answer.perSecond)) a second"
    if let median = answer.medianMilliseconds, let tail = answer.p99Milliseconds {
      text += "; median \(Measure.decimal(median)) ms, 99 % within \(Measure.decimal(tail)) ms"
    }
    return answer.unanswered == 0 ? text : text + "; \(answer.unanswered) without an answer"
  }
}
