// SwiftPM links an executable with the entry point <target>_main.
@_cdecl("CanaryFuzz_main")
public func main(_ count: CInt, _ arguments: Arguments?) -> CInt { drive(count, arguments, Door.doors) }

extension Door {
  /// Doors that are wrong on purpose: a run in which they pass does not notice what it is made to notice.
  static let doors = [canaryTrap, canaryMemory, canaryClaim]

  /// Traps behind four bytes that only who is guided by coverage finds.
  static let canaryTrap = Door(name: "CanaryTrap") { bytes in
    guard bytes.count >= 4 else { return nil }
    guard bytes[0] == UInt8(ascii: "v") else { return nil }
    guard bytes[1] == UInt8(ascii: "i") else { return nil }
    guard bytes[2] == UInt8(ascii: "n") else { return nil }
    precondition(bytes[3] != UInt8(ascii: "e"), "the planted trap")
    return nil
  }

  /// Reads behind the end of memory: only AddressSanitizer sees that.
  static let canaryMemory = Door(name: "CanaryMemory") { bytes in
    guard bytes.count > 2, bytes[0] == 0x56 else { return nil }
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
    defer { copy.deallocate() }
    copy.update(from: bytes, count: bytes.count)
    return copy[bytes.count + Int(bytes[1] & 7)] == 7 && bytes.count > 1 << 20 ? "nobody gets here" : nil
  }

  /// Breaks its claim and traps nowhere.
  static let canaryClaim = Door(name: "CanaryClaim") { bytes in
    complaint(bytes, { $0.count > 3 ? Array($0.reversed()) : $0 }, { $0 })
  }
}
