import ArgumentParser
import VineAddress
import VineBase
import VineControl

struct VineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine", abstract: "ViNes: the virtual networks that share the mesh.",
    subcommands: [
      Create.self, List.self, Show.self, Rename.self, Delete.self, Join.self, Leave.self,
    ])
}

/// Hosts that are in a ViNe from its first moment at this site on.
struct FirstHosts: ParsableArguments {
  @Option(
    name: .customLong("host"), parsing: .singleValue,
    help: "Puts this host of the site into it, as `vine-mesh host add` does; may be repeated.")
  var addresses: [IPv4Address] = []
}

/// Carries out a command on one ViNe.
private func act(
  _ verb: String, on name: String, with hosts: FirstHosts? = nil, _ daemon: DaemonOptions, _ output: OutputOptions,
  _ done: (VineAnswer) -> String
) async throws {
  let client = try daemon.client()
  let answer: VineAnswer = try await client.post("vine/\(verb)", VineBody(name: name))
  let added = hosts?.addresses.map(\.description) ?? []
  for address in added {
    let _: HostAnswer = try await client.post("host/add", HostBody(address: address, vine: answer.name))
  }
  try Output.answer(
    answer, output, ([done(answer)] + added.map { "\($0) is in \(answer.name)" }).joined(separator: "\n"))
}

extension VineCommand {
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Creates a ViNe; this site takes part in it.",
      examples: "vine-mesh vine create physics --host 172.16.0.11")

    @Argument(help: "Name of the ViNe: 1 to 63 of a-z, 0-9 and -, a letter first.")
    var name: String
    @OptionGroup var hosts: FirstHosts
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await act("create", on: name, with: hosts, daemon, output) {
        "ViNe \($0.name) is created with id \($0.networkId)"
      }
    }
  }

  struct Join: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes this site take part in a ViNe.", examples: "vine-mesh vine join physics --host 172.16.1.11")

    @Argument(help: "Name of the ViNe.", completion: LiveNames.vines)
    var name: String
    @OptionGroup var hosts: FirstHosts
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await act("join", on: name, with: hosts, daemon, output) { "this site takes part in ViNe \($0.name)" }
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives a ViNe that this site takes part in another name.",
      examples: "vine-mesh vine rename physics particles")

    @Argument(help: "Name of the ViNe.", completion: LiveNames.vines)
    var name: String
    @Argument(help: "Its new name.")
    var newName: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let answer: VineAnswer = try await daemon.client().post(
        "vine/rename", VineRenameBody(name: name, newName: newName))
      try Output.answer(answer, output, "ViNe \(name) is called \(answer.name) from now on")
    }
  }

  struct Leave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ends this site's part in a ViNe.", examples: "vine-mesh vine leave physics --dry-run")

    @Argument(help: "Name of the ViNe.", completion: LiveNames.vines)
    var name: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      let vine = try await VineCommand.line(of: name, daemon)
      guard try destruction.confirm("leave ViNe \(vine.name) with \(vine.localHosts.count) own hosts in it", output)
      else {
        return
      }
      try await act("leave", on: name, daemon, output) { "this site takes no part in ViNe \($0.name) any more" }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes a ViNe for all sites.", examples: "vine-mesh vine delete physics --dry-run")

    @Argument(help: "Name of the ViNe.", completion: LiveNames.vines)
    var name: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      let vine = try await VineCommand.line(of: name, daemon)
      let sites = vine.participants.isEmpty ? "no site" : vine.participants.joined(separator: ", ")
      let verb = vine.participants.count > 1 ? "take" : "takes"
      guard try destruction.confirm("delete ViNe \(vine.name), in which \(sites) \(verb) part", output) else { return }
      try await act("delete", on: name, daemon, output) { "ViNe \($0.name) is deleted" }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists all ViNes of the mesh.", examples: "vine-mesh vine list --watch")

    @OptionGroup var query: QueryOptions

    func run() async throws { try await query.show(VinesView.self) }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one ViNe.", examples: "vine-mesh vine show physics")

    @Argument(help: "Name of the ViNe.", completion: LiveNames.vines)
    var name: String
    @OptionGroup var query: QueryOptions

    func run() async throws {
      try await query.show(VinesView.self) { all in
        guard let found = all.detail(of: name.lowercased()) else { throw VineCommand.unknown(name) }
        return found
      }
    }
  }

  fileprivate static func line(of name: String, _ daemon: DaemonOptions) async throws -> VineLine {
    let all = try await daemon.client().view(VinesView.self)
    guard let line = all.detail(of: name.lowercased())?.vines.first else { throw unknown(name) }
    return line
  }

  fileprivate static func unknown(_ name: String) -> ControlError {
    ControlError("the mesh has no ViNe \(name)", mend: "see `vine-mesh vine list`, or create it")
  }
}
