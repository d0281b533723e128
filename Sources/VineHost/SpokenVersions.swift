import VineBase

extension WireVersions {
  /// What this daemon speaks. For the test of upgrades (`Chaos/demo.py --only rolling`) a debug build plays a VR of another
  /// version: `VINE_WIRE_VERSIONS=1-2`, and it says that it speaks these. A release build does not know the variable.
  static func spoken(_ environment: [String: String]) -> WireVersions {
    #if DEBUG
      guard let text = environment["VINE_WIRE_VERSIONS"] else { return .own }
      let parts = text.split(separator: "-").map { UInt32($0) ?? 0 }
      guard let oldest = parts.first, let newest = parts.last, parts.count <= 2,
        let spoken = WireVersions(oldest: oldest, newest: newest)
      else { return .own }
      return spoken
    #else
      return .own
    #endif
  }
}
