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
    guard log.term(at: append.previousIndex) == append.previousTerm else { return reject(append, to: peer, &out) }
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

  mutating func hear(leader peer: VoterID, at now: Instant, _ out: inout Outbox) {
    stepDown(leader: peer, at: now, &out)
    leaderHeard = now
  }

  private func acknowledge(_ append: Append, _ index: LogIndex, to peer: VoterID, _ out: inout Outbox) {
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
