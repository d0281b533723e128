import VineBase
import VineRaft
import VineRegistry
import VineWire

/// The way of a registry command: from whoever asks, through consensus, to the facts that come of it.
///
/// A voter runs the Raft core and the registry; any other VR sends its proposals to a voter and waits. Both
/// sides retry, and the registry answers a repeated `ProposalID` with its first outcome, so a lost answer costs
/// nothing.
public struct Registrar: Sendable {
  public enum Effect: Sendable {
    /// Durable before any later effect of the same batch is carried out; answered with `persisted`.
    case persist(Persistence)
    case send(ControlMessage, to: NodeID)
    /// Committed facts, oldest first: to be attested and spread.
    case facts([RegistryFact])
    /// The outcome of a proposal that `propose` took.
    case answered(ProposalID, Result<RegistryAnswer, ProposalFailure>)
  }

  /// Why a proposal has no answer of the registry.
  public enum ProposalFailure: Error, Hashable, Sendable {
    case refused(RegistryRefusal)
    /// No voter answered in time; it may still be decided later.
    case unanswered
  }

  /// A proposal is sent again after this long, doubling.
  static let retryFirst = Duration.milliseconds(500)
  /// Whoever waits is told after this long.
  static let patience = Duration.seconds(10)

  public let node: NodeID
  public let voters: [NodeID]
  /// The registry's state; empty on a VR that does not vote.
  public private(set) var registry = Registry()
  public private(set) var raft: Raft?
  public private(set) var appliedIndex: UInt64 = 0
  private var pending: SortedMap<ProposalID, Pending> = [:]

  private struct Pending: Sendable {
    let proposal: Proposal
    let since: Instant
    var nextTry: Instant
    var interval: Duration
  }

  /// - Parameters:
  ///   - voters: who votes; from the genesis.
  ///   - store, memory: the store and what it holds; empty on a VR that does not vote.
  public init(node: NodeID, voters: [NodeID], store: StoreID, memory: RaftMemory, random: RandomSource) {
    precondition(!voters.isEmpty, "a mesh has at least one voter")
    self.node = node
    self.voters = voters
    if voters.contains(node) {
      raft = Raft(
        self: VoterID(node: node, store: store), memory: memory, settings: RaftSettings(), random: random)
    }
  }

  public var isVoter: Bool { raft != nil }

  public var nextWakeup: Wakeup? {
    let retry = pending.values.map(\.nextTry).min().map { Wakeup(at: $0, reason: "send a proposal again") }
    return Wakeup.earliest(raft?.nextWakeup, retry)
  }

  /// Takes a command of this VR.
  public mutating func propose(_ proposal: Proposal, at now: Instant) -> [Effect] {
    precondition(proposal.author == node, "a VR proposes in its own name")
    pending[proposal.id] = Pending(
      proposal: proposal, since: now, nextTry: now + Self.retryFirst, interval: Self.retryFirst)
    return submit(proposal, at: now)
  }

  /// Takes a command of another VR, whose session proved that it is the author.
  public mutating func received(_ proposal: Proposal, from peer: NodeID, at now: Instant) -> [Effect] {
    guard proposal.author == peer, raft != nil else { return [] }
    return submit(proposal, at: now)
  }

  public mutating func received(_ message: RaftMessage, from peer: NodeID, at now: Instant) -> [Effect] {
    guard voters.contains(peer), var core = raft else { return [] }
    let effects = core.handle(.received(message, from: peer), at: now)
    raft = core
    return perform(effects, at: now)
  }

  public mutating func received(answer: Result<RegistryAnswer, RegistryRefusal>, to id: ProposalID) -> [Effect] {
    guard pending.removeValue(forKey: id) != nil else { return [] }
    return [.answered(id, answer.mapError { .refused($0) })]
  }

  /// The shell has carried out all writes up to this one.
  public mutating func persisted(_ number: WriteNumber, at now: Instant) -> [Effect] {
    step(.persisted(number), at: now)
  }

  public mutating func wakeup(at now: Instant) -> [Effect] {
    var effects = step(.wakeup, at: now)
    for id in pending.keys {
      guard let waiting = pending[id] else { continue }
      if now - waiting.since >= Self.patience {
        pending.removeValue(forKey: id)
        effects.append(.answered(id, .failure(.unanswered)))
      } else if waiting.nextTry <= now {
        _ = pending.update(id) {
          $0.interval = $0.interval * 2
          $0.nextTry = now + $0.interval
        }
        effects += submit(waiting.proposal, at: now)
      }
    }
    return effects
  }

  private mutating func submit(_ proposal: Proposal, at now: Instant) -> [Effect] {
    guard raft != nil else { return voters.prefix(1).map { .send(.proposal(proposal), to: $0) } }
    return step(.propose([LogCommand.encode(proposal)]), at: now)
  }

  private mutating func step(_ input: Raft.Input, at now: Instant) -> [Effect] {
    guard var core = raft else { return [] }
    let effects = core.handle(input, at: now)
    raft = core
    return perform(effects, at: now)
  }

  private mutating func perform(_ effects: [Raft.Effect], at now: Instant) -> [Effect] {
    effects.flatMap { effect -> [Effect] in
      switch effect {
      case .persist(let write): [.persist(write)]
      case .send(let message, let peer): [.send(.raft(message), to: peer)]
      case .committed(let entries): entries.flatMap { apply($0) }
      // The proposal stays pending and is tried again until somebody leads or patience ends.
      case .refused, .role, .configuration: []
      // The registry neither makes snapshots nor reads through consensus.
      case .restore, .readable: []
      }
    }
  }

  private mutating func apply(_ entry: LogEntry) -> [Effect] {
    precondition(entry.index.rawValue > appliedIndex, "log entry \(entry.index) was applied before")
    appliedIndex = entry.index.rawValue
    // What does not decode was written by a newer version: it has no meaning here, and must not stop a voter.
    guard case .command(let bytes) = entry.payload, let proposal = try? LogCommand.decode(bytes) else { return [] }
    let application = registry.apply(proposal, at: entry.index.rawValue)
    var effects: [Effect] = application.facts.isEmpty ? [] : [.facts(application.facts)]
    if proposal.author == node {
      if pending.removeValue(forKey: proposal.id) != nil {
        effects.append(.answered(proposal.id, application.outcome.mapError { .refused($0) }))
      }
    } else if raft?.isLeader == true {
      effects.append(.send(.proposalAnswer(proposal.id, application.outcome), to: proposal.author))
    }
    return effects
  }
}
