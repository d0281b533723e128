import VineAddress
import VineBase
import VinePacket
import Yams

/// `mirror` of the configuration: where this site sees the virtual space, or parts of it.
public enum MirrorChoice: Hashable, Sendable {
  public struct Part: Hashable, Sendable {
    public let block: Block
    /// Where the site sees its first address.
    public let base: IPv4Address
  }

  /// `mirror: 10.116.0.0`: all of it, this is its first address.
  case whole(IPv4Address)
  /// `mirror: {172.17.0.0/16: 10.117.0.0}`; at least one.
  case parts([Part])

  static let expectation = "an address like 10.116.0.0, or a mapping like {172.17.0.0/16: 10.117.0.0}"

  static func read(_ node: Node) -> MirrorChoice? {
    guard let mapping = node.mapping else { return node.string.flatMap(IPv4Address.init).map(whole) }
    var parts: [Part] = []
    for (key, value) in mapping {
      guard let block = key.string.flatMap(Block.init), let base = value.string.flatMap(IPv4Address.init) else {
        return nil
      }
      parts.append(Part(block: block, base: base))
    }
    return parts.isEmpty ? nil : .parts(parts)
  }

  func parts(of space: Block) -> [Part] {
    switch self {
    case .whole(let base): [Part(block: space, base: base)]
    case .parts(let parts): parts
    }
  }
}

extension MirrorChoice: CustomStringConvertible {
  /// As the configuration has it.
  public var description: String {
    switch self {
    case .whole(let base): "\(base)"
    case .parts(let parts): "{\(parts.map { "\($0.block): \($0.base)" }.joined(separator: ", "))}"
    }
  }
}
