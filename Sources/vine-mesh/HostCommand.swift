import ArgumentParser
import VineAddress
import VineBase
import VineControl
import VineHost

struct HostCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host", abstract: "Hosts of this site: the LNDT.",
    subcommands: [Add.self, Remove.self, List.self, Setup.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts a host of this site into a ViNe.",
      discussion: "The host itself needs the address as an alias and a route for the virtual space to the VR.",
      examples: "vine-mesh host add 172.16.0.12 --vine physics")

    @Argument(help: "The host's virtual address, in a block of this site.")
    var address: IPv4Address
    @Option(help: "Name of the ViNe.", completion: LiveNames.ownVines)
    var vine: String
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let body = HostBody(address: address.description, vine: vine)
      let answer: HostAnswer = try await daemon.client().post("host/add", body)
      try Output.answer(answer, output, "\(answer.address) is in \(answer.vines.joined(separator: ", "))")
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a host out of a ViNe, or of all of them.",
      examples: "vine-mesh host remove 172.16.0.12 --vine physics")

    @Argument(help: "The host's virtual address.", completion: LiveNames.hosts)
    var address: IPv4Address
    @Option(help: "Name of the ViNe; all of them if it is left out.", completion: LiveNames.ownVines)
    var vine: String?
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      guard try destruction.confirm("take \(address) out of \(vine.map { "ViNe \($0)" } ?? "all ViNes")", output) else {
        return
      }
      let body = HostBody(address: address.description, vine: vine)
      let answer: HostAnswer = try await daemon.client().post("host/remove", body)
      let left = answer.vines.isEmpty ? "no ViNe" : answer.vines.joined(separator: ", ")
      try Output.answer(answer, output, "\(answer.address) is in \(left)")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the hosts of this site and their ViNes.", examples: "vine-mesh host list")

    @OptionGroup var query: QueryOptions

    func run() async throws { try await query.show(LNDTView.self) }
  }
}

extension HostCommand {
  struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the commands that a machine needs to be a virtual host: an alias and a route.",
      discussion: """
        They are for the host, and last until it restarts (on Windows the route stays). With `--os dnsmasq`: the line that \
        gives the route to all hosts of the site by DHCP.
        """, examples: "vine-mesh host setup 172.16.0.12 --interface eth0",
      "vine-mesh host setup 172.16.0.12 --os dnsmasq")

    @Argument(help: "The host's virtual address, in a block of this site.", completion: LiveNames.hosts)
    var address: IPv4Address
    @Option(help: "The host's system.")
    var os = HostSetup.System.linux
    @Option(help: "The host's interface to the site's network.")
    var interface: String?
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
      let status = try StatusView.read(try await daemon.client().document(StatusView.name))
      // As the site sees them.
      let blocks = status.ownBlocks.compactMap { own -> (block: Block, gateway: IPv4Address)? in
        guard let block = Block(own.mirror ?? own.block), let gateway = IPv4Address(own.gateway) else { return nil }
        return (block, gateway)
      }
      guard let own = blocks.first(where: { $0.block.contains(address) }) else {
        let known = blocks.map(\.block.description).joined(separator: ", ")
        throw ControlError(
          "\(address) is in no block of site \(status.site)",
          mend: known.isEmpty ? "vine-mesh block request --hosts N" : "choose an address in \(known)")
      }
      let setup = HostSetup(
        address: address, gateway: own.gateway, block: own.block,
        routes: (status.mesh.routes ?? [status.mesh.space]).compactMap(Block.init))
      Output.write(setup.commands(for: os, interface: interface).map { $0 + "\n" }.joined())
    }
  }
}

extension HostSetup.System: ExpressibleByArgument {}

extension IPv4Address: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
