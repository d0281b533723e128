import ArgumentParser
import VineControl
import VineHost

struct Recover: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Begins the registry anew at this VR when the majority of the voters is lost for good.",
    discussion: """
      Stop this VR's daemon first, and make sure that the other voters never come back as they were: what they \
      decided since this VR heard of them last does not stand. Owners keep their blocks. What looks free is kept \
      free for a while, as the lost voters may have given it to somebody. Run it at one VR only, with --dry-run first.
      """, examples: "vine-mesh recover --mesh demo --dry-run")

  @Option(help: "Name of the mesh.")
  var mesh: String

  @Option(help: "How long free addresses are kept free; 0 if the lost voters certainly gave none away.")
  var quarantine = Span(.seconds(86_400))

  @OptionGroup var places: PlaceOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var destruction: DestructiveOptions

  func run() throws {
    let paths = places.overrides.paths(mesh: try MeshName.checked(mesh))
    let plan = try MeshRecovery.plan(state: paths.state, quarantine: quarantine.duration)
    let result = plan.result
    let lost = result.lostVoters.isEmpty ? "nobody" : result.lostVoters.joined(separator: ", ")
    let what = "begin epoch \(result.epoch) with site \(result.site) as the only voter, without \(lost)"
    guard try destruction.confirm(what, output) else {
      if output.json { try Output.answer(result, output, "") }
      return
    }
    try MeshRecovery.carryOut(plan)
    let kept = result.quarantined.isEmpty ? "nothing" : "\(result.quarantined.count) free blocks"
    try Output.answer(
      result, output,
      """
      epoch \(result.epoch) begins: site \(result.site) votes alone until others are fit to
      \(result.decisionsKept) decisions were known by hearsay and stand, \(result.decisionsDropped) are given up
      kept free for \(quarantine): \(kept)
      next: start vine-meshd here, then at the other sites
      """)
  }
}
