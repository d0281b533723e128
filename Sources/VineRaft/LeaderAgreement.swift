/// Whose appends a follower takes: the knowledge that one leader has of it in one term.
struct AppendSource: Hashable, Sendable {
  let leader: VoterID
  let session: ReplicationSession
  let term: Term
}

/// Up to where the logs of a leader and a follower are the same.
///
/// A leader's log only grows, and a follower's is cut by the leader of a later term alone: what was the same in a term
/// is the same to its end.
struct LeaderAgreement: Sendable {
  let source: AppendSource
  private(set) var match: LogIndex

  mutating func reached(_ index: LogIndex) { match = max(match, index) }
}
