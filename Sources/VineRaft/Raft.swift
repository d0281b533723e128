import VineBase

/// Consensus over opaque commands: one member of a Raft group (Ongaro, Ousterhout 2014; Ongaro's thesis).
///
/// With pre-vote (thesis 9.6) and check-quorum (6.2), without which pre-vote can lock a group up. Nothing is decided
/// by clocks: they only start elections, and make leaders without a quorum step down. Members are added as learners,
/// catch up, and vote after a joint configuration (4.3). Decisions rest on what is durable alone.
///
/// Messages of another epoch and for another store are dropped. Whether the sender may belong to the group at all is
/// for the shell to say; who has a vote, the log says.
public struct Raft: Sendable {
  public let voter: VoterID
  public let epoch: Epoch
  let settings: RaftSettings
  package var flaws: RaftFlaws = []
  var random: RandomSource
  public internal(set) var hardState: HardState
  var log: RaftLog
  /// What the log held at the start.
  let loadedThrough: LogIndex
  public internal(set) var role = Role.follower
  public internal(set) var leader: VoterID?
  /// Last word of a leader; no vote against one that is heard.
  var leaderHeard: Instant?
  /// The leader of this term that this VR answered, and up to where their logs are the same.
  var agreement: LeaderAgreement?
  /// Messages of the leader that overtook one that is missing.
  var early = EarlyAppends()
  /// A voter wanted the vote of this VR, which has none by its own log, and has more than the voter: nobody but this VR
  /// may be able to lead.
  var isNeeded = false
  /// Who gave a vote, or said that it would, in the campaign under way.
  var votes: SortedMap<VoterID, Bool> = [:]
  /// Of a leader, and nobody else.
  var leadership: Leadership?
  var assembly: SnapshotAssembly?
  /// Election of a voter, heartbeat of a leader; nil of whoever has no vote.
  var deadline: Instant?
  private var hasStarted = false
  private var nextNumber = WriteNumber(rawValue: 1)
  /// Leads on from one leadership to the next, so that no two sessions have one name.
  var lastSession: UInt64 = 0

  public init(self voter: VoterID, memory: RaftMemory, settings: RaftSettings, random: RandomSource) {
    self.voter = voter
    self.settings = settings
    self.random = random
    epoch = memory.epoch
    hardState = memory.hardState
    log = RaftLog(snapshot: memory.snapshot, entries: memory.entries)
    loadedThrough = log.lastIndex
  }

  public var isLeader: Bool { role == .leader }
  public var term: Term { hardState.term }
  public var commitIndex: LogIndex { log.committed }
  public var lastIndex: LogIndex { log.lastIndex }
  public var snapshotIndex: LogIndex { log.snapshot.index }

  /// In force: the last in the log, committed or not.
  public var configuration: Configuration { configurationInForce.configuration }
  /// Where in the log it is.
  public var configurationIndex: LogIndex { configurationInForce.index }

  var configurationInForce: (index: LogIndex, configuration: Configuration) {
    if flaws.contains(.configurationOnceCommitted) {
      return log.configurations.lastKnown { $0 <= log.committed }
    }
    if flaws.contains(.ignoresUnapplied) {
      return log.configurations.lastKnown { $0 <= log.committed || $0 > loadedThrough }
    }
    return log.configurations.last
  }

  /// A member that was never woken is woken at once; whoever has no vote waits to be told.
  public var nextWakeup: Wakeup? {
    guard hasStarted else { return Wakeup(at: .zero, reason: "start of consensus") }
    return deadline.map { Wakeup(at: $0, reason: role == .leader ? "heartbeat" : "election timeout") }
  }

  /// Gives another run of the same voter other luck, from its next timer on.
  public mutating func reseed(_ random: RandomSource) { self.random = random }

  /// For a core that takes this one's place.
  public mutating func nextSeed() -> UInt64 { random.next() }

