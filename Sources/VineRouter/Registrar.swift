import VineAddress
import VineBase
import VineRaft
import VineRegistry
import VineWire

/// The way of a registry command: from whoever asks, through consensus, to the facts that come of it.
///
/// Every VR has a Raft core; that of a VR that does not vote sleeps until a leader makes it a learner. The leader runs
/// the registry's commands; any other VR sends its proposals to a voter, which passes them on, and waits. Both sides
/// retry, and the registry answers a repeated `ProposalID` with its first outcome, so a lost answer costs nothing.
///
/// Extensions by role: `Registrar+Proposals`, `Registrar+Voters`, `Registrar+Delegate`.
public struct Registrar: Sendable {
  public enum Effect: Sendable {
    /// Durable before any later effect of the same batch is carried out; answered with `persisted`.
    case persist(Persistence)
    case send(ControlMessage, to: NodeID)
    /// Committed facts, oldest first: to be attested and spread.
    case facts([RegistryFact])
    /// The outcome of a proposal that `propose` took.
    case answered(ProposalID, Result<RegistryAnswer, ProposalFailure>)
    /// Who leads, or who is in the group, is news.
    case groupChanged
    /// All that the store holds of the group goes, and the epoch is this one.
    case forgetGroup(Epoch)
    /// This voter stops, and why.
    case faulty(String)
    /// A reserve begins, or has ended; durable before anything is granted from it.
    case persistLedger(GrantLedger?)
    /// Durable before anybody is told.
    case persistGrant(SignedGrant)
    /// The majority decided otherwise meanwhile.
    case notRatified(Grant, GrantRefusal)
  }

  /// Why a proposal has no answer of the registry.
  public enum ProposalFailure: Error, Hashable, Sendable {
    case refused(RegistryRefusal)
    /// No voter answered in time; it may still be decided later.
    case unanswered
  }

  public let node: NodeID
  /// The registry's state; of a VR that does not vote, empty or of the time when it did.
  public internal(set) var registry: Registry
  public internal(set) var raft: Raft
  public private(set) var appliedIndex: UInt64
  /// Why this voter takes no part any more: it could not read what the group decided. It is replaced like a dead one.
  public private(set) var fault: String?
  /// VRs that vote as far as facts tell: whom to ask, and who may begin to speak to this one of consensus.
  public internal(set) var voters: [NodeID]
  /// Log index at which the group left this VR out, as a fact says.
  var retiredAt: LogIndex?
  var proposals = Proposals()
  var choice = VoterChoice()
  /// Since when this VR knows of no leader.
  private(set) var leaderlessSince: Instant?
  /// What this VR granted as a delegate; nil if it is none.
  var chain: GrantChain?
  /// A reserve was asked for when this much of the log was applied; which, once that is answered.
  var asked: (applied: UInt64, reserve: Block?)?
  /// Grants that the registry answered since the start.
  var ratifiedHere = 0
  /// Blocks that proposals of others got from this delegate.
  var grantedTo: SortedMap<ProposalID, Block> = [:]

  /// - Parameters:
  ///   - voters: as far as facts tell, or the founder.
  ///   - store, memory: the store and what it holds; empty on a VR that never was in the group.
  ///   - registry: what the memory's snapshot came to.
  public init(
    node: NodeID, voters: [NodeID], store: StoreID, memory: RaftMemory, registry: Registry = Registry(),
    random: RandomSource
  ) {
    precondition(!voters.isEmpty, "a mesh has at least one voter")
    self.node = node
    self.registry = registry
    appliedIndex = memory.snapshot.index.rawValue
    self.voters = voters
    raft = Raft(self: VoterID(node: node, store: store), memory: memory, settings: RaftSettings(), random: random)
  }

  public var isVoter: Bool { raft.configuration.isVoter(raft.voter) && !isRetired }
  /// Votes, or learns to.
  public var isMember: Bool { raft.configuration.names(node) && !isRetired }
  /// It was away while the group left it out: its log says that it votes, the facts say otherwise.
  private var isRetired: Bool { retiredAt.map { $0 > raft.configurationIndex } ?? false }
  /// Voters and learners of the group that this VR is in, or was.
  public var members: [NodeID] { raft.configuration.members.map(\.node) }

  /// Votes as facts tell, or is in the group that this VR is in: who may speak of consensus.
  func isOfGroup(_ peer: NodeID) -> Bool { voters.contains(peer) || raft.configuration.names(peer) }

