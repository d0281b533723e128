import Doors

// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("Packet_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, fuzz) }
