import Glibc

/// libFuzzer's own main loop; `test` is called with each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

public typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Set once, before libFuzzer begins, and read by its one thread.
// tidy allows unchecked: libFuzzer has one thread
nonisolated(unsafe) private var entered: Door?

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard let entered else { fatalError("no door was chosen") }
  if let complaint = entered.complaint(Array(UnsafeBufferPointer(start: start, count: count))) {
    fatalError("\(entered.name): \(complaint)")
  }
  return 0
}

/// Runs libFuzzer on the door whose name the program was called by, so that libFuzzer finds it again when it calls
/// itself to minimise an input. Called `--doors`, the program names its doors.
func drive(_ count: CInt, _ arguments: Arguments?, _ doors: [Door]) -> CInt {
  var (count, arguments) = (count, arguments)
  let words = (0..<Int(count)).compactMap { index in arguments?[index].map { String(cString: $0) } }
  if words.contains("--doors") {
    for door in doors { puts(door.name) }
    return 0
  }
  let name = words.first?.split(separator: "/").last.map(String.init)
  guard let door = doors.first(where: { $0.name == name }) else {
    puts("call this by the name of a door: \(doors.map(\.name).joined(separator: ", "))")
    return 2
  }
  entered = door
  return runDriver(&count, &arguments, fuzz)
}
