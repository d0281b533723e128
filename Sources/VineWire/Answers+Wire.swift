import VineAddress
import VineBase
import VineRegistry

extension PBRegistryAnswer {
  init(_ answer: RegistryAnswer) {
    switch answer {
    case .founded(let block): founded = PBBlock(block)
    case .invited: invited = PBNothing()
    case .admitted(let site, let block):
      admitted.site = site.description
      admitted.block = PBBlock(block)
    case .allocated(let block): allocated = PBBlock(block)
    case .vine(let network): vine = network.rawValue
    case .done: done = PBNothing()
    case .delegated(let reserve): delegated = PBBlock(reserve)
    case .ratified(let grants): ratified.grants = grants.map(PBRatifiedGrant.init)
    case .quarantined(let blocks, let until):
      quarantined.blocks = UInt32(clamping: blocks)
      quarantined.until = until.secondsSince1970
    case .freed(let blocks): freed = UInt32(clamping: blocks)
    }
  }

  func answer() throws(WireError) -> RegistryAnswer {
    switch kind {
    case nil: throw .missing("registry answer")
    case .founded(let wire)?: .founded(try wire.block())
    case .invited?: .invited
    case .admitted(let wire)?:
      .admitted(site: try Field.name(wire.site, "site name"), try wire.block.block())
    case .allocated(let wire)?: .allocated(try wire.block())
    case .vine(let network)?: .vine(NetworkID(rawValue: network))
    case .done?: .done
    case .delegated(let wire)?: .delegated(try wire.block())
    case .ratified(let wire)?:
      .ratified(try wire.grants.converted { (grant) throws(WireError) in try grant.ratifiedGrant() })
    case .quarantined(let wire)?:
      .quarantined(blocks: Int(wire.blocks), until: try Field.time(wire.until, "end of a quarantine"))
    case .freed(let blocks)?: .freed(blocks: Int(blocks))
    }
  }
}

extension PBRegistryRefusal {
  init(_ refusal: RegistryRefusal) {
    switch refusal {
    case .notFounded: notFounded = PBNothing()
    case .alreadyFounded: alreadyFounded = PBNothing()
    case .notAdmitted: notAdmitted = PBNothing()
    case .revoked: revoked = PBNothing()
    case .unknownInvitation: unknownInvitation = PBNothing()
    case .invitationExpired(let at): invitationExpired = at.secondsSince1970
    case .invitationUsed(let node): invitationUsed = .init(node.bytes)
    case .secretMismatch: secretMismatch = PBNothing()
    case .siteNameTaken(let name): siteNameTaken = name.description
    case .tagTaken: tagTaken = PBNothing()
    case .noBlockLeft(let hosts, let largest, let free): noBlockLeft = PBNoRoom(hosts, largest, free)
    case .blockNotYours(let held): blockNotYours = PBScopedBlock(held)
    case .lastBlock(let block): lastBlock = PBBlock(block)
    case .unknownVine(let network): unknownVine = network.rawValue
    case .vineNameTaken(let name): vineNameTaken = name.description
    case .vineInUse(let network, let participants):
      vineInUse.network = network.rawValue
      vineInUse.participants = UInt32(clamping: participants)
    case .limitReached(let what): limitReached = Field.clipped(what, max: WireLimits.wordByteCountMax)
    case .noPart(let network): noPart = network.rawValue
    case .scopedBlockLeft(let network, let block): scopedBlockLeft = PBScopedBlock(ScopedBlock(block, scope: network))
    case .twoOwners(let block, let other): twoOwners = PBScopedBlock(ScopedBlock(block, scope: other))
    case .badReserveSize(let length): badReserveSize = UInt32(clamping: length)
    case .hasReserve(let reserve): hasReserve_p = PBBlock(reserve)
    case .noReserveLeft(let length, let largest, let free): noReserveLeft = PBNoRoom(length, largest, free)
    case .notYourReserve(let reserve): notYourReserve = PBBlock(reserve)
    case .noEquivocation: noEquivocation = PBNothing()
    case .ownerLives(let index): ownerLives = index
    case .nothingToReclaim: nothingToReclaim = PBNothing()
    case .noQuarantineOver(let next): noQuarantineOver = next?.secondsSince1970 ?? 0
    }
  }

