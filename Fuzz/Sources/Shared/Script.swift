/// Reads a fuzz input as the choices of a test: what is missing reads as zero, so that every input means something.
struct Script {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isEmpty: Bool { position >= bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  mutating func long() -> UInt32 { UInt32(word()) << 16 | UInt32(word()) }

  mutating func quad() -> UInt64 { UInt64(long()) << 32 | UInt64(long()) }

  /// Below `count`, which is more than 0.
  mutating func choice(_ count: Int) -> Int { Int(byte()) % count }

  /// At most `count`.
  mutating func bytes(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, position + count)
    defer { position = end }
    return position < end ? Array(bytes[position..<end]) : []
  }

  /// As many bytes as the next two say.
  mutating func chunk() -> [UInt8] { bytes(Int(word())) }

  mutating func rest() -> [UInt8] { bytes(bytes.count) }

  /// One change of a kind that bytes suffer on their way: a byte, the end, a piece in the middle.
  mutating func damaged(_ whole: [UInt8]) -> [UInt8] {
    guard !whole.isEmpty else { return [byte()] }
    var result = whole
    let (kind, place) = (choice(4), Int(word()) % whole.count)
    switch kind {
    case 0: result[place] ^= max(1, byte())
    case 1: result[place] = byte()
    case 2: result.removeSubrange(place...)
    default: result.insert(contentsOf: bytes(choice(16)), at: place)
    }
    return result
  }
}
