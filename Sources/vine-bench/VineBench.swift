import ArgumentParser

@main struct VineBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-bench", abstract: "Measures parts of a VR by themselves, and plays VRs that lie or are newer.",
    subcommands: [Packets.self, Lookups.self, Idle.self, Forge.self, Newer.self], defaultSubcommand: Packets.self)
}
