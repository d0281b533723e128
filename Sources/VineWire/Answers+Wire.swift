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
    case .noBlockLeft(let hosts): noBlockLeft = UInt32(clamping: hosts)
    case .blockNotYours(let block): blockNotYours = PBBlock(block)
    case .lastBlock(let block): lastBlock = PBBlock(block)
    case .unknownVine(let network): unknownVine = network.rawValue
    case .vineNameTaken(let name): vineNameTaken = name.description
    case .vineInUse(let network, let participants):
      vineInUse.network = network.rawValue
      vineInUse.participants = UInt32(clamping: participants)
    case .limitReached(let what): limitReached = Field.clipped(what, max: WireLimits.wordByteCountMax)
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
    case .noBlockLeft(let hosts)?: .noBlockLeft(hosts: Int(hosts))
    case .blockNotYours(let wire)?: .blockNotYours(try wire.block())
    case .lastBlock(let wire)?: .lastBlock(try wire.block())
    case .unknownVine(let network)?: .unknownVine(NetworkID(rawValue: network))
    case .vineNameTaken(let name)?: .vineNameTaken(try Field.name(name, "ViNe name"))
    case .vineInUse(let wire)?:
      .vineInUse(NetworkID(rawValue: wire.network), participants: Int(wire.participants))
    case .limitReached(let what)?:
      .limitReached(try Field.text(what, max: WireLimits.wordByteCountMax, "limit"))
    }
  }
}
