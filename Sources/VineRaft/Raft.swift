import VineBase

/// Consensus over opaque commands: one voter of a Raft group (Ongaro, Ousterhout 2014; Ongaro's thesis).
///
/// With pre-vote (thesis 9.6) and check-quorum (6.2), without which pre-vote can lock a group up. A leader counts
/// itself only for what is durable. Voters change by joint consensus (Raft paper 6), one change at a time, and whoever
/// is to vote learns the log first.
public struct Raft: Sendable {
  public enum Input: Sendable {
    case propose([UInt8])
    /// Makes these the voters and learners; answered by `configuration` when it is committed, or `changeRefused`.
    case change(voters: [NodeID], learners: [NodeID])
    case received(RaftMessage, from: NodeID)
    /// The shell has made the log durable up to here, as of this term.
    case persisted(through: LogIndex, term: Term)
    case wakeup
  }

  public enum Effect: Sendable {
    /// Durable before any later effect of the batch is carried out. The shell answers with `persisted`.
    case persist(HardState?, appending: [LogEntry], truncatingFrom: LogIndex?)
    case send(RaftMessage, to: NodeID)
    /// In log order, each entry once.
    case committed([LogEntry])
    case role(Role, leader: NodeID?)
    /// This voter does not lead.
    case refused([UInt8], leader: NodeID?)
    case changeRefused(ChangeRefusal)
    /// A configuration was committed that is no longer joint: the change is complete.
    case configuration(RaftConfiguration)
  }

  public enum Role: Hashable, Sendable { case follower, preCandidate, candidate, leader }

  /// What a leader knows of a follower (Raft paper, figure 2: nextIndex, matchIndex).
  struct Progress: Sendable {
    /// Tells the lives of a VR apart that was taken out and put in again under one leader.
    let session: UInt64
    var next: LogIndex
    var match = LogIndex.zero
    var heard: Instant
  }

  public let node: NodeID
  let settings: RaftSettings
  var random: RandomSource
  public internal(set) var hardState: HardState
  var log: RaftLog
  public internal(set) var role = Role.follower
  public internal(set) var leader: NodeID?
  /// Last word of a leader; no vote against one that is heard.
  var leaderHeard: Instant?
  var votes: Set<NodeID> = []
  var progress: SortedMap<NodeID, Progress> = [:]
  /// Election of a follower or candidate, heartbeat of a leader.
  var deadline: Instant?

  /// - Parameters:
  ///   - voters: who decides before the log says anything else. A VR that is not among them learns, once a leader has
  ///     it in its configuration.
  ///   - hardState, log: what the store holds, all of it durable.
  public init(
    self node: NodeID, voters: [NodeID], hardState: HardState, log: [LogEntry], settings: RaftSettings,
    random: RandomSource
  ) {
    precondition(!voters.isEmpty, "somebody decides")
    self.node = node
    self.hardState = hardState
    self.log = RaftLog(base: RaftConfiguration(voters: voters), log)
    self.settings = settings
    self.random = random
    precondition(self.log.lastTerm <= hardState.term, "the log is ahead of the term")
  }

  public var isLeader: Bool { role == .leader }
  public var commitIndex: LogIndex { log.committed }
  public var lastIndex: LogIndex { log.lastIndex }
  /// In force: the last in the log, committed or not.
  public var configuration: RaftConfiguration { log.configuration }
  public var isVoter: Bool { configuration.isVoter(node) }
  /// It decides alone.
  private var isOnlyVoter: Bool { configuration.allVoters == [node] }
  /// How far each voter's log is known to agree; empty unless this one leads.
  public var matchIndices: [(NodeID, LogIndex)] { progress.map { ($0.0, $0.1.match) } }

  /// A voter that was never woken is woken at once; who has no vote waits to be spoken to.
  public var nextWakeup: Wakeup? {
    guard isVoter || role == .leader else { return nil }
    return Wakeup(at: deadline ?? .zero, reason: role == .leader ? "heartbeat" : "election timeout")
  }

