import ArgumentParser
import VineBase
import VineControl

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how fast the registry decides, asked from here.",
    discussion: """
      The voters write decisions to their disks that change nothing, as many as they can; a mesh at work feels it.
      """, examples: "vine-mesh check --clients 8 --seconds 10")

  @Option(help: "Decisions that are waited for at a time, at most \(CheckBody.clientsMax).")
  var clients = 1

  @Option(help: "How long, in seconds.")
  var seconds = 5

  @OptionGroup var daemon: SocketOptions

  @OptionGroup var output: OutputOptions

  func run() async throws {
    // A question that nobody answers is waited for beyond the end. What is out of bounds, the daemon refuses.
    let limit = min(max(seconds, 0), CheckBody.secondsMax)
    let client = try daemon.client(timeout: .seconds(Int64(limit) + 30))
    let answer = try await Output.withProgress(seconds: limit, then: "waiting for the last answers") {
      try await client.post("check", CheckBody(clients: clients, seconds: seconds)) as CheckAnswer
    }
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
