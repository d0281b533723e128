import ArgumentParser

@main struct VineBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-bench", abstract: "Measures parts of a VR by themselves, and plays one that lies.",
    subcommands: [Packets.self, Lookups.self, Idle.self, Forge.self], defaultSubcommand: Packets.self)
}
