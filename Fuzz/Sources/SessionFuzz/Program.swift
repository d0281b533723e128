// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("SessionFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// What strangers send, before anybody knows who they are.
  static let doors = [
    frameHeader, handshake, handshakeGate, sealedFrame, replayWindow, genesis, certificate, invitationToken, credential,
  ]
}
