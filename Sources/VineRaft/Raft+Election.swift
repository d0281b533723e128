import VineBase

/// Elections (Raft paper 5.2, 5.4.1; pre-vote: thesis 9.6).
extension Raft {
  /// Voters of the configuration in force; and of the one before while it is not known to be left, because it may
  /// still be needed (thesis 4.2.2). So may a learner be: a leader that is gone for good may have left an entry with it
  /// alone, which took back that it is to vote, while a voter still goes by that change and needs its vote.
  var mayCampaign: Bool {
    let (index, configuration) = configurationInForce
    if configuration.voters.isEmpty { return false }
    return configuration.isVoter(voter) || isNeeded
      || index > log.committed && log.configurations.previous.isVoter(voter)
  }

  mutating func startPreVote(at now: Instant, _ out: inout Outbox) {
    guard mayCampaign else {
      deadline = nil
      return
    }
    // Nobody else's consent is needed.
    if configuration.isQuorum(alone: voter) { return startElection(isTransfer: false, at: now, &out) }
    // Consent to an earlier round of the same term is still consent.
    if role != .preCandidate { votes = [:] }
    role = .preCandidate
    leader = nil
    votes[voter] = true
    restartTimer(at: now)
    out.append(.role(.preCandidate, leader: nil))
    ask(.preVote(request(isTransfer: false)), in: hardState.term.next, &out)
  }

  mutating func startElection(isTransfer: Bool, at now: Instant, _ out: inout Outbox) {
    role = .candidate
    leader = nil
    votes = [:]
    votes[voter] = true
    hardState = HardState(term: hardState.term.next, votedFor: voter)
    restartTimer(at: now)
    // The vote for oneself is durable before anybody is asked for theirs.
    if !flaws.contains(.unpersistedVote) { out.persist { $0.hardState = hardState } }
    out.append(.role(.candidate, leader: nil))
    if isElected { return lead(at: now, &out) }
    ask(.vote(request(isTransfer: isTransfer)), in: hardState.term, &out)
  }

  mutating func count(_ granted: Bool, of peer: VoterID, at now: Instant, _ out: inout Outbox) {
    votes[peer] = granted
    guard isElected else { return }
    if role == .preCandidate {
      startElection(isTransfer: false, at: now, &out)
    } else {
      lead(at: now, &out)
    }
  }

  mutating func answer(
    preVote request: VoteRequest, in term: Term, from peer: VoterID, at now: Instant, _ out: inout Outbox
  ) {
    let granted = term > hardState.term && !hearsLeader(at: now) && isUpToDate(request)
    if !granted, !isUpToDate(request), !hearsLeader(at: now), configuration.isVoter(peer) { isNeeded = true }
    // A refusal carries the own term, so that whoever is behind catches up.
    send(.preVoteReply(granted: granted), in: granted ? term : hardState.term, to: peer, &out)
  }

  mutating func answer(
    vote request: VoteRequest, in term: Term, from peer: VoterID, at now: Instant, _ out: inout Outbox
  ) {
    let isFree = hardState.votedFor == nil && leader == nil || hardState.votedFor == peer
    let granted = term == hardState.term && isFree && role == .follower && isUpToDate(request)
    if granted, hardState.votedFor != peer {
      hardState.votedFor = peer
      if !flaws.contains(.unpersistedVote) { out.persist { $0.hardState = hardState } }
      restartTimer(at: now)
    }
    send(.voteReply(granted: granted), to: peer, &out)
  }

  func hearsLeader(at now: Instant) -> Bool {
    if role == .leader { return true }
    guard leader != nil, let leaderHeard else { return false }
    // Shorter than the shortest election timeout, because followers heard the leader last at different times; longer
    // than two idle heartbeats, so that whoever lost one does not vote against a leader that lives.
    return now - leaderHeard < settings.electionTimeout - settings.heartbeatInterval
  }

  /// Random, so that votes are seldom split (Raft paper 5.2); sooner after a campaign that came to nothing, because
  /// the leader is gone already.
  mutating func restartTimer(at now: Instant) {
    guard mayCampaign else {
      deadline = nil
      return
    }
    let least = role == .follower ? settings.electionTimeout : settings.electionTimeout / 2
    deadline = now + least + random.jitter(least)
  }

  private var isElected: Bool { isQuorum { votes[$0] == true } }

  func isQuorum(_ holds: (VoterID) -> Bool) -> Bool {
    guard flaws.contains(.oneMajority) else { return configuration.isQuorum(holds) }
    return Configuration(voters: configuration.voters).isQuorum(holds)
  }

  private func isUpToDate(_ request: VoteRequest) -> Bool {
    flaws.contains(.votesForShorterLog)
      || log.isUpToDate(lastIndex: request.lastIndex, lastTerm: request.lastTerm)
  }

  private func request(isTransfer: Bool) -> VoteRequest {
    VoteRequest(lastIndex: log.lastIndex, lastTerm: log.lastTerm, isTransfer: isTransfer)
  }

  private func ask(_ body: RaftMessage.Body, in term: Term, _ out: inout Outbox) {
    let configuration = configuration
    for peer in configuration.members where peer != voter && configuration.isVoter(peer) {
      send(body, in: term, to: peer, &out)
    }
  }
}