  /// The one door.
  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    switch input {
    case .propose(let command): propose(command, at: now, &effects)
    case .change(let voters, let learners): change(voters: voters, learners: learners, at: now, &effects)
    case .received(let message, let peer):
      guard peer != node else { return [] }
      received(message, from: peer, at: now, &effects)
    case .persisted(let index, let term):
      // What was written in an older term may have been overwritten since.
      if term == hardState.term { log.persisted(through: index) }
      advanceCommit(at: now, &effects)
    case .wakeup: wakeup(at: now, &effects)
    }
    precondition(log.committed <= log.lastIndex, "commit \(log.committed) past log end \(log.lastIndex)")
    precondition(role != .leader || leader == node, "a leader knows that it leads")
    return effects
  }

  private mutating func propose(_ command: [UInt8], at now: Instant, _ effects: inout [Effect]) {
    guard role == .leader else {
      effects.append(.refused(command, leader: leader))
      return
    }
    append(.command(command), &effects)
    replicate(at: now, &effects)
  }

  private mutating func wakeup(at now: Instant, _ effects: inout [Effect]) {
    guard let due = deadline else {
      // One voter needs nobody; several give a leader the time to speak up.
      if isOnlyVoter { startElection(at: now, &effects) } else { restartTimer(at: now) }
      return
    }
    guard due <= now else { return }
    switch role {
    case .leader: beat(at: now, &effects)
    case .follower, .preCandidate, .candidate:
      // Who has no vote asks for none.
      guard isVoter else { return restartTimer(at: now) }
      if isOnlyVoter { startElection(at: now, &effects) } else { startPreVote(at: now, &effects) }
    }
  }

  private mutating func received(
    _ message: RaftMessage, from peer: NodeID, at now: Instant, _ effects: inout [Effect]
  ) {
    adoptTerm(of: message, &effects, at: now)
    switch message {
    case .preVote(let request): answer(preVote: request, from: peer, at: now, &effects)
    case .vote(let request): answer(vote: request, from: peer, at: now, &effects)
    case .preVoteReply(let reply):
      guard role == .preCandidate, reply.granted, reply.term == hardState.term.next else { return }
      votes.insert(peer)
      if configuration.isQuorum(votes.contains) { startElection(at: now, &effects) }
    case .voteReply(let reply):
      guard role == .candidate, reply.granted, reply.term == hardState.term else { return }
      votes.insert(peer)
      if configuration.isQuorum(votes.contains) { lead(at: now, &effects) }
    case .append(let append): follow(append, from: peer, at: now, &effects)
    case .appendReply(let reply): heard(reply, from: peer, at: now, &effects)
    }
  }

  /// A higher term makes a follower of anybody (Raft paper 5.1). Not a pre-vote's, which nobody has begun, nor
  /// the granting answer to one.
  private mutating func adoptTerm(of message: RaftMessage, _ effects: inout [Effect], at now: Instant) {
    guard message.term > hardState.term else { return }
    switch message {
    case .preVote: return
    case .preVoteReply(let reply) where reply.granted: return
    default: break
    }
    hardState = HardState(term: message.term, votedFor: nil)
    effects.append(.persist(hardState, appending: [], truncatingFrom: nil))
    step(down: nil, at: now, &effects)
  }

  mutating func step(down leader: NodeID?, at now: Instant, _ effects: inout [Effect]) {
    let changed = role != .follower || self.leader != leader
    role = .follower
    self.leader = leader
    votes = []
    progress = [:]
    restartTimer(at: now)
    if changed { effects.append(.role(.follower, leader: leader)) }
  }

  mutating func restartTimer(at now: Instant) {
    deadline = now + settings.electionTimeout + random.jitter(settings.electionTimeout)
  }

  mutating func append(_ payload: EntryPayload, _ effects: inout [Effect]) {
    let entry = LogEntry(index: log.lastIndex.next, term: hardState.term, payload: payload)
    log.append(entry)
    effects.append(.persist(nil, appending: [entry], truncatingFrom: nil))
  }
}
