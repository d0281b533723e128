import ArgumentParser

@main struct VineBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-bench", abstract: "Measures parts of a VR by themselves.",
    subcommands: [Packets.self, Lookups.self, Idle.self], defaultSubcommand: Packets.self)
}
