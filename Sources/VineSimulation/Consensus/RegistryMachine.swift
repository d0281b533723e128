import VineAddress
import VineBase
import VineRegistry
import VineWire

/// The registry as the state machine of simulated voters: all that this simulation knows of it.
///
/// It begins with a mesh of a few sites and a space of eight blocks, so that blocks run out and are used again.
struct RegistryMachine: Sendable {
  private(set) var registry = Registry()
  private(set) var applied: UInt64 = 0

  /// Of all sites: who asks for blocks and ViNes.
  static func site(_ number: Int) -> NodeID {
    guard let node = NodeID([UInt8](repeating: UInt8(100 + number), count: NodeID.byteCount)) else {
      preconditionFailure("an identity has 32 bytes")
    }
    return node
  }

  static let sitesMax = 5
  static let hostsOfBlock = 10
  private static let secretHash = [UInt8](repeating: 1, count: 32)

  init(sites: Int) { self = Self.founded[sites] }

  private init() {}

  private static let founded: [RegistryMachine] = (0...sitesMax).map { sites in
    var machine = RegistryMachine()
    for proposal in foundation(sites: sites) {
      guard case .success = machine.registry.apply(proposal, at: 0).outcome else {
        preconditionFailure("the first commands are sound")
      }
    }
    return machine
  }

  private static func foundation(sites: Int) -> [Proposal] {
    guard let base = IPv4Address("172.16.0.0"), let space = Block(base: base, prefixLength: 25) else { return [] }
    let time = WallTime(secondsSince1970: 1)
    var proposals: [Proposal] = []
    for number in 0..<sites {
      guard let name = SiteName("site\(number)") else { continue }
      if number == 0 {
        let found = RegistryCommand.found(site: name, hosts: hostsOfBlock, space: space)
        proposals.append(Proposal(id: id(0, 0), author: site(0), at: time, command: found))
        continue
      }
      let invite = RegistryCommand.invite(
        id(2, UInt64(number)), secretHash: secretHash, site: name, hosts: hostsOfBlock,
        expires: WallTime(secondsSince1970: 2))
      let admit = RegistryCommand.admit(
        node: site(number), invitation: id(2, UInt64(number)), secretHash: secretHash)
      proposals.append(Proposal(id: id(0, UInt64(2 * number)), author: site(0), at: time, command: invite))
      proposals.append(Proposal(id: id(0, UInt64(2 * number + 1)), author: site(0), at: time, command: admit))
    }
    return proposals
  }

  static func id(_ kind: UInt64, _ number: UInt64) -> UniqueID {
    var writer = ByteWriter(capacity: UniqueID.byteCount)
    writer.integer(kind)
    writer.integer(number)
    guard let id = UniqueID(writer.bytes) else { preconditionFailure("an identifier has 16 bytes") }
    return id
  }

  static func release(_ block: Block) -> RegistryCommand { .releaseBlock(ScopedBlock(block)) }

  // MARK: Commands

  static func encode(_ proposal: Proposal) -> [UInt8] { LogCommand.encode(proposal) }

  static func name(of command: [UInt8]) -> ProposalID? { (try? LogCommand.decode(command))?.id }

  /// The snapshot that it came from ends there.
  mutating func skip(to index: UInt64) { applied = index }

  /// Takes the next entry of the log.
  /// - Parameter command: nil for an entry that is none.
  /// - Returns: the proposal's name and what came of it; nil if it cannot be read.
  mutating func apply(
    _ command: [UInt8]?, at index: UInt64
  ) -> (ProposalID, Result<RegistryAnswer, RegistryRefusal>)? {
    applied = index
    guard let command else { return nil }
    do {
      let proposal = try LogCommand.decode(command)
      return (proposal.id, registry.apply(proposal, at: index).outcome)
    } catch {
      return nil
    }
  }

  /// Equal of registries that are equal, outcomes of commands included.
  var digest: UInt64 { FNV1a.hash(snapshot) }

  // MARK: Snapshots

  var snapshot: [UInt8] { registry.snapshot.encode() }

  /// - Parameter forgetsOutcomes: the flaw of that name: a proposal that comes again is not recognised.
  /// - Returns: nil if the bytes are no snapshot. No bytes are a registry that has applied nothing.
  init?(sites: Int, snapshot bytes: [UInt8], forgetsOutcomes: Bool) {
    self.init(sites: sites)
    guard !bytes.isEmpty else { return }
    do {
      var snapshot = try RegistrySnapshot.decode(bytes)
      if forgetsOutcomes { snapshot.sessions = [] }
      registry = try Registry(snapshot)
    } catch {
      return nil
    }
  }
}

// MARK: What clients ask

enum ClientOperation: Hashable, Sendable {
  case command(Proposal)
  case blocks(of: NodeID)
  case vine(VineName)
}

enum ClientAnswer: Hashable, Sendable {
  case outcome(Result<RegistryAnswer, RegistryRefusal>)
  case blocks([Block])
  case vine(NetworkID?)
}

extension RegistryMachine {
  /// - Returns: nil for a command, which only the log carries out.
  func answer(_ operation: ClientOperation) -> ClientAnswer? {
    switch operation {
    case .command: nil
    case .blocks(let node): .blocks(registry.view.blocks(of: node))
    case .vine(let name): .vine(registry.view.vine(named: name))
    }
  }
}

/// The registry, one operation after the other.
struct RegistrySpecification: SequentialSpecification {
  /// Equal if they say the same, whatever led there.
  struct State: Hashable, Sendable {
    fileprivate var machine: RegistryMachine
    fileprivate var facts: [FactKey: FactBody?]

    static func == (left: Self, right: Self) -> Bool { left.facts == right.facts }
    func hash(into hasher: inout Hasher) { hasher.combine(facts) }
  }

  let initial: State

  init(sites: Int) {
    let machine = RegistryMachine(sites: sites)
    var facts: [FactKey: FactBody?] = [:]
    for fact in machine.registry.facts { facts[fact.key] = .some(fact.body) }
    initial = State(machine: machine, facts: facts)
  }

  func apply(_ operation: ClientOperation, to state: inout State) -> ClientAnswer {
    if let answer = state.machine.answer(operation) { return answer }
    guard case .command(let proposal) = operation else { preconditionFailure("what is no read is a command") }
    let (outcome, facts) = state.machine.carryOut(proposal)
    for fact in facts { state.facts[fact.key] = .some(fact.body) }
    return .outcome(outcome)
  }

  /// Blocks and ViNes have nothing to do with each other.
  func partition(of operation: ClientOperation) -> Int {
    switch operation {
    case .blocks: 0
    case .vine: 1
    case .command(let proposal):
      switch proposal.command {
      case .createVine, .deleteVine, .takePart, .leaveVine: 1
      default: 0
      }
    }
  }
}

extension RegistryMachine {
  fileprivate mutating func carryOut(
    _ proposal: Proposal
  ) -> (Result<RegistryAnswer, RegistryRefusal>, [RegistryFact]) {
    applied += 1
    let application = registry.apply(proposal, at: applied)
    return (application.outcome, application.facts)
  }
}
