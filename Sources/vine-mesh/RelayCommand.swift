import ArgumentParser
import VineBase
import VineControl

struct RelayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relay", abstract: "The queue-VR, and the links that it is chosen by.",
    subcommands: [Show.self, Pin.self, Unpin.self, Probe.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the queue-VR, the candidates and whom it serves.", examples: "vine-mesh relay show --why")

    @Flag(help: "What each peer gets through each candidate, and what decided.")
    var why = false
    @OptionGroup var query: QueryOptions

    func run() async throws { try await query.showRelay(why: why) }
  }

  struct Pin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keeps this VR to one queue-VR, whatever is measured, while that one is there.",
      examples: "vine-mesh relay pin nwu")

    @Argument(help: "The site of a public VR.", completion: LiveNames.sites)
    var site: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let answer: PinAnswer = try await daemon.client().post("relay/pin", PinBody(site: site))
      try Output.answer(answer, output, "the queue-VR is to be \(answer.site ?? site)")
    }
  }

  struct Unpin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets this VR choose its queue-VR by measured links again.", examples: "vine-mesh relay unpin")

    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let answer: PinAnswer = try await daemon.client().post("relay/unpin", PinBody(site: nil))
      try Output.answer(answer, output, "the queue-VR is chosen by measured links")
    }
  }

  struct Probe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measures the link to a site's VR now, both directions.",
      discussion: "Trains of up to 700 kB go there and back; on a slow link that takes some seconds.",
      examples: "vine-mesh relay probe nwu")

    @Argument(help: "The site of the VR.", completion: LiveNames.sites)
    var site: String
    @OptionGroup var daemon: SocketOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let client = try daemon.client(timeout: .seconds(60))
      let begun = ContinuousClock.now
      let answer = try await Output.withProgress(seconds: 8, then: "waiting for the last train") {
        try await client.post("relay/probe", SiteBody(site: site)) as ProbeAnswer
      }
      let link = answer.link
      // What was known before is no answer.
      let isNew = link.measuredSecondsAgo.map { $0 <= begun.duration(to: .now).inSeconds } ?? false
      if isNew || output.json { try Output.answer(answer, output, Self.sentence(link)) }
      guard isNew else {
        throw ControlError(
          "the link to \(link.to) was not measured: \(link.lastError ?? "no train came through")",
          mend: "see `vine-mesh status links`", .notConverged)
      }
    }

    private static func sentence(_ link: LinkLine) -> String {
      let directions = [("to", link.outMbps), ("from", link.inMbps)].compactMap { word, rate in
        rate.map { "\(Measure.decimal($0)) Mbit/s \(word) \(link.to)" }
      }
      let sure = link.confidencePercent.map { ", \($0) % sure" } ?? ""
      return directions.isEmpty
        ? "nothing is known of the link to \(link.to)" : directions.joined(separator: ", ") + sure
    }
  }
}
