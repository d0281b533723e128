import VineBase

/// What a follower does with a leader's entries (Raft paper 5.3).
extension Raft {
  mutating func follow(
    _ append: Append, in term: Term, from peer: VoterID, at now: Instant, _ out: inout Outbox
  ) {
    guard term == hardState.term else {
      // Tells a leader of the past which term it is.
      return reject(append, to: peer, &out)
    }
    // Two leaders in one term do not exist; bytes that say so are not from a leader.
    guard role != .leader, append.isSound(term: term) else { return }
    hear(leader: peer, at: now, &out)
    if append.previousIndex < log.baseIndex {
      // Long committed, and with it everything up to the commit index.
      return acknowledge(append, log.committed, to: peer, &out)
    }
    guard log.term(at: append.previousIndex) == append.previousTerm else {
      if append.previousIndex > log.lastIndex { early.keep(append, of: source(append, peer)) }
      return reject(append, to: peer, &out)
    }
    let append = early.complete(append, of: source(append, peer))
    let keeps = flaws.contains(.keepsCutConfiguration)
    guard let (new, cut) = log.merge(append.entries, keepingCutConfigurations: keeps) else { return }
    let match = append.previousIndex.advanced(by: append.entries.count)
    if flaws.contains(.acksBeforePersist) { acknowledge(append, match, to: peer, &out) }
    if !new.isEmpty {
      out.persist {
        $0.truncatingFrom = cut
        $0.entries += new
      }
    }
    if !flaws.contains(.acksBeforePersist) { acknowledge(append, match, to: peer, &out) }
    let compared = flaws.contains(.commitsUncompared) ? log.lastIndex : match
    let committed = log.commit(through: min(append.commit, compared))
    if !committed.isEmpty { out.append(.committed(committed)) }
  }

  /// Whoever never answered this leader waits for entries that it can compare.
  mutating func follow(
    _ heartbeat: Heartbeat, in term: Term, from peer: VoterID, at now: Instant, _ out: inout Outbox
  ) {
    guard term == hardState.term else {
      // Tells a leader of the past which term it is.
      return send(.heartbeatReply(heartbeat.session), to: peer, &out)
    }
    let source = AppendSource(leader: peer, session: heartbeat.session, term: term)
    guard role != .leader, let agreement, agreement.source == source else { return }
    hear(leader: peer, at: now, &out)
    if heartbeat.wantsAnswer { send(.heartbeatReply(heartbeat.session), to: peer, &out) }
    let committed = log.commit(through: min(heartbeat.commit, agreement.match))
    if !committed.isEmpty { out.append(.committed(committed)) }
  }

  mutating func hear(leader peer: VoterID, at now: Instant, _ out: inout Outbox) {
    stepDown(leader: peer, at: now, &out)
    leaderHeard = now
  }

  /// Of an append of the present term.
  private func source(_ append: Append, _ leader: VoterID) -> AppendSource {
    AppendSource(leader: leader, session: append.session, term: hardState.term)
  }

  private mutating func acknowledge(_ append: Append, _ index: LogIndex, to peer: VoterID, _ out: inout Outbox) {
    let source = source(append, peer)
    if agreement?.source != source { agreement = LeaderAgreement(source: source, match: index) }
    agreement?.reached(index)
    let reply = AppendReply(session: append.session, round: append.round, outcome: .matched(index))
    send(.appendReply(reply), to: peer, &out)
  }

  /// With a hint that skips a whole term: never before what is committed, which every leader has.
  private func reject(_ append: Append, to peer: VoterID, _ out: inout Outbox) {
    let hint = log.lastAgreeable(notAfter: append.previousIndex, append.previousTerm)
    let least = max(hint.index, log.committed)
    let outcome = AppendReply.Outcome.rejected(
      previous: append.previousIndex, hint: least, hintTerm: log.term(at: least) ?? hint.term)
    let reply = AppendReply(session: append.session, round: append.round, outcome: outcome)
    send(.appendReply(reply), to: peer, &out)
  }
}
