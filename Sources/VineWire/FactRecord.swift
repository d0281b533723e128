import VineAddress
import VineBase
import VineRegistry

/// A registry fact as the payload of a signed record.
public enum FactRecord {
  public static func encode(_ fact: RegistryFact) -> [UInt8] {
    var wire = PBFactRecord()
    wire.key = .init(fact.key.bytes)
    wire.index = fact.index
    switch fact.body {
    case nil: wire.takenBack = true
    case .mesh(let space)?:
      wire.mesh.space = PBBlock(space)
    case .site(let name)?: wire.site.name = name.description
    case .block(let owner)?: wire.block.owner = .init(owner.bytes)
    case .vine(let name, let creator)?:
      wire.vine.name = name.description
      wire.vine.creator = .init(creator.bytes)
    case .participation?: wire.participation = PBParticipationFact()
    case .revocation?: wire.revocation = PBRevocationFact()
    case .voter(.founded)?: wire.voter.reason = 1
    case .voter(.grown)?: wire.voter.reason = 2
    case .voter(.replaced(let node))?:
      wire.voter.reason = 3
      wire.voter.replaced = .init(node.bytes)
    }
    return wire.written
  }

  /// - Throws: also for a body that is not of the key's kind. A body of a newer version is no fact that was taken
  ///   back: it is refused.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> RegistryFact {
    let wire = try PBFactRecord.read(bytes, "registry fact", max: WireLimits.payloadByteCountMax)
    guard let key = FactKey(bytes: Array(wire.key)) else { throw .invalid("fact key") }
    let fact = RegistryFact(
      key: key, index: try Field.counter(wire.index, "fact index"), body: try wire.factBody())
    guard fact.isConsistent else { throw .invalid("fact body") }
    return fact
  }
}

extension PBFactRecord {
  fileprivate func factBody() throws(WireError) -> FactBody? {
    switch (body, takenBack) {
    case (nil, true): nil
    case (nil, false): throw .missing("fact body")
    case (_?, true): throw .invalid("fact that was taken back")
    case (.mesh(let mesh)?, false): .mesh(space: try mesh.space.block())
    case (.site(let site)?, false): .site(name: try Field.name(site.name, "site name"))
    case (.block(let block)?, false): .block(owner: try Field.node(block.owner, "block owner"))
    case (.vine(let vine)?, false):
      .vine(name: try Field.name(vine.name, "ViNe name"), creator: try Field.node(vine.creator, "ViNe creator"))
    case (.participation?, false): .participation
    case (.revocation?, false): .revocation
    case (.voter(let voter)?, false):
      switch voter.reason {
      case 1: .voter(.founded)
      case 2: .voter(.grown)
      case 3: .voter(.replaced(try Field.node(voter.replaced, "voter that was replaced")))
      default: throw .invalid("reason of a voter")
      }
    }
  }
}
