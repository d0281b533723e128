import Glibc

/// Bytes of a TCP connection in the order they came, in one piece of memory that never grows.
///
/// Kept contiguous so that records can be read in place: when the end is reached, what is left moves to the front.
struct RecordBuffer: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer
  private var head = 0
  private var tail = 0

  init(capacity: Int) { memory = .allocate(byteCount: capacity, alignment: 64) }

  deinit { memory.deallocate() }

  var count: Int { tail - head }
  var isEmpty: Bool { head == tail }
  var room: Int { memory.count - count }

  /// What is in it, oldest first.
  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[head..<tail]) }

  /// Free memory behind the bytes, at least `room` bytes long.
  mutating func free() -> UnsafeMutableRawBufferPointer {
    if head > 0 {
      if count > 0, let start = memory.baseAddress { memmove(start, start + head, count) }
      (head, tail) = (0, count)
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[tail...])
  }

  /// Adds `count` bytes that were written to `free()`.
  mutating func added(_ count: Int) {
    precondition(tail + count <= memory.count, "more was added than was free")
    tail += count
  }

  /// Takes `count` bytes off the front.
  mutating func removed(_ count: Int) {
    precondition(count <= self.count, "more was removed than was there")
    head += count
    if head == tail { (head, tail) = (0, 0) }
  }

  /// The first record if all of it is there.
  /// - Throws: if its length is none that a VR writes: the stream can't be followed any more.
  func firstRecord() throws(Records.Malformed) -> UnsafeMutableRawBufferPointer? {
    guard count >= Records.lengthByteCount else { return nil }
    let length = Int(UInt16(bigEndian: bytes.loadUnaligned(as: UInt16.self)))
    guard length > 0, length <= Records.byteCountMax else { throw Records.Malformed() }
    guard count >= Records.lengthByteCount + length else { return nil }
    return UnsafeMutableRawBufferPointer(rebasing: bytes[Records.lengthByteCount...].prefix(length))
  }
}

/// Records on a TCP channel: `[length u16][frame]`.
enum Records {
  struct Malformed: Error {}
  static let lengthByteCount = 2
  /// The longest datagram with a relay header in front.
  static let byteCountMax = Limits.datagramMax + 48
}
