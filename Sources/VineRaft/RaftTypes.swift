import VineBase

/// A term of leadership; rises only.
public struct Term: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let zero = Term(rawValue: 0)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var next: Term { Term(rawValue: rawValue + 1) }
  public var description: String { "term \(rawValue)" }
}

/// A place in the log; the first entry has 1, zero is before it.
public struct LogIndex: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let zero = LogIndex(rawValue: 0)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var next: LogIndex { LogIndex(rawValue: rawValue + 1) }
  public var previous: LogIndex { LogIndex(rawValue: rawValue - 1) }
  public var description: String { "\(rawValue)" }
}

public enum EntryPayload: Hashable, Sendable {
  case command([UInt8])
  /// The first entry of a leader: what came before is committed with it (Raft paper 8).
  case noop
  /// In force from the moment it is in the log, committed or not (Raft paper 6).
  case configuration(RaftConfiguration)
}

public struct LogEntry: Hashable, Sendable {
  public let index: LogIndex
  public let term: Term
  public let payload: EntryPayload

  public init(index: LogIndex, term: Term, payload: EntryPayload) {
    self.index = index
    self.term = term
    self.payload = payload
  }
}

/// What a voter must never forget (Raft paper, figure 2: persistent state).
public struct HardState: Hashable, Sendable {
  public var term: Term
  public var votedFor: NodeID?

  public init(term: Term, votedFor: NodeID?) {
    self.term = term
    self.votedFor = votedFor
  }
}

/// Asks for a vote, or (as a pre-vote) whether one would be given (thesis 9.6).
public struct VoteRequest: Hashable, Sendable {
  public let term: Term
  public let lastIndex: LogIndex
  public let lastTerm: Term

  public init(term: Term, lastIndex: LogIndex, lastTerm: Term) {
    self.term = term
    self.lastIndex = lastIndex
    self.lastTerm = lastTerm
  }
}

public struct VoteReply: Hashable, Sendable {
  public let term: Term
  public let granted: Bool

  public init(term: Term, granted: Bool) {
    self.term = term
    self.granted = granted
  }
}

/// Entries from the leader, or none as a heartbeat.
public struct Append: Hashable, Sendable {
  public let term: Term
  /// Which following of this follower's log it belongs to; the answer repeats it.
  public let session: UInt64
  public let previousIndex: LogIndex
  public let previousTerm: Term
  public let commit: LogIndex
  public let entries: [LogEntry]

  public init(
    term: Term, session: UInt64, previousIndex: LogIndex, previousTerm: Term, commit: LogIndex, entries: [LogEntry]
  ) {
    self.term = term
    self.session = session
    self.previousIndex = previousIndex
    self.previousTerm = previousTerm
    self.commit = commit
    self.entries = entries
  }
}

public struct AppendReply: Hashable, Sendable {
  public let term: Term
  public let session: UInt64
  public let success: Bool
  /// Success: the last index known to match. Failure: where the leader may try next.
  public let match: LogIndex

  public init(term: Term, session: UInt64, success: Bool, match: LogIndex) {
    self.term = term
    self.session = session
    self.success = success
    self.match = match
  }
}

public enum RaftMessage: Hashable, Sendable {
  case preVote(VoteRequest)
  case preVoteReply(VoteReply)
  case vote(VoteRequest)
  case voteReply(VoteReply)
  case append(Append)
  case appendReply(AppendReply)

  public var term: Term {
    switch self {
    case .preVote(let request), .vote(let request): request.term
    case .preVoteReply(let reply), .voteReply(let reply): reply.term
    case .append(let append): append.term
    case .appendReply(let reply): reply.term
    }
  }
}

public struct RaftSettings: Hashable, Sendable {
  /// An election starts after one to two of these without a leader; a leader without a majority steps down.
  public var electionTimeout = Duration.seconds(1)
  public var heartbeatInterval = Duration.milliseconds(200)
  /// Entries of one append: a few datagrams.
  public var entriesMax = 16
  /// A learner whose log lags no more than this behind the leader's may vote.
  public var lagMax: UInt64 = 32

  public init() {}
}
