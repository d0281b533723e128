import Testing
import VineAddress
import VineBase
import VineRegistry

/// The sites of the paper's Figure 3, and a registry that grows by one log entry a command.
final class Fixture {
  static let uf = node(1), nwu = node(2), pu = node(3)
  var registry: Registry
  var index: UInt64 = 0
  var now = WallTime(secondsSince1970: 1000)
  private var proposals: UInt32 = 0

  static func node(_ byte: UInt8) -> NodeID {
    guard let node = NodeID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a node") }
    return node
  }

  static func id(_ byte: UInt8) -> UniqueID {
    guard let id = UniqueID([UInt8](repeating: byte, count: 16)) else {
      preconditionFailure("16 bytes are an identifier")
    }
    return id
  }

  static func id(number: UInt32) -> UniqueID {
    let bytes = [UInt8](repeating: 0xEE, count: 12) + (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    guard let id = UniqueID(bytes) else { preconditionFailure("16 bytes are an identifier") }
    return id
  }

  init(founded: Bool = true, trust: GrantTrust = .none) throws {
    registry = Registry(trust: trust)
    guard founded else { return }
    _ = try run(Self.uf, .found(site: try site("uf"), hosts: 200, space: Block.standardSpace)).get()
  }

  func run(_ author: NodeID, _ command: RegistryCommand) -> Result<RegistryAnswer, RegistryRefusal> {
    proposals += 1
    return apply(Proposal(id: Self.id(number: proposals), author: author, at: now, command: command)).outcome
  }

  func apply(_ proposal: Proposal) -> Registry.Application {
    index += 1
    let application = registry.apply(proposal, at: index)
    registry.checkInvariants()
    return application
  }

  func admit(_ node: NodeID, _ name: String, hosts: Int = 100) throws {
    let invitation = Self.id(node.bytes[0] &+ 100)
    _ = try run(
      Self.uf, .invite(invitation, secretHash: [1], site: try site(name), hosts: hosts, expires: later)
    ).get()
    _ = try run(Self.uf, .admit(node: node, invitation: invitation, secretHash: [1])).get()
  }

  var later: WallTime { WallTime(secondsSince1970: now.secondsSince1970 + 60) }
}

func site(_ name: String) throws -> SiteName { try #require(SiteName(name)) }
func vine(_ name: String) throws -> VineName { try #require(VineName(name)) }
