import VineAddress
import VineBase
import VineRegistry
import VineWire

extension Door {
  /// Commands of a few sites in any order, as consensus would hand them to the registry: its rules hold after each, it
  /// comes back from its snapshot, and a VR that hears the facts in another order knows the same.
  static let registryPlay = Door(name: "RegistryPlay") { bytes in RegistryPlay(bytes).complaint() }
}

/// One play: `[command u8]` and what the command needs, each from a small world, so that commands meet.
private struct RegistryPlay {
  private var script: Script
  private var registry: Registry
  private var facts: [RegistryFact] = []
  private var index: UInt64 = 0
  private var clock: Int64 = 1_800_000_000
  private let trust = GrantTrust(
    hash: { bytes in [UInt8](repeating: bytes.reduce(bytes.first ?? 0) { $0 &* 31 &+ $1 }, count: 32) },
    isValid: { signature, _, author in signature.first == author.bytes.first })
  private static let commandsMax = 200

  init(_ bytes: [UInt8]) {
    script = Script(bytes)
    registry = Registry(trust: trust)
  }

  func complaint() -> String? {
    var play = self
    return play.run()
  }

  private mutating func run() -> String? {
    if let name = SiteName("founder") {
      apply(.found(site: name, hosts: script.isEmpty ? 1 : Int(script.byte()) + 1, space: space), by: node(0))
    }
    for _ in 0..<Self.commandsMax where !script.isEmpty {
      let author = node(script.byte())
      clock += Int64(script.byte()) * 3600
      guard let command = command() else { continue }
      apply(command, by: author)
      if let fault = registry.fault { return "after \(command): \(fault)" }
    }
    return otherOrder ?? snapshot
  }

  private let space = Block.standardSpace

  private mutating func apply(_ command: RegistryCommand, by author: NodeID) {
    index += 1
    guard
      let id = ProposalID(
        [UInt8](repeating: 0, count: 8) + (0..<8).map { UInt8(truncatingIfNeeded: index >> ($0 * 8)) })
    else { return }
    let proposal = Proposal(id: id, author: author, at: WallTime(secondsSince1970: clock), command: command)
    // As the log has it: what cannot be written there is no command.
    guard let decided = try? LogCommand.decode(LogCommand.encode(proposal)) else { return }
    facts += registry.apply(decided, at: index).facts
  }

  private func node(_ byte: UInt8) -> NodeID {
    guard let node = NodeID([UInt8](repeating: byte % 6 + 1, count: NodeID.byteCount)) else {
      fatalError("32 bytes are 32")
    }
    return node
  }

  private func id(_ byte: UInt8) -> InvitationID {
    guard let id = InvitationID([UInt8](repeating: byte % 8, count: 16)) else { fatalError("16 bytes are 16") }
    return id
  }

  private mutating func name<Name: LosslessStringConvertible>() -> Name {
    guard let name = Name("n\(script.choice(5))") else { fatalError("n0 is a name") }
    return name
  }

  private mutating func network() -> NetworkID { NetworkID(rawValue: UInt32(script.choice(6))) }

  /// One that is there, or any.
  private mutating func block() -> ScopedBlock {
    let known = registry.view.blocks.keys.map { ScopedBlock($0) } + registry.view.scopedBlocks.keys
    let choice = script.byte()
    guard choice >= 0x80 || known.isEmpty else { return known[Int(choice) % known.count] }
    return ScopedBlock(
      .holding(IPv4Address(rawValue: 0xAC10_0000 | script.long() >> 12), prefixLength: 8 + script.choice(25)))
  }

  private mutating func command() -> RegistryCommand? {
    switch script.choice(18) {
    case 0: return .found(site: name(), hosts: Int(script.word()), space: space)
    case 1, 2:
      let expires = WallTime(secondsSince1970: clock + Int64(Int8(bitPattern: script.byte())) * 3600)
      return .invite(
        id(script.byte()), secretHash: secret, site: name(), hosts: Int(script.word()), expires: expires)
    case 3, 4: return .admit(node: node(script.byte()), invitation: id(script.byte()), secretHash: secret)
    case 5: return .allocateBlock(hosts: Int(script.word()), scope: script.byte() & 1 == 0 ? nil : network())
    case 6: return .releaseBlock(block())
    case 7: return .createVine(name())
    case 8: return .renameVine(network(), name())
    case 9: return .deleteVine(network())
    case 10: return .takePart(network())
    case 11: return .leaveVine(network())
    case 12: return .revoke(node(script.byte()))
    case 13: return .delegate(to: node(script.byte()), prefixLength: script.choice(34))
    case 14: return .endDelegation(reserve: reserve(), isWhole: script.byte() & 1 == 0)
    case 15: return .ratify((0..<script.choice(4)).map { _ in grant() })
    case 16: return .accuse(grant(), grant())
    default:
      switch script.choice(3) {
      case 0: return .reclaim(node(script.byte()), known: UInt64(script.word()))
      case 1: return .endQuarantines
      default: return (try? LogCommand.decode(script.chunk()))?.command
      }
    }
  }

  private let secret = [UInt8](repeating: 5, count: 32)

  private mutating func reserve() -> Block {
    let reserves = registry.view.reserves.keys
    let choice = script.byte()
    return reserves.isEmpty ? space : reserves[Int(choice) % reserves.count]
  }

  /// The delegate's first or second grant, or one that claims to be.
  private mutating func grant() -> SignedGrant {
    let reserve = reserve()
    let delegate = registry.view.reserves[reserve] ?? node(script.byte())
    let delegation = registry.known(.reserve(reserve)) ?? FactVersion(epoch: 1, index: 1)
    var chain = GrantChain(reserve: reserve, delegation: delegation, delegate: delegate, trust: trust)
    var last: SignedGrant?
    for _ in 0...script.choice(2) {
      let admission =
        script.byte() & 1 == 0
        ? nil : Grant.Admission(site: name(), invitation: id(script.byte()), secretHash: secret)
      guard let next = chain.next(for: node(script.byte()), admission: admission, hosts: Int(script.byte()) + 1) else {
        break
      }
      let signed = SignedGrant(next, signature: Array(delegate.bytes.prefix(1)))
      try? chain.append(signed)
      last = signed
    }
    return last
      ?? SignedGrant(
        Grant(
          reserve: reserve, delegation: delegation, delegate: delegate, sequence: UInt32(script.byte()), previous: [],
          block: block(), grantee: node(script.byte()), admission: nil), signature: [script.byte()])
  }

  /// Facts that came by gossip, newest first.
  private var otherOrder: String? {
    var (there, back) = (RegistryView(), RegistryView())
    for fact in facts { _ = there.absorb(fact) }
    for fact in facts.reversed() { _ = back.absorb(fact) }
    guard there.digest == back.digest, there.blocks == back.blocks, there.sites == back.sites, there.vines == back.vines
    else { return "what a VR knows depends on the order of facts" }
    return there.digest == registry.view.digest
      ? nil : "a VR that heard all facts knows something else than the registry"
  }

  private var snapshot: String? {
    let parts = registry.snapshot
    guard let read = try? RegistrySnapshot.decode(parts.encode()), read == parts else {
      return "a snapshot changes on its way"
    }
    guard let again = try? Registry(read, trust: trust) else {
      return "a registry does not come back from its snapshot"
    }
    return again.snapshot == parts && again.fault == nil ? nil : "a registry comes back as another"
  }
}
