import VineBase

/// State machine safety (Raft paper, figure 3), over the whole run: whoever applied the log up to an index came to the
/// same facts.
public struct SameRegistry: Checker {
  public let claim = "registries that applied the same log are the same"
  private var digests: SortedMap<UInt64, UInt64> = [:]

  public init() {}

  public mutating func check(_ world: World) -> String? {
    for index in world.live {
      let registrar = world.router(index).registrar
      guard registrar.appliedIndex > 0 else { continue }
      let digest = registrar.registry.view.digest
      if let other = digests[registrar.appliedIndex], other != digest {
        return "VR \(index) came to other facts at log index \(registrar.appliedIndex)"
      }
      digests[registrar.appliedIndex] = digest
    }
    return nil
  }
}
