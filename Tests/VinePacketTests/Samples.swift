import VineBase
import VinePacket

/// Packets for tests, built by plain code that shares nothing with the functions under test.
enum Sample {
  static let host: UInt32 = 0xAC10_000A
  static let peer: UInt32 = 0xAC10_010B

  static func packet(
    transport: UInt8 = 17, payload: [UInt8], options: [UInt8] = [], flags: UInt16 = 0, offset: Int = 0,
    timeToLive: UInt8 = 64, source: UInt32 = host, destination: UInt32 = peer
  ) -> [UInt8] {
    let total = 20 + options.count + payload.count
    var writer = ByteWriter()
    writer.integer(UInt8(0x40 + 5 + options.count / 4))
    writer.integer(UInt8(0))
    writer.integer(UInt16(total))
    writer.integer(UInt16(0x1234))
    writer.integer(flags | UInt16(offset / 8))
    writer.integer(timeToLive)
    writer.integer(transport)
    writer.integer(UInt16(0))
    writer.integer(source)
    writer.integer(destination)
    writer.append(options)
    var bytes = writer.bytes
    let checksum = slowChecksum(bytes)
    bytes[10] = UInt8(checksum >> 8)
    bytes[11] = UInt8(checksum & 255)
    return bytes + payload
  }

  /// A TCP segment with a right checksum.
  static func segment(flags: UInt8, options: [UInt8], data: [UInt8] = []) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(UInt16(40000))
    writer.integer(UInt16(80))
    writer.integer(UInt32(77))
    writer.integer(UInt32(0))
    writer.integer(UInt8((5 + options.count / 4) << 4))
    writer.integer(flags)
    writer.integer(UInt16(65000))
    writer.integer(UInt32(0))
    writer.append(options + data)
    var bytes = writer.bytes
    let checksum = slowChecksum(pseudoHeader(count: bytes.count) + bytes)
    bytes[16] = UInt8(checksum >> 8)
    bytes[17] = UInt8(checksum & 255)
    return bytes
  }

  static func pseudoHeader(count: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(host)
    writer.integer(peer)
    writer.integer(UInt16(6))
    writer.integer(UInt16(count))
    return writer.bytes
  }

  /// RFC 1071 word by word.
  static func slowChecksum(_ bytes: [UInt8]) -> UInt16 {
    var sum = 0
    for (position, byte) in bytes.enumerated() { sum += position % 2 == 0 ? Int(byte) << 8 : Int(byte) }
    while sum > 0xFFFF { sum = sum >> 16 + sum & 0xFFFF }
    return ~UInt16(sum)
  }

  static func bytes(_ count: Int, _ random: inout RandomSource) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

extension [UInt8] {
  func view<Result>(_ body: (IPv4View) throws -> Result) rethrows -> Result? {
    try withUnsafeBytes { bytes in try IPv4View(bytes).map(body) }
  }
}