  /// The one door.
  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    var out = Outbox(nextNumber: nextNumber)
    let before = (configurationInForce.index, configurationInForce.index <= log.committed)
    if !hasStarted { start(at: now) }
    switch input {
    case .propose(let commands): propose(commands, at: now, &out)
    case .read(let context): read(context, at: now, &out)
    case .received(let message, let peer): received(message, from: peer, at: now, &out)
    case .persisted(let number):
      log.persisted(number)
      advanceCommit(at: now, &out)
    case .wakeup: wakeup(at: now, &out)
    case .changeConfiguration(let voters, let learners):
      change(to: voters, learners, at: now, &out)
    case .transfer(let target): transfer(to: target, at: now, &out)
    case .compact(let index, let state): compact(through: index, state, &out)
    }
    finish(since: before, at: now, &out)
    return out.effects
  }

  private mutating func start(at now: Instant) {
    hasStarted = true
    precondition(log.lastTerm <= hardState.term || !flaws.isEmpty, "the log is ahead of the term")
    restartTimer(at: now)
    // One voter needs nobody; several give a leader the time to speak up.
    if configuration.isQuorum(alone: voter) { deadline = now }
  }

  private mutating func finish(
    since before: (index: LogIndex, isCommitted: Bool), at now: Instant, _ out: inout Outbox
  ) {
    let (index, configuration) = configurationInForce
    if (index, index <= log.committed) != before {
      out.append(.configuration(configuration, at: index, isCommitted: index <= log.committed))
    }
    for case .persist(let write) in out.effects {
      log.wrote(write.number, through: write.entries.last?.index ?? .zero)
    }
    nextNumber = out.nextNumber
    if role != .leader, deadline == nil, mayCampaign { restartTimer(at: now) }
    precondition(log.committed <= log.lastIndex, "commit \(log.committed) past log end \(log.lastIndex)")
    precondition((role == .leader) == (leadership != nil), "who leads has what a leader knows, nobody else")
    precondition(role != .leader || leader == voter, "a leader knows that it leads")
  }

  private mutating func wakeup(at now: Instant, _ out: inout Outbox) {
    guard let due = deadline, due <= now else { return }
    switch role {
    case .leader: beat(at: now, &out)
    case .follower, .preCandidate: startPreVote(at: now, &out)
    // Votes were split or lost: whether another election has a chance is asked first.
    case .candidate: startPreVote(at: now, &out)
    }
  }

  private mutating func received(_ message: RaftMessage, from node: NodeID, at now: Instant, _ out: inout Outbox) {
    guard message.epoch == epoch, message.to == voter.store || flaws.contains(.takesOthersMail) else { return }
    // Nobody counted so far.
    guard message.term.rawValue < UInt64(Int64.max) else { return }
    let peer = VoterID(node: node, store: message.from)
    guard peer != voter, shallHear(message, at: now) else { return }
    adoptTerm(of: message, at: now, &out)
    let isPresent = message.term == hardState.term
    switch message.body {
    case .preVote(let request): answer(preVote: request, in: message.term, from: peer, at: now, &out)
    case .vote(let request): answer(vote: request, in: message.term, from: peer, at: now, &out)
    case .preVoteReply(let granted):
      guard role == .preCandidate, message.term == hardState.term.next || !granted else { return }
      count(granted, of: peer, at: now, &out)
    case .voteReply(let granted):
      guard role == .candidate, isPresent else { return }
      count(granted, of: peer, at: now, &out)
    case .heartbeat(let heartbeat): follow(heartbeat, in: message.term, from: peer, at: now, &out)
    case .heartbeatReply(let session): if isPresent { heard(session, from: peer, at: now) }
    case .append(let append): follow(append, in: message.term, from: peer, at: now, &out)
    case .install(let chunk): follow(chunk, in: message.term, from: peer, at: now, &out)
    case .appendReply(let reply): if isPresent { heard(reply, from: peer, at: now, &out) }
    case .installReply(let reply): if isPresent { heard(reply, from: peer, at: now, &out) }
    case .timeoutNow:
      guard isPresent, role == .follower, leader == peer, mayCampaign else { return }
      startElection(isTransfer: true, at: now, &out)
    }
  }

  /// Whoever hears a leader takes no part in an election that nobody needs (thesis 4.2.3): a removed voter, which
  /// does not know that it is one, would disturb the group.
  private func shallHear(_ message: RaftMessage, at now: Instant) -> Bool {
    guard case .vote(let request) = message.body, message.term > hardState.term else { return true }
    return request.isTransfer || !hearsLeader(at: now)
  }

  /// A higher term makes a follower of anybody (Raft paper 5.1). Not a pre-vote's, which nobody has begun, nor
  /// the granting answer to one.
  private mutating func adoptTerm(of message: RaftMessage, at now: Instant, _ out: inout Outbox) {
    guard message.term > hardState.term else { return }
    switch message.body {
    case .preVote, .preVoteReply(granted: true): return
    default: break
    }
    hardState = HardState(term: message.term, votedFor: nil)
    if !flaws.contains(.unpersistedTerm) { out.persist { $0.hardState = hardState } }
    stepDown(leader: nil, at: now, &out)
  }

  mutating func stepDown(leader: VoterID?, at now: Instant, _ out: inout Outbox) {
    let changed = role != .follower || self.leader != leader
    abandonReads(&out)
    role = .follower
    self.leader = leader
    if leader != nil { isNeeded = false }
    votes = [:]
    leadership = nil
    restartTimer(at: now)
    if changed { out.append(.role(.follower, leader: leader)) }
  }

  func send(_ body: RaftMessage.Body, in term: Term? = nil, to peer: VoterID, _ out: inout Outbox) {
    let message = RaftMessage(
      epoch: epoch, from: voter.store, to: peer.store, term: term ?? hardState.term, body: body)
    out.append(.send(message, to: peer.node))
  }
}