  func refusal() throws(WireError) -> RegistryRefusal {
    switch kind {
    case nil: throw .missing("registry refusal")
    case .notFounded?: .notFounded
    case .alreadyFounded?: .alreadyFounded
    case .notAdmitted?: .notAdmitted
    case .revoked?: .revoked
    case .unknownInvitation?: .unknownInvitation
    case .invitationExpired(let at)?: .invitationExpired(at: try Field.time(at, "expiry of the invitation"))
    case .invitationUsed(let node)?: .invitationUsed(by: try Field.node(node, "node"))
    case .secretMismatch?: .secretMismatch
    case .siteNameTaken(let name)?: .siteNameTaken(try Field.name(name, "site name"))
    case .tagTaken?: .tagTaken
    case .noBlockLeft(let wire)?:
      .noBlockLeft(hosts: Int(wire.wanted), largest: try wire.largestBlock(), free: wire.free)
    case .blockNotYours(let wire)?: .blockNotYours(try wire.scopedBlock())
    case .lastBlock(let wire)?: .lastBlock(try wire.block())
    case .unknownVine(let network)?: .unknownVine(NetworkID(rawValue: network))
    case .vineNameTaken(let name)?: .vineNameTaken(try Field.name(name, "ViNe name"))
    case .vineInUse(let wire)?:
      .vineInUse(NetworkID(rawValue: wire.network), participants: Int(wire.participants))
    case .limitReached(let what)?:
      .limitReached(try Field.text(what, max: WireLimits.wordByteCountMax, "limit"))
    case .noPart(let network)?: .noPart(NetworkID(rawValue: network))
    case .scopedBlockLeft(let wire)?:
      .scopedBlockLeft(NetworkID(rawValue: wire.scope), try wire.block.block())
    case .twoOwners(let wire)?: .twoOwners(try wire.block.block(), other: NetworkID(rawValue: wire.scope))
    case .badReserveSize(let length)?: .badReserveSize(prefixLength: Int(length))
    case .hasReserve_p(let wire)?: .hasReserve(try wire.block())
    case .noReserveLeft(let wire)?:
      .noReserveLeft(prefixLength: Int(wire.wanted), largest: try wire.largestBlock(), free: wire.free)
    case .notYourReserve(let wire)?: .notYourReserve(try wire.block())
    case .noEquivocation?: .noEquivocation
    case .ownerLives(let index)?: .ownerLives(at: try Field.counter(index, "log index"))
    case .nothingToReclaim?: .nothingToReclaim
    case .noQuarantineOver(let next)?:
      .noQuarantineOver(next: next == 0 ? nil : try Field.time(next, "end of a quarantine"))
    }
  }
}

extension PBNoRoom {
  fileprivate init(_ wanted: Int, _ largest: Block?, _ free: UInt64) {
    self.init()
    self.wanted = UInt32(clamping: wanted)
    if let largest { self.largest = PBBlock(largest) }
    self.free = free
  }

  fileprivate func largestBlock() throws(WireError) -> Block? { hasLargest ? try largest.block() : nil }
}

extension PBRatifiedGrant {
  fileprivate init(_ grant: RatifiedGrant) {
    self.init()
    sequence = grant.sequence
    switch grant.outcome {
    case .ratified: ratified = PBNothing()
    case .knownAlready: knownAlready = PBNothing()
    case .refused(let refusal): refused = PBGrantRefusal(refusal)
    }
  }

  fileprivate func ratifiedGrant() throws(WireError) -> RatifiedGrant {
    let outcome: RatifiedGrant.Outcome =
      switch self.outcome {
      case nil: throw .missing("outcome of a grant")
      case .ratified?: .ratified
      case .knownAlready?: .knownAlready
      case .refused(let wire)?: .refused(try wire.refusal())
      }
    return RatifiedGrant(sequence: sequence, outcome: outcome)
  }
}

extension PBGrantRefusal {
  fileprivate init(_ refusal: GrantRefusal) {
    self.init()
    switch refusal {
    case .noSuchDelegation: noSuchDelegation = PBNothing()
    case .badSignature: badSignature = PBNothing()
    case .gap(let expected): gap = expected
    case .broken: broken = PBNothing()
    case .equivocation: equivocation = PBNothing()
    case .outsideReserve: outsideReserve = PBNothing()
    case .overlaps(let block): overlaps = PBBlock(block)
    case .obstacle(let what): obstacle = what.rawValue
    }
  }

  fileprivate func refusal() throws(WireError) -> GrantRefusal {
    switch kind {
    case nil: throw .missing("refusal of a grant")
    case .noSuchDelegation?: return .noSuchDelegation
    case .badSignature?: return .badSignature
    case .gap(let expected)?: return .gap(expected: expected)
    case .broken?: return .broken
    case .equivocation?: return .equivocation
    case .outsideReserve?: return .outsideReserve
    case .overlaps(let wire)?: return .overlaps(try wire.block())
    case .obstacle(let number)?:
      guard let obstacle = GrantObstacle(rawValue: number) else { throw .invalid("obstacle to a grant") }
      return .obstacle(obstacle)
    }
  }
}
