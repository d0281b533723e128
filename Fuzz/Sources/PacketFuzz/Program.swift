// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("PacketFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// What hosts send.
  static let doors = [packet, tcpSegmentation, udpSegmentation, superPacket, mirror]
}
