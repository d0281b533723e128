import VineRaft

/// What the checkers see of a run, in the order in which it happened. Numbers are VRs.
enum ConsensusObservation: Sendable {
  /// A process begins with what its disk holds.
  case started(Int, RaftMemory)
  case crashed(Int)
  case sent(RaftMessage, by: VoterID)
  /// Handed to the disk, not durable yet.
  case wrote(Int, Persistence)
  case synced(Int, Persistence)
  case led(Int, VoterID, Term)
  /// The core says so. `by`: the term in which the VR leads; nil of a follower. With the configuration that was in
  /// force.
  case committed(Int, [LogEntry], by: Term?, Configuration)
  case applied(Int, LogEntry)
  case compacted(Int, LogIndex, digest: UInt64)
  /// The state machine begins with a snapshot.
  case restored(Int, Snapshot)
  case unreadableSnapshot(Int, Snapshot)
  /// Client operations, by their place in the history.
  case invoked(Int, ClientOperation)
  case returned(Int, ClientOperation, ClientAnswer)
}

/// What must not happen in a group of voters. One property each.
protocol ConsensusChecker: Sendable {
  var name: String { get }
  /// In words for a report.
  var claim: String { get }
  /// - Returns: what is wrong; nil if nothing is.
  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String?
}

extension RaftMemory {
  /// Of an entry that it holds; nil before and behind them.
  func entry(at index: LogIndex) -> LogEntry? {
    guard let first = entries.first, index >= first.index else { return nil }
    let position = index.rawValue - first.index.rawValue
    return position < UInt64(entries.count) ? entries[Int(position)] : nil
  }

  /// Whether it has the entry, or a snapshot that does.
  func has(_ index: LogIndex, _ term: Term) -> Bool { index <= snapshot.index || entry(at: index)?.term == term }
}

/// A run's fingerprint: of every event, its time and content. The same seed gives the same on any machine.
struct ConsensusTrace: Sendable {
  private(set) var hash: UInt64 = 0

  mutating func note(_ event: ConsensusWorld.Event, at now: Int64) {
    mix(UInt64(bitPattern: now))
    switch event {
    case .deliver(let message, let from, let to):
      mix(1, UInt64(from), UInt64(to), message.term.rawValue)
      note(message.body)
    case .wakeup(let number, let life): mix(2, UInt64(number), UInt64(life))
    case .synced(let number, let life): mix(3, UInt64(number), UInt64(life))
    case .start(let number): mix(4, UInt64(number))
    case .request(let call, let number): mix(5, UInt64(call.operation), UInt64(number))
    case .answer(let call, _): mix(6, UInt64(call.operation))
    case .refused(let call, _): mix(7, UInt64(call.operation))
    case .impatient(let call, let attempt): mix(8, UInt64(call.operation), UInt64(attempt))
    case .think(let client): mix(9, UInt64(client))
    case .fault: mix(10)
    case .choose: mix(11)
    case .change(let number): mix(12, UInt64(number))
    }
  }

  private mutating func note(_ body: RaftMessage.Body) {
    switch body {
    case .preVote(let request), .vote(let request): mix(20, request.lastIndex.rawValue, request.lastTerm.rawValue)
    case .preVoteReply(let granted), .voteReply(let granted): mix(21, granted ? 1 : 0)
    case .append(let append):
      mix(22, append.previousIndex.rawValue, append.commit.rawValue, UInt64(append.entries.count))
      mix(append.round.rawValue, append.session.rawValue)
    case .appendReply(let reply): mix(23, reply.round.rawValue, reply.session.rawValue)
    case .install(let chunk): mix(24, chunk.lastIndex.rawValue, UInt64(chunk.offset), UInt64(chunk.bytes.count))
    case .installReply(let reply): mix(25, reply.lastIndex.rawValue, UInt64(reply.next))
    case .timeoutNow: mix(26)
    case .heartbeat(let heartbeat): mix(27, heartbeat.commit.rawValue, heartbeat.session.rawValue)
    case .heartbeatReply(let session): mix(28, session.rawValue)
    }
  }

  private mutating func mix(_ words: UInt64...) {
    for word in words {
      hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
  }
}
