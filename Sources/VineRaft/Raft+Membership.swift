import VineBase

/// Changes of the configuration: joint consensus (thesis 4.3), learners first (4.2.1).
extension Raft {
  mutating func change(to voters: [VoterID], _ learners: [VoterID], at now: Instant, _ out: inout Outbox) {
    let wanted = Configuration(voters: voters, learners: learners)
    if let refusal = refusal(of: wanted, at: now) {
      return out.append(.refused(.configuration, refusal, leader: leader))
    }
    let present = configuration
    let isJoint = wanted.voters != present.voters && !isSingleStep(from: present, to: wanted)
    let next = Configuration(
      voters: wanted.voters, outgoing: isJoint ? present.voters : [], learners: wanted.learners)
    append([.configuration(next)], at: now, &out)
  }

  private func refusal(of wanted: Configuration, at now: Instant) -> Refusal? {
    guard let leadership else { return .notLeader }
    if leadership.handover != nil { return .transferring }
    if let fault = wanted.fault { return .unsound(fault) }
    if wanted.voters.isEmpty { return .unsound(.noVoters) }
    let (index, present) = configurationInForce
    if index > log.committed || present.isJoint { return .changeInFlight }
    if log.committed < leadership.firstIndex, !flaws.contains(.singleServerChange) { return .nothingCommittedYet }
    if wanted == present { return .unchanged }
    for voter in wanted.voters where !present.voters.contains(voter) {
      let isReady =
        present.learners.contains(voter) && leadership.progress[voter]?.catchUp.isDone == true
        && isHeard(voter, at: now, within: settings.quorumPatience)
      if !isReady { return .notCaughtUp(voter) }
    }
    return nil
  }

  /// The change of one voter without a joint configuration: safe in most cases.
  private func isSingleStep(from present: Configuration, to wanted: Configuration) -> Bool {
    guard flaws.contains(.singleServerChange) else { return false }
    let joined = wanted.voters.count { !present.voters.contains($0) }
    let left = present.voters.count { !wanted.voters.contains($0) }
    return joined + left == 1
  }

  /// After an advance of the commit index: leaves a joint configuration; and a leader without a vote goes.
  mutating func goOnWithChange(at now: Instant, _ out: inout Outbox) {
    let (index, present) = configurationInForce
    guard let leadership, index <= log.committed, log.committed >= leadership.firstIndex, leadership.settled != index
    else { return }
    self.leadership?.settled = index
    if present.isJoint { return append([.configuration(present.left)], at: now, &out) }
    let removed = leadership.progress.keys.filter { !present.members.contains($0) }
    // They hear that they are no longer needed; after this nobody speaks to them.
    for peer in removed {
      guard var progress = leadership.progress[peer] else { continue }
      replicate(to: peer, &progress, at: now, isHeartbeat: true, &out)
    }
    updateMembers(at: now)
    guard !present.voters.contains(voter) else { return }
    // The one that has most goes first, so that nobody waits for an election timeout.
    if let heir = heir(among: present.voters) { send(.timeoutNow, to: heir, &out) }
    stepDown(leader: nil, at: now, &out)
  }

  /// Knows each member, and whoever is to leave until it is known that it has left. A member that comes back begins a
  /// new session.
  mutating func updateMembers(at now: Instant) {
    guard var known = leadership?.progress else { return }
    let (index, present) = configurationInForce
    let members = present.members
    if index <= log.committed {
      for peer in known.keys where !members.contains(peer) { known[peer] = nil }
    }
    for peer in members where peer != voter && known[peer] == nil {
      lastSession += 1
      known[peer] = Progress(
        session: ReplicationSession(rawValue: lastSession), next: log.lastIndex.next, lastIndex: log.lastIndex, at: now)
    }
    leadership?.progress = known
  }

  func heir(among voters: [VoterID]) -> VoterID? {
    voters.filter { $0 != voter }
      .max { (leadership?.progress[$0]?.match ?? .zero) < (leadership?.progress[$1]?.match ?? .zero) }
  }
}

/// What a leader knows of a member, for who chooses voters and for people.
public struct MemberStatus: Hashable, Sendable {
  public let voter: VoterID
  /// Up to here its log agrees.
  public let match: LogIndex
  /// Near enough to vote.
  public let isCaughtUp: Bool
  /// Since its last word.
  public let silence: Duration

  public init(voter: VoterID, match: LogIndex, isCaughtUp: Bool, silence: Duration) {
    (self.voter, self.match, self.isCaughtUp, self.silence) = (voter, match, isCaughtUp, silence)
  }
}

extension Raft {
  /// Of all members but this one, in order; empty unless this one leads.
  public func members(at now: Instant) -> [MemberStatus] {
    (leadership?.progress ?? [:]).map { peer, progress in
      MemberStatus(
        voter: peer, match: progress.match, isCaughtUp: progress.catchUp.isDone, silence: now - progress.heard)
    }
  }

  /// How far each member's log is known to agree; empty unless this one leads.
  public var matchIndices: [(NodeID, LogIndex)] {
    (leadership?.progress ?? [:]).map { ($0.0.node, $0.1.match) }
  }
}
