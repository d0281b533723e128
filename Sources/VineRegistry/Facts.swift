import VineAddress
import VineBase

/// A block and the one ViNe that it counts in; without one it counts in all. Order is by ViNe, then by block.
public struct ScopedBlock: Hashable, Comparable, Sendable {
  public let block: Block
  /// nil: in every ViNe.
  public let scope: NetworkID?

  public init(_ block: Block, scope: NetworkID? = nil) {
    self.block = block
    self.scope = scope
  }

  /// Before every other in order.
  static let lowest = ScopedBlock(.lowest)

  public static func < (left: Self, right: Self) -> Bool {
    left.scope == right.scope ? left.block < right.block : left.rawScope < right.rawScope
  }

  /// Zero is no ViNe's identifier.
  var rawScope: UInt32 { scope?.rawValue ?? 0 }
}

/// What a fact is about. Order is by kind, then by content, and so is the order of `bytes`.
public enum FactKey: Hashable, Sendable {
  case mesh
  case site(NodeID)
  /// A block that counts in every ViNe.
  case block(Block)
  case vine(NetworkID)
  case participation(NetworkID, NodeID)
  case revocation(NodeID)
  /// A block that counts in one ViNe only.
  case scopedBlock(NetworkID, Block)
  /// A block from which one VR alone may grant while it is cut off from the majority.
  case reserve(Block)
  /// A block that nobody gets for a while.
  case quarantine(ScopedBlock)
  /// A VR that votes, or did. Its word on other facts counts while it does, and on those decided before it stopped.
  case voter(NodeID)

  /// The key of the fact that says whose a block is.
  public static func holding(_ held: ScopedBlock) -> FactKey {
    held.scope.map { .scopedBlock($0, held.block) } ?? .block(held.block)
  }

  /// The block whose owner the fact tells; nil of other kinds.
  public var holding: ScopedBlock? {
    switch self {
    case .block(let block): ScopedBlock(block)
    case .scopedBlock(let network, let block): ScopedBlock(block, scope: network)
    default: nil
    }
  }
}

