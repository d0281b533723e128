import VineBase
import VineRaft

extension PBRaftMessage {
  init(_ message: RaftMessage) {
    epoch = message.epoch.rawValue
    from = .init(message.from.bytes)
    to = .init(message.to.bytes)
    term = message.term.rawValue
    switch message.body {
    case .preVote(let request): preVote = PBVoteRequest(request)
    case .preVoteReply(let granted): preVoteReply.granted = granted
    case .vote(let request): vote = PBVoteRequest(request)
    case .voteReply(let granted): voteReply.granted = granted
    case .append(let append): self.append = PBAppend(append)
    case .appendReply(let reply): appendReply = PBAppendReply(reply)
    case .heartbeat(let heartbeat): self.heartbeat = PBHeartbeat(heartbeat)
    case .heartbeatReply(let session): heartbeatReply.session = session.rawValue
    case .install(let chunk): install = PBSnapshotChunk(chunk)
    case .installReply(let reply): installReply = PBSnapshotReply(reply)
    case .timeoutNow: timeoutNow = PBTimeoutNow()
    }
  }

  func message() throws(WireError) -> RaftMessage {
    RaftMessage(
      epoch: Epoch(rawValue: epoch), from: try raftStore(from), to: try raftStore(to), term: try raftTerm(term),
      body: try body())
  }

  private func body() throws(WireError) -> RaftMessage.Body {
    switch kind {
    case nil: throw .missing("Raft message")
    case .preVote(let wire)?: .preVote(try wire.request())
    case .preVoteReply(let wire)?: .preVoteReply(granted: wire.granted)
    case .vote(let wire)?: .vote(try wire.request())
    case .voteReply(let wire)?: .voteReply(granted: wire.granted)
    case .append(let wire)?: .append(try wire.append())
    case .appendReply(let wire)?: .appendReply(try wire.reply())
    case .heartbeat(let wire)?: .heartbeat(try wire.heartbeat())
    case .heartbeatReply(let wire)?: .heartbeatReply(try raftSession(wire.session))
    case .install(let wire)?: .install(try wire.chunk())
    case .installReply(let wire)?: .installReply(try wire.reply())
    case .timeoutNow?: .timeoutNow
    }
  }
}

extension PBVoteRequest {
  fileprivate init(_ request: VoteRequest) {
    lastIndex = request.lastIndex.rawValue
    lastTerm = request.lastTerm.rawValue
    isTransfer = request.isTransfer
  }

  fileprivate func request() throws(WireError) -> VoteRequest {
    VoteRequest(lastIndex: try raftIndex(lastIndex), lastTerm: try raftTerm(lastTerm), isTransfer: isTransfer)
  }
}

extension PBHeartbeat {
  fileprivate init(_ heartbeat: Heartbeat) {
    session = heartbeat.session.rawValue
    commit = heartbeat.commit.rawValue
    wantsAnswer = heartbeat.wantsAnswer
  }

  fileprivate func heartbeat() throws(WireError) -> Heartbeat {
    Heartbeat(session: try raftSession(session), commit: try raftIndex(commit), wantsAnswer: wantsAnswer)
  }
}

extension PBAppend {
  fileprivate init(_ append: Append) {
    session = append.session.rawValue
    round = append.round.rawValue
    previousIndex = append.previousIndex.rawValue
    previousTerm = append.previousTerm.rawValue
    commit = append.commit.rawValue
    entries = append.entries.map(PBLogEntry.init)
  }

  /// Entries that do not follow one another from `previousIndex` on are no append.
  fileprivate func append() throws(WireError) -> Append {
    let entries = try entries.converted { (wire) throws(WireError) in try wire.entry() }
    let previous = try raftIndex(previousIndex)
    for (position, entry) in entries.enumerated() {
      guard entry.index.rawValue == previous.rawValue + 1 + UInt64(position) else {
        throw .invalid("order of log entries")
      }
    }
    return Append(
      session: try raftSession(session), round: try raftRound(round), previousIndex: previous,
      previousTerm: try raftTerm(previousTerm), commit: try raftIndex(commit), entries: entries)
  }
}

extension PBAppendReply {
  fileprivate init(_ reply: AppendReply) {
    session = reply.session.rawValue
    round = reply.round.rawValue
    switch reply.outcome {
    case .matched(let index): matched = index.rawValue
    case .rejected(let previous, let hint, let hintTerm):
      rejected.previous = previous.rawValue
      rejected.hint = hint.rawValue
      rejected.hintTerm = hintTerm.rawValue
    }
  }

  fileprivate func reply() throws(WireError) -> AppendReply {
    let result: AppendReply.Outcome =
      switch outcome {
      case nil: throw .missing("outcome of an append")
      case .matched(let index)?: .matched(try raftIndex(index))
      case .rejected(let wire)?:
        .rejected(
          previous: try raftIndex(wire.previous), hint: try raftIndex(wire.hint), hintTerm: try raftTerm(wire.hintTerm))
      }
    return AppendReply(session: try raftSession(session), round: try raftRound(round), outcome: result)
  }
}

extension PBSnapshotChunk {
  fileprivate init(_ chunk: SnapshotChunk) {
    session = chunk.session.rawValue
    round = chunk.round.rawValue
    lastIndex = chunk.lastIndex.rawValue
    lastTerm = chunk.lastTerm.rawValue
    if let known = chunk.configuration { configuration = PBConfiguration(known) }
    offset = UInt32(clamping: chunk.offset)
    total = UInt32(clamping: chunk.total)
    state = .init(chunk.bytes)
  }

  fileprivate func chunk() throws(WireError) -> SnapshotChunk {
    guard total <= WireLimits.snapshotByteCountMax else {
      throw .tooLong(count: Int(total), max: WireLimits.snapshotByteCountMax)
    }
    guard offset <= total, Int(offset) + state.count <= Int(total) else { throw .invalid("place of a chunk") }
    return SnapshotChunk(
      session: try raftSession(session), round: try raftRound(round), lastIndex: try raftIndex(lastIndex),
      lastTerm: try raftTerm(lastTerm), configuration: hasConfiguration ? try configuration.configuration() : nil,
      offset: Int(offset), total: Int(total),
      bytes: try Field.bytes(state, max: WireLimits.frameByteCountMax, "chunk"))
  }
}

extension PBSnapshotReply {
  fileprivate init(_ reply: SnapshotReply) {
    session = reply.session.rawValue
    round = reply.round.rawValue
    lastIndex = reply.lastIndex.rawValue
    next = UInt32(clamping: reply.next)
  }

  fileprivate func reply() throws(WireError) -> SnapshotReply {
    SnapshotReply(
      session: try raftSession(session), round: try raftRound(round), lastIndex: try raftIndex(lastIndex),
      next: Int(next))
  }
}

private func raftSession(_ value: UInt64) throws(WireError) -> ReplicationSession {
  ReplicationSession(rawValue: try Field.counter(value, "replication session"))
}

private func raftRound(_ value: UInt64) throws(WireError) -> ReadRound {
  ReadRound(rawValue: try Field.counter(value, "read round"))
}
