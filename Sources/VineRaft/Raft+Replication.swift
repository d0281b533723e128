import VineBase

/// Log replication (Raft paper 5.3) and commitment (5.4.2).
extension Raft {
  mutating func replicate(at now: Instant, _ effects: inout [Effect]) {
    for peer in progress.keys { send(to: peer, &effects) }
  }

  /// Heartbeat; and a leader that does not hear a majority steps down (thesis 6.2).
  mutating func beat(at now: Instant, _ effects: inout [Effect]) {
    let isReached = configuration.isQuorum { peer in
      peer == node || progress[peer].map { now - $0.heard < settings.electionTimeout * 2 } ?? false
    }
    guard isReached else { return step(down: nil, at: now, &effects) }
    deadline = now + settings.heartbeatInterval
    replicate(at: now, &effects)
  }

  private func send(to peer: NodeID, _ effects: inout [Effect]) {
    guard let known = progress[peer], let previousTerm = log.term(at: known.next.previous) else { return }
    let entries = log.slice(from: known.next, max: settings.entriesMax)
    let message = Append(
      term: hardState.term, session: known.session, previousIndex: known.next.previous, previousTerm: previousTerm,
      commit: log.committed, entries: entries)
    effects.append(.send(.append(message), to: peer))
  }

  mutating func follow(_ append: Append, from peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    func reply(_ success: Bool, _ match: LogIndex) -> Effect {
      .send(
        .appendReply(AppendReply(term: hardState.term, session: append.session, success: success, match: match)),
        to: peer)
    }
    guard append.term == hardState.term, role != .leader, isContiguous(append) else {
      effects.append(reply(false, log.lastIndex))
      return
    }
    step(down: peer, at: now, &effects)
    leaderHeard = now
    guard log.term(at: append.previousIndex) == append.previousTerm else {
      // Skip what cannot match: never before what is committed, which every leader has.
      let hint = min(log.lastIndex, append.previousIndex == .zero ? .zero : append.previousIndex.previous)
      effects.append(reply(false, max(hint, log.committed)))
      return
    }
    let (new, truncated) = log.merge(append.entries)
    if !new.isEmpty { effects.append(.persist(nil, appending: new, truncatingFrom: truncated)) }
    let match = LogIndex(rawValue: append.previousIndex.rawValue + UInt64(append.entries.count))
    effects.append(reply(true, match))
    let committed = log.commit(through: min(append.commit, match))
    decided(committed, &effects)
  }

  /// Bytes from outside may say anything; entries count up from the previous one, in terms that do not fall.
  private func isContiguous(_ append: Append) -> Bool {
    guard append.previousIndex.rawValue < UInt64(Int64.max) else { return false }
    var (index, term) = (append.previousIndex, append.previousTerm)
    for entry in append.entries {
      guard entry.index == index.next, entry.term >= term, entry.term <= append.term else { return false }
      // What is committed never changes; a message that says so is not from a leader.
      if entry.index <= log.committed, log.term(at: entry.index) != entry.term { return false }
      (index, term) = (entry.index, entry.term)
    }
    return true
  }

  mutating func heard(_ reply: AppendReply, from peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    // What a VR said before it was taken out and put in again is not true of its new log.
    guard role == .leader, reply.term == hardState.term, var known = progress[peer], known.session == reply.session
    else { return }
    known.heard = now
    if reply.success {
      known.match = max(known.match, min(reply.match, log.lastIndex))
      known.next = max(known.next, known.match.next)
    } else {
      known.next = max(
        known.match.next, min(reply.match, known.next.previous == .zero ? .zero : known.next.previous.previous).next)
    }
    progress[peer] = known
    advanceCommit(at: now, &effects)
    guard role == .leader else { return }
    if !reply.success || known.next <= log.lastIndex { send(to: peer, &effects) }
  }

  /// Commits what a quorum has durably, of the own term only; older entries come with it (Raft paper, figure 8).
  mutating func advanceCommit(at now: Instant, _ effects: inout [Effect]) {
    guard role == .leader else { return }
    let index = configuration.agreed { $0 == node ? log.durable : progress[$0]?.match ?? .zero }
    guard log.term(at: index) == hardState.term else { return }
    decided(log.commit(through: index), &effects)
    guard log.configurationIndex <= log.committed else { return }
    if configuration.isJoint {
      append(.configuration(configuration.leaving), &effects)
      trackMembers(at: now)
      replicate(at: now, &effects)
    } else if !configuration.isVoter(node) {
      // It led the change that took it out, to the end (Raft paper 6). The others learn of that from the next leader.
      step(down: nil, at: now, &effects)
    }
  }

  /// Entries that have just been committed.
  func decided(_ entries: [LogEntry], _ effects: inout [Effect]) {
    guard !entries.isEmpty else { return }
    effects.append(.committed(entries))
    for entry in entries {
      if case .configuration(let configuration) = entry.payload, !configuration.isJoint {
        effects.append(.configuration(configuration))
      }
    }
  }
}
