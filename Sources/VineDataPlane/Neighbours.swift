/// Hardware addresses of hosts, for a second. One place for each host; two that share it take turns.
struct Neighbours: ~Copyable {
  private static let count = 1024

  private struct Entry {
    var host: UInt32 = 0
    var round: UInt32 = 0
    var hardware: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
  }

  private let entries: UnsafeMutablePointer<Entry>
  private var round: UInt32 = 1

  init() {
    entries = .allocate(capacity: Self.count)
    entries.initialize(repeating: Entry(), count: Self.count)
  }

  deinit { entries.deallocate() }

  /// Forgets all.
  mutating func age() { round &+= 1 }

  mutating func add(_ host: UInt32, _ hardware: UnsafePointer<UInt8>) {
    entries[place(of: host)] = Entry(
      host: host, round: round,
      hardware: (hardware[0], hardware[1], hardware[2], hardware[3], hardware[4], hardware[5]))
  }

  /// - Parameter hardware: gets 6 bytes.
  @inline(__always)
  func find(_ host: UInt32, into hardware: UnsafeMutablePointer<UInt8>) -> Bool {
    let entry = entries + place(of: host)
    guard entry.pointee.host == host, entry.pointee.round == round else { return false }
    withUnsafeBytes(of: &entry.pointee.hardware) { bytes in
      if let start = bytes.baseAddress { UnsafeMutableRawPointer(hardware).copyMemory(from: start, byteCount: 6) }
    }
    return true
  }

  /// - Parameter host: in network byte order, so that the last byte of the address decides most.
  private func place(of host: UInt32) -> Int {
    let address = UInt32(bigEndian: host)
    return Int((address ^ address >> 10) & UInt32(Self.count - 1))
  }
}
