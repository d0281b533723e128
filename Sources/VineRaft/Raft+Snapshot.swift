import VineBase

/// Compaction of the log, and snapshots for those that are too late for the log (Raft paper 7).
extension Raft {
  mutating func compact(through index: LogIndex, _ state: [UInt8], _ out: inout Outbox) {
    guard let snapshot = log.compact(through: index, state: state, keeping: settings.entriesKept) else { return }
    out.persist {
      $0.snapshot = snapshot
      $0.compactingThrough = snapshot.index
    }
  }

  /// Sends what the window has room for; a heartbeat sends at least one chunk.
  func sendChunks(
    of transfer: inout SnapshotTransfer, to peer: VoterID, _ progress: Progress, isHeartbeat: Bool, _ out: inout Outbox
  ) {
    let snapshot = transfer.snapshot
    while let range = transfer.nextChunk(max: settings.chunkByteCountMax) {
      let chunk = SnapshotChunk(
        session: progress.session, round: leadership?.reads.round ?? .zero, lastIndex: snapshot.index,
        lastTerm: snapshot.term, configuration: range.lowerBound == 0 ? snapshot.configuration : nil,
        offset: range.lowerBound, total: snapshot.state.count, bytes: Array(snapshot.state[range]))
      send(.install(chunk), to: peer, &out)
      // Who does not answer is asked with one chunk a heartbeat.
      if isHeartbeat, range.lowerBound == transfer.acknowledged { break }
    }
  }

  mutating func follow(
    _ chunk: SnapshotChunk, in term: Term, from peer: VoterID, at now: Instant, _ out: inout Outbox
  ) {
    func answer(_ outcome: AppendReply.Outcome) {
      let reply = AppendReply(session: chunk.session, round: chunk.round, outcome: outcome)
      send(.appendReply(reply), to: peer, &out)
    }
    guard term == hardState.term else {
      return answer(.rejected(previous: .zero, hint: .zero, hintTerm: .zero))
    }
    guard role != .leader, isSound(chunk) else { return }
    hear(leader: peer, at: now, &out)
    // What is committed here is not replaced by something older.
    if chunk.lastIndex <= log.committed, !flaws.contains(.snapshotOverwrites) {
      return answer(.matched(log.committed))
    }
    if let configuration = chunk.configuration, assembly?.isOf(chunk, from: peer) != true {
      assembly = SnapshotAssembly(chunk, configuration, from: peer)
    }
    guard assembly?.isOf(chunk, from: peer) == true else {
      return reply(to: chunk, next: 0, peer, &out)
    }
    assembly?.take(chunk)
    guard let whole = assembly, whole.isComplete else {
      return reply(to: chunk, next: assembly?.bytes.count ?? 0, peer, &out)
    }
    assembly = nil
    install(whole.snapshot, &out)
    answer(.matched(whole.lastIndex))
  }

  private mutating func install(_ snapshot: Snapshot, _ out: inout Outbox) {
    if log.term(at: snapshot.index) == snapshot.term, !flaws.contains(.snapshotOverwrites) {
      // The log has it all: the entries bring the state machine there, too.
      let committed = log.commit(through: snapshot.index)
      if !committed.isEmpty { out.append(.committed(committed)) }
      return
    }
    log.install(snapshot)
    out.persist {
      $0.snapshot = snapshot
      $0.truncatingFrom = LogIndex.zero.next
    }
    out.append(.restore(snapshot))
  }

  mutating func heard(_ reply: SnapshotReply, from peer: VoterID, at now: Instant, _ out: inout Outbox) {
    guard role == .leader, var progress = leadership?.progress[peer] else { return }
    guard progress.session == reply.session || flaws.contains(.sharedProgress) else { return }
    progress.heard = now
    progress.round = max(progress.round, reply.round)
    if case .snapshot(var transfer) = progress.state, transfer.snapshot.index == reply.lastIndex {
      transfer.acknowledged(reply.next)
      progress.state = .snapshot(transfer)
      replicate(to: peer, &progress, at: now, isHeartbeat: false, &out)
    }
    leadership?.progress[peer] = progress
    answerReads(at: now, &out)
  }

  private func reply(to chunk: SnapshotChunk, next: Int, _ peer: VoterID, _ out: inout Outbox) {
    let reply = SnapshotReply(session: chunk.session, round: chunk.round, lastIndex: chunk.lastIndex, next: next)
    send(.installReply(reply), to: peer, &out)
  }

  private func isSound(_ chunk: SnapshotChunk) -> Bool {
    guard chunk.offset >= 0, chunk.total >= 0, chunk.total <= settings.snapshotByteCountMax else { return false }
    guard chunk.lastIndex.rawValue < UInt64(Int64.max), (chunk.configuration != nil) == (chunk.offset == 0) else {
      return false
    }
    return chunk.configuration.map { $0.fault == nil && !$0.voters.isEmpty } ?? true
  }
}

extension Progress {
  var isInSnapshot: Bool { if case .snapshot = state { true } else { false } }
}
