/// Why bytes could not be read. The bytes came from outside: this is an answer, never a trap.
public enum ByteError: Error, Hashable, Sendable {
  case truncated(needed: Int, left: Int)
  case trailing(Int)
}

/// Reads big-endian fields from front to back; every read is checked.
public struct ByteReader: Sendable {
  private let bytes: [UInt8]
  private var position: Int

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
  }

  public var left: Int { bytes.count - position }

  public mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(ByteError) -> Value {
    let width = Value.bitWidth / 8
    guard left >= width else { throw .truncated(needed: width, left: left) }
    var value: Value = 0
    for _ in 0..<width {
      value = (width == 1 ? 0 : value << 8) | Value(truncatingIfNeeded: bytes[position])
      position += 1
    }
    return value
  }

  public mutating func bytes(_ count: Int) throws(ByteError) -> [UInt8] {
    guard count >= 0, left >= count else { throw .truncated(needed: count, left: left) }
    defer { position += count }
    return Array(bytes[position..<(position + count)])
  }

  /// Everything that is left.
  public mutating func rest() -> [UInt8] {
    defer { position = bytes.count }
    return Array(bytes[position...])
  }

  /// - Throws: `.trailing` if anything is left.
  public func finish() throws(ByteError) {
    guard left == 0 else { throw .trailing(left) }
  }
}

/// Writes what `ByteReader` reads.
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  public mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  public mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
}
