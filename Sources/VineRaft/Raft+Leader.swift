import VineBase

/// What only a leader knows.
struct Leadership: Sendable {
  var progress: SortedMap<VoterID, Progress> = [:]
  var reads = ReadQueue()
  var handover: Handover?
  /// The configuration whose commitment has been seen to.
  var settled: LogIndex?
  /// Its first entry: once this is committed, it knows what was committed before (thesis 6.4).
  let firstIndex: LogIndex
}

/// Replication (Raft paper 5.3) and commitment (5.4.2).
extension Raft {
  mutating func lead(at now: Instant, _ out: inout Outbox) {
    precondition(role == .candidate, "only a candidate is elected")
    role = .leader
    leader = voter
    votes = [:]
    assembly = nil
    leadership = Leadership(firstIndex: log.lastIndex.next)
    updateMembers(at: now)
    deadline = now + settings.heartbeatInterval
    out.append(.role(.leader, leader: voter))
    append([.noop], at: now, &out)
  }

  mutating func propose(_ commands: [[UInt8]], at now: Instant, _ out: inout Outbox) {
    var (taken, byteCount): ([EntryPayload], Int) = ([], log.uncommittedByteCount)
    for command in commands {
      guard let refusal = refusal(of: command, beside: byteCount) else {
        taken.append(.command(command))
        byteCount += command.count
        continue
      }
      out.append(.refused(.command(command), refusal, leader: leader))
    }
    if !taken.isEmpty { append(taken, at: now, &out) }
  }

  private func refusal(of command: [UInt8], beside byteCount: Int) -> Refusal? {
    guard let leadership else { return .notLeader }
    if leadership.handover != nil { return .transferring }
    if command.count > settings.commandMax { return .commandTooLong(max: settings.commandMax) }
    return byteCount > settings.uncommittedByteCountMax ? .overloaded : nil
  }

  /// Puts entries into the own log: sent first, then written, so that both take place at once (thesis 10.2.1).
  mutating func append(_ payloads: [EntryPayload], at now: Instant, _ out: inout Outbox) {
    var entries: [LogEntry] = []
    for payload in payloads {
      let entry = LogEntry(index: log.lastIndex.next, term: hardState.term, payload: payload)
      log.append(entry)
      entries.append(entry)
    }
    updateMembers(at: now)
    replicate(at: now, &out)
    // What is lost is not sent again before the next heartbeat.
    if let due = deadline { deadline = min(due, now + settings.heartbeatInterval) }
    out.persist { $0.entries += entries }
    if flaws.contains(.countsUnsynced) { advanceCommit(at: now, &out) }
  }

  mutating func replicate(at now: Instant, isHeartbeat: Bool = false, _ out: inout Outbox) {
    for peer in leadership?.progress.keys ?? [] { replicate(to: peer, at: now, isHeartbeat: isHeartbeat, &out) }
  }

  /// Heartbeat; and a leader that does not hear a quorum steps down (thesis 6.2).
  mutating func beat(at now: Instant, _ out: inout Outbox) {
    let hearsQuorum = isQuorum { $0 == voter || isHeard($0, at: now, within: settings.quorumPatience) }
    guard hearsQuorum || flaws.contains(.noCheckQuorum) else { return stepDown(leader: nil, at: now, &out) }
    endHandover(at: now)
    replicate(at: now, isHeartbeat: true, &out)
    deadline = now + (isIdle(at: now) ? settings.idleInterval : settings.heartbeatInterval)
  }

  /// All followers have all, and were heard of late.
  private func isIdle(at now: Instant) -> Bool {
    guard let leadership, leadership.reads.count == 0, log.committed == log.lastIndex else { return false }
    return leadership.progress.values.allSatisfy { isInStep($0) && now - $0.heard < settings.silence }
  }

  /// Has all, is known to be quick, and has answered the last round of reads.
  private func isInStep(_ progress: Progress) -> Bool {
    guard case .replicate = progress.state, progress.catchUp.isDone else { return false }
    return progress.match == log.lastIndex && progress.round == leadership?.reads.round
  }

  func isHeard(_ peer: VoterID, at now: Instant, within limit: Duration) -> Bool {
    leadership?.progress[peer].map { now - $0.heard < limit } ?? false
  }

