import VineAddress
import VineBase
import VineRegistry

/// A registry fact as the payload of a signed record.
public enum FactRecord {
  public static func encode(_ fact: RegistryFact) -> [UInt8] { wire(fact).written }

  static func wire(_ fact: RegistryFact) -> PBFactRecord {
    var wire = PBFactRecord()
    wire.key = .init(fact.key.bytes)
    wire.index = fact.index
    if fact.version.epoch > 1 { wire.epoch = fact.version.epoch }
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
    case .reserve(let delegate)?: wire.reserve.delegate = .init(delegate.bytes)
    case .quarantine(let until, let owner)?:
      wire.quarantine.until = until.secondsSince1970
      if let owner { wire.quarantine.owner = .init(owner.bytes) }
    case .voter(.founded)?: wire.voter.reason = 1
    case .voter(.grown)?: wire.voter.reason = 2
    case .voter(.replaced(let node))?:
      wire.voter.reason = 3
      wire.voter.replaced = .init(node.bytes)
    case .voter(.recovered(let index))?:
      wire.voter.reason = 4
      wire.voter.through = index
    }
    return wire
  }

  /// - Throws: also for a body that is not of the key's kind. A body of a newer version is no fact that was taken
  ///   back: it is refused.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> RegistryFact {
    try fact(PBFactRecord.read(bytes, "registry fact", max: WireLimits.payloadByteCountMax))
  }

  static func fact(_ wire: PBFactRecord) throws(WireError) -> RegistryFact {
    guard let key = FactKey(bytes: Array(wire.key)) else { throw .invalid("fact key") }
    // One encoding of one fact.
    guard wire.epoch != 1 else { throw .invalid("fact epoch") }
    let version = FactVersion(epoch: max(1, wire.epoch), index: try Field.counter(wire.index, "fact index"))
    let fact = RegistryFact(key: key, version: version, body: try wire.factBody())
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
    case (.reserve(let reserve)?, false): .reserve(delegate: try Field.node(reserve.delegate, "delegate"))
    case (.quarantine(let wire)?, false):
      .quarantine(
        until: try Field.time(wire.until, "end of a quarantine"),
        owner: wire.owner.isEmpty ? nil : try Field.node(wire.owner, "owner before a quarantine"))
    case (.voter(let voter)?, false):
      switch voter.reason {
      case 1: .voter(.founded)
      case 2: .voter(.grown)
      case 3: .voter(.replaced(try Field.node(voter.replaced, "voter that was replaced")))
      case 4: .voter(.recovered(through: try Field.counter(voter.through, "log index")))
      default: throw .invalid("reason of a voter")
      }
    }
  }
}
