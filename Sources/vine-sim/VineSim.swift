import ArgumentParser

@main
struct VineSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-sim", abstract: "Whole meshes of virtual routers on virtual time.",
    discussion: """
      The real routers and the real wire format over a simulated underlay. What happens follows from the seed alone: \
      the same seed gives the same run on any machine.
      """,
    version: "vine-sim 0.1.0",
    subcommands: [Run.self, Sweep.self, Regressions.self, Figures.self, Consensus.self])
}
