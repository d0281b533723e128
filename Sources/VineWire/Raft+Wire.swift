import VineBase
import VineRaft

/// A log entry as it is kept in the store.
public enum LogRecord {
  public static func encode(_ entry: LogEntry) -> [UInt8] { PBLogEntry(entry).written }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> LogEntry {
    try PBLogEntry.read(bytes, "log entry", max: WireLimits.logEntryByteCountMax).entry()
  }
}

extension PBRaftMessage {
  init(_ message: RaftMessage) {
    switch message {
    case .preVote(let request): preVote = PBVoteRequest(request)
    case .preVoteReply(let reply): preVoteReply = PBVoteReply(reply)
    case .vote(let request): vote = PBVoteRequest(request)
    case .voteReply(let reply): voteReply = PBVoteReply(reply)
    case .append(let append): self.append = PBAppend(append)
    case .appendReply(let reply): appendReply = PBAppendReply(reply)
    }
  }

  func message() throws(WireError) -> RaftMessage {
    switch kind {
    case nil: throw .missing("Raft message")
    case .preVote(let wire)?: .preVote(try wire.request())
    case .preVoteReply(let wire)?: .preVoteReply(try wire.reply())
    case .vote(let wire)?: .vote(try wire.request())
    case .voteReply(let wire)?: .voteReply(try wire.reply())
    case .append(let wire)?: .append(try wire.append())
    case .appendReply(let wire)?: .appendReply(try wire.reply())
    }
  }
}

extension PBVoteRequest {
  fileprivate init(_ request: VoteRequest) {
    term = request.term.rawValue
    lastIndex = request.lastIndex.rawValue
    lastTerm = request.lastTerm.rawValue
  }

  fileprivate func request() throws(WireError) -> VoteRequest {
    VoteRequest(term: try raftTerm(term), lastIndex: try raftIndex(lastIndex), lastTerm: try raftTerm(lastTerm))
  }
}

extension PBVoteReply {
  fileprivate init(_ reply: VoteReply) {
    term = reply.term.rawValue
    granted = reply.granted
  }

  fileprivate func reply() throws(WireError) -> VoteReply { VoteReply(term: try raftTerm(term), granted: granted) }
}

extension PBAppend {
  fileprivate init(_ append: Append) {
    term = append.term.rawValue
    previousIndex = append.previousIndex.rawValue
    previousTerm = append.previousTerm.rawValue
    commit = append.commit.rawValue
    entries = append.entries.map(PBLogEntry.init)
    session = append.session
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
      term: try raftTerm(term), session: session, previousIndex: previous, previousTerm: try raftTerm(previousTerm),
      commit: try raftIndex(commit), entries: entries)
  }
}

extension PBAppendReply {
  fileprivate init(_ reply: AppendReply) {
    term = reply.term.rawValue
    success = reply.success
    match = reply.match.rawValue
    session = reply.session
  }

  fileprivate func reply() throws(WireError) -> AppendReply {
    AppendReply(term: try raftTerm(term), session: session, success: success, match: try raftIndex(match))
  }
}

extension PBLogEntry {
  init(_ entry: LogEntry) {
    index = entry.index.rawValue
    term = entry.term.rawValue
    switch entry.payload {
    case .command(let bytes): command = .init(bytes)
    case .noop: noop = PBNoop()
    case .configuration(let members): configuration = PBConfiguration(members)
    }
  }

  func entry() throws(WireError) -> LogEntry {
    guard index > 0 else { throw .invalid("log index") }
    return LogEntry(index: try raftIndex(index), term: try raftTerm(term), payload: try entryPayload())
  }

  private func entryPayload() throws(WireError) -> EntryPayload {
    switch payload {
    case nil: throw .missing("payload of the log entry")
    case .command(let bytes)?:
      .command(try Field.bytes(bytes, max: WireLimits.commandByteCountMax, "command"))
    case .noop?: .noop
    case .configuration(let wire)?: .configuration(try wire.members())
    }
  }
}

extension PBConfiguration {
  fileprivate init(_ members: RaftConfiguration) {
    voters = members.voters.map { .init($0.bytes) }
    outgoing = members.outgoing.map { .init($0.bytes) }
    learners = members.learners.map { .init($0.bytes) }
  }

  fileprivate func members() throws(WireError) -> RaftConfiguration {
    func nodes(_ list: [some Collection<UInt8>], _ what: String) throws(WireError) -> [NodeID] {
      try Field.count(list, max: WireLimits.voterCountMax, what)
        .converted { (bytes) throws(WireError) in try Field.node(bytes, what) }
    }
    guard !voters.isEmpty else { throw .missing("voters of the configuration") }
    return RaftConfiguration(
      voters: try nodes(voters, "voters"), outgoing: try nodes(outgoing, "outgoing voters"),
      learners: try nodes(learners, "learners"))
  }
}

private func raftTerm(_ value: UInt64) throws(WireError) -> Term { Term(rawValue: try Field.counter(value, "term")) }

private func raftIndex(_ value: UInt64) throws(WireError) -> LogIndex {
  LogIndex(rawValue: try Field.counter(value, "log index"))
}
