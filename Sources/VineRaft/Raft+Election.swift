import VineBase

/// Elections (Raft paper 5.2, 5.4.1; pre-vote: thesis 9.6).
extension Raft {
  mutating func startPreVote(at now: Instant, _ effects: inout [Effect]) {
    role = .preCandidate
    leader = nil
    votes = [node]
    restartTimer(at: now)
    effects.append(.role(.preCandidate, leader: nil))
    let request = VoteRequest(term: hardState.term.next, lastIndex: log.lastIndex, lastTerm: log.lastTerm)
    for peer in configuration.allVoters where peer != node { effects.append(.send(.preVote(request), to: peer)) }
  }

  mutating func startElection(at now: Instant, _ effects: inout [Effect]) {
    role = .candidate
    leader = nil
    votes = [node]
    hardState = HardState(term: hardState.term.next, votedFor: node)
    restartTimer(at: now)
    // The vote for oneself is durable before anybody is asked for theirs.
    effects.append(.persist(hardState, appending: [], truncatingFrom: nil))
    effects.append(.role(.candidate, leader: nil))
    if configuration.isQuorum(votes.contains) { return lead(at: now, &effects) }
    let request = VoteRequest(term: hardState.term, lastIndex: log.lastIndex, lastTerm: log.lastTerm)
    for peer in configuration.allVoters where peer != node { effects.append(.send(.vote(request), to: peer)) }
  }

  mutating func answer(preVote request: VoteRequest, from peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    let granted =
      request.term > hardState.term && !hearsLeader(at: now)
      && log.isUpToDate(lastIndex: request.lastIndex, lastTerm: request.lastTerm)
    // A refusal carries the own term, so that whoever is behind catches up.
    let reply = VoteReply(term: granted ? request.term : hardState.term, granted: granted)
    effects.append(.send(.preVoteReply(reply), to: peer))
  }

  mutating func answer(vote request: VoteRequest, from peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    let granted =
      request.term == hardState.term && (hardState.votedFor == nil || hardState.votedFor == peer)
      && role == .follower && log.isUpToDate(lastIndex: request.lastIndex, lastTerm: request.lastTerm)
    if granted, hardState.votedFor != peer {
      hardState.votedFor = peer
      effects.append(.persist(hardState, appending: [], truncatingFrom: nil))
      restartTimer(at: now)
    }
    effects.append(.send(.voteReply(VoteReply(term: hardState.term, granted: granted)), to: peer))
  }

  mutating func lead(at now: Instant, _ effects: inout [Effect]) {
    precondition(role == .candidate, "only a candidate is elected")
    role = .leader
    leader = node
    votes = []
    progress = [:]
    trackMembers(at: now)
    deadline = now + settings.heartbeatInterval
    effects.append(.role(.leader, leader: node))
    append(.noop, &effects)
    replicate(at: now, &effects)
  }

  private func hearsLeader(at now: Instant) -> Bool {
    if role == .leader { return true }
    return leaderHeard.map { now - $0 < settings.electionTimeout } ?? false
  }
}
