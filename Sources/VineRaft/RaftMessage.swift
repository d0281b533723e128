/// What voters say to one another.
///
/// Dropped by whoever is of another epoch, and by a VR whose store is not the one that it is meant for.
public struct RaftMessage: Hashable, Sendable {
  public let epoch: Epoch
  /// The sender's store; the session proves the sender's key.
  public let from: StoreID
  public let to: StoreID
  /// The sender's; of a pre-vote and the granting answer to one, the term that nobody has begun.
  public let term: Term
  public let body: Body

  public init(epoch: Epoch, from: StoreID, to: StoreID, term: Term, body: Body) {
    (self.epoch, self.from, self.to, self.term, self.body) = (epoch, from, to, term, body)
  }

  public enum Body: Hashable, Sendable {
    case preVote(VoteRequest)
    case preVoteReply(granted: Bool)
    case vote(VoteRequest)
    case voteReply(granted: Bool)
    case append(Append)
    case appendReply(AppendReply)
    case heartbeat(Heartbeat)
    /// The leader is heard.
    case heartbeatReply(ReplicationSession)
    case install(SnapshotChunk)
    case installReply(SnapshotReply)
    /// Begin an election now: the leader hands over (thesis 3.10).
    case timeoutNow
  }
}

/// Asks for a vote, or (as a pre-vote) whether one would be given (thesis 9.6).
public struct VoteRequest: Hashable, Sendable {
  public let lastIndex: LogIndex
  public let lastTerm: Term
  /// The leader wants it: also who hears a leader may vote.
  public let isTransfer: Bool

  public init(lastIndex: LogIndex, lastTerm: Term, isTransfer: Bool = false) {
    (self.lastIndex, self.lastTerm, self.isTransfer) = (lastIndex, lastTerm, isTransfer)
  }
}

/// Names a leader's knowledge of one follower, from the follower's becoming a member to its leaving. A reply of an
/// earlier membership says nothing about the present one.
public struct ReplicationSession: Hashable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Counts the rounds of messages by which a leader makes sure that it leads (thesis 6.4).
public struct ReadRound: Hashable, Comparable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let zero = ReadRound(rawValue: 0)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  var next: ReadRound { ReadRound(rawValue: rawValue + 1) }
}

/// The leader lives, to a follower that has all it was sent: without what compares logs, and mostly unanswered.
public struct Heartbeat: Hashable, Sendable {
  public let session: ReplicationSession
  public let commit: LogIndex
  public let wantsAnswer: Bool

  public init(session: ReplicationSession, commit: LogIndex, wantsAnswer: Bool) {
    (self.session, self.commit, self.wantsAnswer) = (session, commit, wantsAnswer)
  }
}

/// Entries from the leader, or none to compare logs.
public struct Append: Hashable, Sendable {
  public let session: ReplicationSession
  public let round: ReadRound
  public let previousIndex: LogIndex
  public let previousTerm: Term
  public let commit: LogIndex
  public let entries: [LogEntry]

  public init(
    session: ReplicationSession, round: ReadRound, previousIndex: LogIndex, previousTerm: Term, commit: LogIndex,
    entries: [LogEntry]
  ) {
    (self.session, self.round) = (session, round)
    (self.previousIndex, self.previousTerm) = (previousIndex, previousTerm)
    (self.commit, self.entries) = (commit, entries)
  }

  /// Entries count up from the previous one, in terms that do not fall or go beyond the sender's; configurations are
  /// sound.
  func isSound(term: Term) -> Bool {
    guard previousIndex.rawValue < UInt64(Int64.max), previousTerm <= term else { return false }
    var (index, last) = (previousIndex, previousTerm)
    for entry in entries {
      guard entry.index == index.next, entry.term >= last, entry.term <= term else { return false }
      if case .configuration(let configuration) = entry.payload {
        guard configuration.fault == nil, !configuration.voters.isEmpty else { return false }
      }
      (index, last) = (entry.index, entry.term)
    }
    return true
  }
}

public struct AppendReply: Hashable, Sendable {
  public let session: ReplicationSession
  public let round: ReadRound
  public let outcome: Outcome

  public enum Outcome: Hashable, Sendable {
    /// Both logs are the same up to here, durably.
    case matched(LogIndex)
    /// There is no such entry at `previous`; up to `hint`, of `hintTerm`, there may be.
    case rejected(previous: LogIndex, hint: LogIndex, hintTerm: Term)
  }

  public init(session: ReplicationSession, round: ReadRound, outcome: Outcome) {
    (self.session, self.round, self.outcome) = (session, round, outcome)
  }
}

/// A piece of a snapshot (Raft paper 7).
public struct SnapshotChunk: Hashable, Sendable {
  public let session: ReplicationSession
  public let round: ReadRound
  public let lastIndex: LogIndex
  public let lastTerm: Term
  /// With the first piece, and only there.
  public let configuration: Configuration?
  /// Of this piece in the state, and the state's size, in bytes.
  public let offset: Int
  public let total: Int
  public let bytes: [UInt8]

  public init(
    session: ReplicationSession, round: ReadRound, lastIndex: LogIndex, lastTerm: Term,
    configuration: Configuration?, offset: Int, total: Int, bytes: [UInt8]
  ) {
    (self.session, self.round, self.lastIndex, self.lastTerm) = (session, round, lastIndex, lastTerm)
    (self.configuration, self.offset, self.total, self.bytes) = (configuration, offset, total, bytes)
  }
}

public struct SnapshotReply: Hashable, Sendable {
  public let session: ReplicationSession
  public let round: ReadRound
  public let lastIndex: LogIndex
  /// All bytes before this one are there.
  public let next: Int

  public init(session: ReplicationSession, round: ReadRound, lastIndex: LogIndex, next: Int) {
    (self.session, self.round, self.lastIndex, self.next) = (session, round, lastIndex, next)
  }
}
