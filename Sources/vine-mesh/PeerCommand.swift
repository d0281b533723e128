import ArgumentParser
import VineControl

struct PeerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer", abstract: "The other sites' VRs.", subcommands: [List.self, Revoke.self, Reclaim.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the VRs and how they are reached.", examples: "vine-mesh peer list --watch")

    @OptionGroup var query: QueryOptions

    func run() async throws { try await query.show(PeersView.self) }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a VR's key out of the mesh for good: nobody speaks with it any more.",
      examples: "vine-mesh peer revoke osaka --dry-run")

    @Argument(help: "The site of the VR.", completion: LiveNames.sites)
    var site: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      guard try destruction.confirm("revoke the VR of site \(site), which cannot be undone", output) else { return }
      let answer: SiteAnswer = try await daemon.client().post("peer/revoke", SiteBody(site: site))
      try Output.answer(
        answer, output,
        "the VR of \(answer.site) is revoked\nits blocks stay its own until `vine-mesh peer reclaim \(answer.site)`")
    }
  }

  struct Reclaim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes the blocks of a VR that is gone or revoked; they are kept free for a day.",
      discussion: "A VR that asked the registry for anything lately keeps its blocks, unless it is revoked.",
      examples: "vine-mesh peer reclaim osaka")

    @Argument(help: "The site of the VR.", completion: LiveNames.sites)
    var site: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      guard try destruction.confirm("take the blocks of site \(site), whose hosts can no longer be reached", output)
      else {
        return
      }
      let answer: SiteAnswer = try await daemon.client().post("peer/reclaim", SiteBody(site: site))
      try Output.answer(answer, output, "\(answer.blocksKept) blocks of \(answer.site) are kept free for a day")
    }
  }
}
