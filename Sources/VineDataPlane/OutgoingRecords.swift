import Glibc
import VineBase

/// Records on their way into a TCP connection: those the kernel has not taken yet and, for a while, those it has. When
/// the connection dies, the latter may never have arrived: who keeps them can send them again another way.
struct OutgoingRecords: ~Copyable {
  /// Bytes the kernel took that are kept: what is under way on 20 Mbit/s with a round trip of 50 ms.
  static let keptMax = 128 << 10
  /// What is kept moves to the front of the memory once in this many times its size.
  private static let spacing = 4

  private let memory: UnsafeMutableRawBufferPointer
  /// The first record that is kept. Always a record's first byte.
  private var first = 0
  /// The kernel has all bytes before it.
  private var taken = 0
  private var tail = 0
  private let limit: Int

  /// - Parameter limit: of bytes that wait for the kernel.
  init(limit: Int) {
    self.limit = limit
    memory = .allocate(byteCount: limit + Self.spacing * Self.keptMax, alignment: 64)
  }

  deinit { memory.deallocate() }

  /// Bytes that wait for the kernel.
  var count: Int { tail - taken }
  var isEmpty: Bool { taken == tail }

  /// What waits, oldest first.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[taken..<tail]) }

  /// - Returns: false, and changes nothing, if there is no room for a record of `body`.
  mutating func append(record body: UnsafeRawBufferPointer) -> Bool {
    let length = body.count + Records.lengthByteCount
    guard count + length <= limit, body.count <= Records.byteCountMax else { return false }
    if tail + length > memory.count { moveToFront() }
    let place = UnsafeMutableRawBufferPointer(rebasing: memory[tail...])
    place.storeBytes(of: UInt16(body.count).bigEndian, as: UInt16.self)
    UnsafeMutableRawBufferPointer(rebasing: place[Records.lengthByteCount...]).copyMemory(from: body)
    tail += length
    return true
  }

  /// The kernel took the first `count` of `bytes`.
  mutating func took(_ count: Int) {
    precondition(count <= self.count, "the kernel took more than was there")
    taken += count
  }

  /// Whole records that the other side has not, or of which this side can't know, oldest first.
  /// - Parameter unacknowledged: bytes that the kernel took and the other side's kernel has not acknowledged.
  /// - Returns: bytes among them that were taken too long ago to be kept.
  func forEachLost(unacknowledged: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> Int {
    let safe = taken - max(0, unacknowledged)
    var position = first
    while position < tail {
      let end = position + length(at: position)
      if end > safe {
        body(UnsafeRawBufferPointer(rebasing: memory[(position + Records.lengthByteCount)..<end]))
      }
      position = end
    }
    return max(0, first - safe)
  }

  private func length(at position: Int) -> Int {
    let field = UnsafeRawBufferPointer(rebasing: memory[position...]).loadUnaligned(as: UInt16.self)
    return Records.lengthByteCount + Int(UInt16(bigEndian: field))
  }

  /// Forgets what the kernel took long ago and makes room behind the rest.
  private mutating func moveToFront() {
    while first < taken {
      let next = first + length(at: first)
      // A record that the kernel took in part stays whole.
      guard next <= taken, taken - first > Self.keptMax else { break }
      first = next
    }
    if let start = memory.baseAddress { memmove(start, start + first, tail - first) }
    (taken, tail, first) = (taken - first, tail - first, 0)
  }
}
