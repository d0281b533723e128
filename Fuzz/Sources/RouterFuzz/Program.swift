// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("RouterFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// Whole control planes.
  static let doors = [routerPlay, peerMessage]
}
