// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("WireFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// What VRs tell one another, and what a VR wrote for itself.
  static let doors =
    all + [
      grantRecord, reserveRecord, snapshotRecord, hardStateRecord, registrySnapshot, grantChain, registryPlay, texts,
    ]
}
