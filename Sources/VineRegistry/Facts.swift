import VineAddress
import VineBase

/// What a fact is about. Order is by kind, then by content, and so is the order of `bytes`.
public enum FactKey: Hashable, Sendable {
  case mesh
  case site(NodeID)
  case block(Block)
  case vine(NetworkID)
  case participation(NetworkID, NodeID)
  case revocation(NodeID)
  /// A VR that votes, or did. Its word on other facts counts while it does, and on those decided before it stopped.
  case voter(NodeID)
}

extension FactKey: Comparable {
  /// The canonical form, which names the fact in gossip.
  public var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 40)
    writer.integer(kind)
    switch self {
    case .mesh: break
    case .site(let node), .revocation(let node), .voter(let node): writer.append(node.bytes)
    case .block(let block):
      writer.integer(block.base.rawValue)
      writer.integer(UInt8(block.prefixLength))
    case .vine(let network): writer.integer(network.rawValue)
    case .participation(let network, let node):
      writer.integer(network.rawValue)
      writer.append(node.bytes)
    }
    return writer.bytes
  }

  /// Reads what `bytes` wrote; nil for anything else.
  public init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let key = try? Self.read(&reader), reader.left == 0 else { return nil }
    self = key
  }

  private static func read(_ reader: inout ByteReader) throws(ByteError) -> FactKey? {
    switch try reader.integer(UInt8.self) {
    case 1: return .mesh
    case 2: return NodeID(try reader.bytes(NodeID.byteCount)).map { .site($0) }
    case 3:
      let (base, length) = (try reader.integer(UInt32.self), try reader.integer(UInt8.self))
      return Block(base: IPv4Address(rawValue: base), prefixLength: Int(length)).map { .block($0) }
    case 4: return .vine(NetworkID(rawValue: try reader.integer()))
    case 5:
      let network = NetworkID(rawValue: try reader.integer())
      return NodeID(try reader.bytes(NodeID.byteCount)).map { .participation(network, $0) }
    case 6: return NodeID(try reader.bytes(NodeID.byteCount)).map { .revocation($0) }
    case 11: return NodeID(try reader.bytes(NodeID.byteCount)).map { .voter($0) }
    default: return nil
    }
  }

  public static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.site(let one), .site(let other)), (.revocation(let one), .revocation(let other)),
      (.voter(let one), .voter(let other)):
      one < other
    case (.block(let one), .block(let other)): one < other
    case (.vine(let one), .vine(let other)): one < other
    case (.participation(let one, let node), .participation(let other, let second)):
      one == other ? node < second : one < other
    default: left.kind < right.kind
    }
  }

  private var kind: UInt8 {
    switch self {
    case .mesh: 1
    case .site: 2
    case .block: 3
    case .vine: 4
    case .participation: 5
    case .revocation: 6
    case .voter: 11
    }
  }

  /// 64 bits that tell keys apart; of a VR by its tag, as the registry admits no two VRs with one tag.
  var fingerprint: UInt64 {
    let content: UInt64 =
      switch self {
      case .mesh: 0
      case .site(let node), .revocation(let node), .voter(let node): node.tag.rawValue
      case .block(let block): UInt64(block.base.rawValue) << 8 | UInt64(block.prefixLength)
      case .vine(let network): UInt64(network.rawValue)
      case .participation(let network, let node): (UInt64(network.rawValue) &+ 1).mixed &+ node.tag.rawValue
      }
    return (content &+ UInt64(kind)).mixed &+ UInt64(kind)
  }
}

/// Why a VR votes.
public enum VoterReason: Hashable, Sendable {
  /// It founded the mesh.
  case founded
  /// More VRs were fit to vote than did.
  case grown
  /// It came for one that was gone, or was less fit.
  case replaced(NodeID)
}

/// What a fact says.
public enum FactBody: Hashable, Sendable {
  case mesh(space: Block)
  case site(name: SiteName)
  case block(owner: NodeID)
  case vine(name: VineName, creator: NodeID)
  case participation
  case revocation
  case voter(VoterReason)
}

/// One thing that consensus decided, with the log index that decided it. A later index replaces an earlier one.
public struct RegistryFact: Hashable, Sendable {
  public let key: FactKey
  public let index: UInt64
  /// nil: taken back.
  public let body: FactBody?

  public init(key: FactKey, index: UInt64, body: FactBody?) {
    self.key = key
    self.index = index
    self.body = body
  }

  /// Whether the body is of the key's kind; a fact from outside may be anything.
  public var isConsistent: Bool {
    switch (key, body) {
    case (_, nil), (.mesh, .mesh?), (.site, .site?), (.block, .block?), (.vine, .vine?),
      (.participation, .participation?), (.revocation, .revocation?), (.voter, .voter?):
      true
    default: false
    }
  }
}
