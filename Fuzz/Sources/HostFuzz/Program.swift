// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("HostFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// What the shell reads: files and requests.
  static let doors = [configuration, apiBytes, apiRequest, storedState, databaseFile]
}
