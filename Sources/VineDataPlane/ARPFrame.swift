import VineBase

/// An Ethernet frame that asks or tells who has an IPv4 address (RFC 826).
enum ARPFrame {
  enum Operation: UInt8 { case request = 1, reply }

  static let byteCount = 42
  static let everybody = [UInt8](repeating: 0xFF, count: 6)

  /// To everybody on the network.
  /// - Parameters:
  ///   - hardware: of who sends it, 6 bytes.
  ///   - address: that the sender says is its own.
  ///   - targetHardware: 6 bytes; what is asked for, or everybody.
  static func bytes(
    _ operation: Operation, from hardware: [UInt8], _ address: IPv4Address, to targetHardware: [UInt8],
    _ target: IPv4Address
  ) -> [UInt8] {
    // Ethernet and IPv4, addresses of 6 and 4 bytes.
    everybody + hardware + [8, 6, 0, 1, 8, 0, 6, 4, 0, operation.rawValue] + hardware + address.bytes + targetHardware
      + target.bytes
  }
}

extension IPv4Address {
  /// In network byte order.
  var bytes: [UInt8] { withUnsafeBytes(of: rawValue.bigEndian) { Array($0) } }
}