  /// Sends what the peer's state lets; with a heartbeat, at least something.
  func replicate(to peer: VoterID, _ progress: inout Progress, at now: Instant, isHeartbeat: Bool, _ out: inout Outbox)
  {
    if log.term(at: progress.next.previous) == nil, !progress.isInSnapshot {
      progress.state = .snapshot(SnapshotTransfer(log.snapshot))
    }
    if isHeartbeat, progress.isStuck(at: now, for: settings.stallPatience) { progress.probe(from: progress.match.next) }
    switch progress.state {
    case .snapshot(var transfer):
      if isHeartbeat { transfer.beat() }
      sendChunks(of: &transfer, to: peer, progress, isHeartbeat: isHeartbeat, &out)
      progress.state = .snapshot(transfer)
    case .probe:
      guard isHeartbeat || !progress.isPaused else { return }
      // Nothing is carried to somebody who does not answer.
      let isSilent = now - progress.heard >= settings.electionTimeout
      let entries = isSilent ? [] : log.slice(from: progress.next, byteCountMax: settings.entriesByteCountMax)
      sendAppend(entries, to: peer, progress, &out)
      progress.isPaused = true
    case .replicate:
      var saysNothing = isHeartbeat
      while progress.next <= log.lastIndex, progress.hasRoom(settings) {
        let entries = log.slice(from: progress.next, byteCountMax: settings.entriesByteCountMax)
        sendAppend(entries, to: peer, progress, &out)
        progress.sent(entries, at: now)
        saysNothing = false
      }
      guard saysNothing else { return }
      let silence = now - progress.heard
      if isInStep(progress), silence < settings.silence {
        let heartbeat = Heartbeat(
          session: progress.session, commit: log.committed, wantsAnswer: silence >= settings.answerPatience)
        return send(.heartbeat(heartbeat), to: peer, &out)
      }
      // It speaks of everything sent before: a follower that lacks something says so.
      sendAppend([], to: peer, progress, &out)
    }
  }

  private mutating func replicate(to peer: VoterID, at now: Instant, isHeartbeat: Bool = false, _ out: inout Outbox) {
    guard var progress = leadership?.progress[peer] else { return }
    replicate(to: peer, &progress, at: now, isHeartbeat: isHeartbeat, &out)
    leadership?.progress[peer] = progress
  }

  private func sendEntries(from index: LogIndex, to peer: VoterID, _ progress: Progress, _ out: inout Outbox) {
    guard index < progress.next, log.term(at: index.previous) != nil else { return }
    let entries = log.slice(from: index, byteCountMax: settings.entriesByteCountMax)
    sendAppend(entries, after: index.previous, to: peer, progress, &out)
  }

  private func sendAppend(
    _ entries: [LogEntry], after index: LogIndex? = nil, to peer: VoterID, _ progress: Progress, _ out: inout Outbox
  ) {
    let previous = index ?? progress.next.previous
    guard let previousTerm = log.term(at: previous) else { return }
    let message = Append(
      session: progress.session, round: leadership?.reads.round ?? .zero, previousIndex: previous,
      previousTerm: previousTerm, commit: log.committed, entries: entries)
    send(.append(message), to: peer, &out)
  }

  mutating func heard(_ session: ReplicationSession, from peer: VoterID, at now: Instant) {
    guard role == .leader, leadership?.progress[peer]?.session == session else { return }
    leadership?.progress[peer]?.heard = now
  }

  mutating func heard(_ reply: AppendReply, from peer: VoterID, at now: Instant, _ out: inout Outbox) {
    guard role == .leader, var progress = leadership?.progress[peer] else { return }
    guard progress.session == reply.session || flaws.contains(.sharedProgress) else { return }
    progress.heard = now
    progress.round = max(progress.round, reply.round)
    var shallSend = true
    switch reply.outcome {
    case .matched(let index):
      let match = min(index, log.lastIndex)
      shallSend = progress.matched(match, at: now) || progress.next <= log.lastIndex
      progress.catchUp.matched(match, lastIndex: log.lastIndex, at: now, within: settings.electionTimeout)
    case .rejected(let previous, let hint, let hintTerm):
      switch progress.state {
      case .probe where previous == progress.next.previous:
        progress.probe(from: min(previous, log.lastAgreeable(notAfter: hint, hintTerm).index.next))
      case .replicate:
        // Lost, or overtaken: it has what comes later, or is sent all again when it does not get on.
        shallSend = false
        guard previous > progress.match, previous <= log.lastIndex else { break }
        let missing = max(min(hint, previous), progress.match).next
        if progress.mayRepeat(missing, at: now, after: settings.heartbeatInterval) {
          sendEntries(from: missing, to: peer, progress, &out)
        }
      case .probe, .snapshot:
        // An answer to what was sent before the last change of mind.
        shallSend = false
      }
    }
    leadership?.progress[peer] = progress
    advanceCommit(at: now, &out)
    answerReads(at: now, &out)
    if role == .leader { handOver(to: peer, at: now, &out) }
    if shallSend { replicate(to: peer, at: now, &out) }
  }

  /// Commits what a quorum has durably, of the own term only; older entries come with it (Raft paper, figure 8).
  mutating func advanceCommit(at now: Instant, _ out: inout Outbox) {
    guard let leadership else { return }
    let own = flaws.contains(.countsUnsynced) ? log.lastIndex : log.durable
    let value: (VoterID) -> LogIndex = { $0 == voter ? own : leadership.progress[$0]?.match ?? .zero }
    let quorum = flaws.contains(.oneMajority) ? Configuration(voters: configuration.voters) : configuration
    guard let index = quorum.quorumValue(value), index > log.committed else { return }
    guard log.term(at: index) == hardState.term || flaws.contains(.commitsOlderTerms) else { return }
    out.append(.committed(log.commit(through: index)))
    goOnWithChange(at: now, &out)
    answerReads(at: now, &out)
  }
}
