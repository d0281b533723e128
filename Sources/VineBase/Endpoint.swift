/// An IPv4 address; order is numeric.
@frozen
public struct IPv4Address: Hashable, Comparable, Sendable, RawRepresentable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension IPv4Address: LosslessStringConvertible {
  /// Four decimal parts without signs, spaces or leading zeros (those mean octal to some readers).
  public init?(_ description: String) {
    let parts = description.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part == "0" || part.first != "0", let byte = UInt8(part)
      else { return nil }
      value = value << 8 | UInt32(byte)
    }
    rawValue = value
  }

  public var description: String {
    [24, 16, 8, 0].map { String(rawValue >> $0 & 255) }.joined(separator: ".")
  }
}

/// Where a VR can be reached on the underlay: an IPv4 address and a port, UDP and TCP alike.
public struct Endpoint: Hashable, Comparable, Sendable {
  public let address: IPv4Address
  public let port: UInt16

  /// The paper's port ACIS (section 5, answer 5), for UDP and TCP.
  public static let defaultPort: UInt16 = 2247

  public init(address: IPv4Address, port: UInt16 = Self.defaultPort) {
    self.address = address
    self.port = port
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.address, left.port) < (right.address, right.port)
  }
}

extension Endpoint: LosslessStringConvertible {
  /// `198.18.0.1:2247`, or `198.18.0.1` with the default port.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let address = IPv4Address(String(parts[0])) else { return nil }
    guard parts.count == 2 else {
      self.init(address: address)
      return
    }
    guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(parts[1]), port > 0 else {
      return nil
    }
    self.init(address: address, port: port)
  }

  public var description: String { "\(address):\(port)" }
}

/// A TCP channel of this process, numbered by whoever opened or accepted it; never reused.
public struct ChannelID: Hashable, Comparable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// How a frame reaches a VR, or how it came: every protocol rides on frames and none knows the difference.
public enum Carrier: Hashable, Sendable {
  /// A UDP datagram to, or from, this endpoint.
  case datagram(Endpoint)
  /// A record on an open TCP channel (paper 3.4).
  case channel(ChannelID)
  /// Through the queue-VR `by`, which holds a channel to the VR tagged `peer`.
  case relayed(by: NodeID, peer: NodeTag)
}
