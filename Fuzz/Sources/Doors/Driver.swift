/// libFuzzer's own main loop; `LLVMFuzzerTestOneInput` of the program is called with each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

public typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Runs libFuzzer with the program's arguments.
public func drive(_ count: CInt, _ arguments: Arguments?, _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt)
  -> CInt
{
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments, test)
}

extension Door {
  /// One input; stops the program if it breaks the door, which libFuzzer reports and keeps.
  public func enter(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    if let complaint = complaint(Array(UnsafeBufferPointer(start: start, count: count))) {
      fatalError("\(name): \(complaint)")
    }
    return 0
  }
}