extension FactKey: Comparable {
  /// The canonical form, which names the fact in gossip.
  public var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 40)
    writer.integer(kind)
    switch self {
    case .mesh: break
    case .site(let node), .revocation(let node), .voter(let node): writer.append(node.bytes)
    case .block(let block), .reserve(let block): writer.block(block)
    case .vine(let network): writer.integer(network.rawValue)
    case .participation(let network, let node):
      writer.integer(network.rawValue)
      writer.append(node.bytes)
    case .scopedBlock(let network, let block):
      writer.integer(network.rawValue)
      writer.block(block)
    case .quarantine(let held):
      writer.integer(held.rawScope)
      writer.block(held.block)
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
    case 3: return try reader.block().map { .block($0) }
    case 4: return .vine(NetworkID(rawValue: try reader.integer()))
    case 5:
      let network = NetworkID(rawValue: try reader.integer())
      return NodeID(try reader.bytes(NodeID.byteCount)).map { .participation(network, $0) }
    case 6: return NodeID(try reader.bytes(NodeID.byteCount)).map { .revocation($0) }
    case 7:
      let network = NetworkID(rawValue: try reader.integer())
      return try reader.block().map { .scopedBlock(network, $0) }
    case 8: return try reader.block().map { .reserve($0) }
    case 9:
      let scope = NetworkID(rawValue: try reader.integer())
      return try reader.block().map { .quarantine(ScopedBlock($0, scope: scope.rawValue == 0 ? nil : scope)) }
    case 10: return NodeID(try reader.bytes(NodeID.byteCount)).map { .voter($0) }
    default: return nil
    }
  }

  public static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.site(let one), .site(let other)), (.revocation(let one), .revocation(let other)),
      (.voter(let one), .voter(let other)):
      one < other
    case (.block(let one), .block(let other)), (.reserve(let one), .reserve(let other)): one < other
    case (.vine(let one), .vine(let other)): one < other
    case (.participation(let one, let node), .participation(let other, let second)):
      one == other ? node < second : one < other
    case (.scopedBlock(let one, let block), .scopedBlock(let other, let second)):
      one == other ? block < second : one < other
    case (.quarantine(let one), .quarantine(let other)): one < other
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
    case .scopedBlock: 7
    case .reserve: 8
    case .quarantine: 9
    case .voter: 10
    }
  }

  /// 64 bits that tell keys apart; of a VR by its tag, as the registry admits no two VRs with one tag.
  var fingerprint: UInt64 {
    let content: UInt64 =
      switch self {
      case .mesh: 0
      case .site(let node), .revocation(let node), .voter(let node): node.tag.rawValue
      case .block(let block), .reserve(let block): block.word
      case .vine(let network): UInt64(network.rawValue)
      case .participation(let network, let node): (UInt64(network.rawValue) &+ 1).mixed &+ node.tag.rawValue
      case .scopedBlock(let network, let block): (UInt64(network.rawValue) &+ 1).mixed &+ block.word
      case .quarantine(let held): (UInt64(held.rawScope) &+ 1).mixed &+ held.block.word
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
  /// A majority was lost for good, and it recovered the mesh. Of earlier epochs stands what was decided up to this log
  /// index, and what it had heard of.
  case recovered(through: UInt64)
}

/// What a fact says.
public enum FactBody: Hashable, Sendable {
  case mesh(space: Block)
  case site(name: SiteName)
  /// Of a block, scoped or not.
  case block(owner: NodeID)
  case vine(name: VineName, creator: NodeID)
  case participation
  case revocation
  case reserve(delegate: NodeID)
  /// - Parameter owner: whose it was; nil where nobody knows.
  case quarantine(until: WallTime, owner: NodeID?)
  case voter(VoterReason)
}

/// Which of two facts on one thing is newer: the one of the later epoch, and within one epoch that of the later index.
public struct FactVersion: Hashable, Comparable, Sendable {
  /// One, and one more for each time that a lost majority was given up (`vine-mesh recover`).
  public let epoch: UInt32
  /// Log index that decided it. A new epoch goes on behind the last one that it knows of the epoch before.
  public let index: UInt64

  public init(epoch: UInt32 = 1, index: UInt64) {
    self.epoch = epoch
    self.index = index
  }

  public static func < (left: Self, right: Self) -> Bool { (left.epoch, left.index) < (right.epoch, right.index) }
}

/// One thing that consensus decided. A later version replaces an earlier one.
public struct RegistryFact: Hashable, Sendable {
  public let key: FactKey
  public let version: FactVersion
  /// nil: taken back.
  public let body: FactBody?

  public init(key: FactKey, version: FactVersion, body: FactBody?) {
    self.key = key
    self.version = version
    self.body = body
  }

  /// A fact of the first epoch.
  public init(key: FactKey, index: UInt64, body: FactBody?) {
    self.init(key: key, version: FactVersion(index: index), body: body)
  }

  /// Log index that decided it.
  public var index: UInt64 { version.index }

  /// Whether the body is of the key's kind; a fact from outside may be anything.
  public var isConsistent: Bool {
    switch (key, body) {
    case (_, nil), (.mesh, .mesh?), (.site, .site?), (.block, .block?), (.vine, .vine?),
      (.participation, .participation?), (.revocation, .revocation?), (.scopedBlock, .block?), (.reserve, .reserve?),
      (.quarantine, .quarantine?), (.voter, .voter?):
      true
    default: false
    }
  }
}

extension Block {
  fileprivate var word: UInt64 { UInt64(base.rawValue) << 8 | UInt64(prefixLength) }
}

extension ByteWriter {
  mutating func block(_ block: Block) {
    integer(block.base.rawValue)
    integer(UInt8(block.prefixLength))
  }
}

extension ByteReader {
  /// - Returns: nil if the bytes are there but no block.
  fileprivate mutating func block() throws(ByteError) -> Block? {
    let (base, length) = (try integer(UInt32.self), try integer(UInt8.self))
    return Block(base: IPv4Address(rawValue: base), prefixLength: Int(length))
  }
}
