import ArgumentParser
import VineControl

struct BlockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "block", abstract: "Blocks of virtual addresses that the registry gives to sites.",
    subcommands: [List.self, Request.self, Release.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists all blocks and their owners.", examples: "vine-mesh block list")

    @OptionGroup var query: QueryOptions

    func run() async throws { try await query.show(BlocksView.self) }
  }

  struct Request: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Asks the registry for one more block for this site.", examples: "vine-mesh block request --hosts 200")

    @Option(help: "Hosts that the block has to hold.")
    var hosts: HostCount
    @Option(
      help: "The one ViNe that it shall count in: others may have the same addresses in ViNes it never meets.",
      completion: LiveNames.vines)
    var vine: String?
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let answer: BlockAnswer = try await daemon.client().post(
        "block/request", BlockRequestBody(hosts: hosts.count, vine: vine))
      try Output.answer(answer, output, "this site has block \(answer.block), gateway \(answer.gateway)")
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives a block of this site back to the registry.",
      examples: "vine-mesh block release 172.16.4.0/24 --dry-run")

    @Argument(help: "The block, exactly as `vine-mesh block list` shows it.", completion: LiveNames.ownBlocks)
    var block: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      guard try destruction.confirm("give back block \(block), whose hosts can no longer be reached", output) else {
        return
      }
      let answer: BlockAnswer = try await daemon.client().post("block/release", BlockReleaseBody(block: block))
      try Output.answer(answer, output, "block \(answer.block) is given back")
    }
  }
}