  public var nextWakeup: Wakeup? { Wakeup.earliest(groupWakeup, proposals.nextWakeup) }

  /// Whoever was left out campaigns no more; a leader that wants it again speaks first.
  private var groupWakeup: Wakeup? { fault != nil || isRetired && !raft.isLeader ? nil : raft.nextWakeup }

  /// The mesh was recovered from the loss of its majority: the group that this VR may have been in is no more.
  mutating func begin(_ epoch: Epoch) -> [Effect] {
    guard epoch > raft.epoch else { return [] }
    raft = Raft(
      self: raft.voter, memory: RaftMemory(epoch: epoch), settings: RaftSettings(),
      random: RandomSource(seed: raft.nextSeed()))
    let trust = registry.trust
    registry = Registry(trust: trust)
    (appliedIndex, fault, retiredAt) = (0, nil, nil)
    return [.forgetGroup(epoch), .groupChanged]
  }

  /// Gives another run of the same VR other luck.
  mutating func reseed(_ random: RandomSource) { raft.reseed(random) }

  /// Only members of the group speak of consensus, and voters to whoever they want in it.
  public mutating func received(_ message: RaftMessage, from peer: NodeID, at now: Instant) -> [Effect] {
    guard fault == nil, isOfGroup(peer) else { return [] }
    return step(.received(message, from: peer), at: now)
  }

  /// The shell has carried out all writes up to this one.
  public mutating func persisted(_ number: WriteNumber, at now: Instant) -> [Effect] {
    step(.persisted(number), at: now)
  }

  public mutating func wakeup(at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    if groupWakeup.map({ $0.at <= now }) ?? false { effects += step(.wakeup, at: now) }
    return effects + sendDueProposals(at: now)
  }

  mutating func step(_ input: Raft.Input, at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    for effect in raft.handle(input, at: now) {
      switch effect {
      case .persist(let write): effects.append(.persist(write))
      case .send(let message, let peer): effects.append(.send(.raft(message), to: peer))
      case .committed(let entries): for entry in entries { effects += apply(entry) }
      // The proposal is sent again, to whoever leads by then.
      case .refused(.command(let bytes), _, _):
        if let proposal = try? LogCommand.decode(bytes) { proposals.decided(proposal.id) }
      case .refused: break
      case .role:
        proposals.forgetUnderway()
        proposals.sendAll(at: now)
        effects.append(.groupChanged)
      case .configuration: effects.append(.groupChanged)
      case .restore(let snapshot): effects += restore(snapshot)
      // Nobody asks for reads.
      case .readable: break
      }
    }
    leaderlessSince = raft.leader == nil ? leaderlessSince ?? now : nil
    return effects + compact(at: now)
  }

  // MARK: State machine

  /// Entries between two snapshots: a registry of a thousand sites takes half a megabyte.
  static let entriesPerSnapshot: UInt64 = 4096

  private mutating func compact(at now: Instant) -> [Effect] {
    guard appliedIndex >= raft.snapshotIndex.rawValue + Self.entriesPerSnapshot, fault == nil else { return [] }
    return step(.compact(through: LogIndex(rawValue: appliedIndex), state: registry.snapshot.encode()), at: now)
  }

  /// The state machine begins anew with a leader's state. Its facts come through gossip, as to everybody.
  private mutating func restore(_ snapshot: Snapshot) -> [Effect] {
    do throws(WireError) {
      let trust = registry.trust
      registry = try Registry.restored(from: snapshot)
      registry.trust = trust
      appliedIndex = snapshot.index.rawValue
      return [.groupChanged]
    } catch {
      fault = "the leader's snapshot cannot be read: \(error)"
      return [.faulty("\(fault ?? "")")]
    }
  }

  private mutating func apply(_ entry: LogEntry) -> [Effect] {
    guard fault == nil else { return [] }
    precondition(entry.index.rawValue > appliedIndex, "log entry \(entry.index) was applied before")
    appliedIndex = entry.index.rawValue
    switch entry.payload {
    case .noop: return []
    case .configuration(let configuration): return configured(configuration, at: entry.index)
    case .command(let bytes):
      // What does not decode was written by a newer version: it has no meaning here, and must not stop a voter.
      guard let proposal = try? LogCommand.decode(bytes) else { return [] }
      let application = registry.apply(proposal, at: entry.index.rawValue)
      let facts: [Effect] = application.facts.isEmpty ? [] : [.facts(application.facts)]
      return facts + decided(proposal.id, application.outcome)
    }
  }
}
