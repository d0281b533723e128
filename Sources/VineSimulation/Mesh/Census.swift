/// Control messages sent, by kind: first those of gossip by their number in gossip.proto, then all others.
public struct Census: Sendable {
  public struct Tally: Sendable {
    public var messages = 0
    public var bytes = 0
  }

  static let names = [
    "other", "ping", "ack", "ping request", "nack", "rumours", "push", "announce", "pull", "compare", "differences",
  ]

  public init() {}

  private var tallies = Array(repeating: Tally(), count: Self.names.count)

  public var named: [(String, Tally)] { Array(zip(Self.names, tallies)) }

  /// The kind stands in the tag of the one field inside the one field (control.proto, gossip.proto).
  mutating func count(_ bytes: [UInt8]) {
    var kind = 0
    if bytes.count > 3, bytes[0] == 0x0A {
      let inner = bytes[1] < 0x80 ? 2 : 3
      kind = Int(bytes[inner] >> 3)
    }
    if kind >= tallies.count { kind = 0 }
    tallies[kind].messages += 1
    tallies[kind].bytes += bytes.count
  }
}
