// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("DataFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// Frames, packets and streams as the data thread gets them, and what it reads of the kernel.
  static let doors = [inboundFrames, outboundPackets, recordStream, hostQuestions, kernelTexts, linkShape]
}
