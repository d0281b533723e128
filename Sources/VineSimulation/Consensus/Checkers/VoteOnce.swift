import VineBase
import VineRaft

/// Raft paper 5.2: a voter votes for at most one candidate in a term, crash or no crash.
struct VoteOnce: ConsensusChecker {
  let name = "vote-once"
  let claim = "a voter gives one vote a term"
  private var votes: SortedMap<VoterID, SortedMap<Term, StoreID>> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    guard case .sent(let message, let voter) = observation else { return nil }
    let candidate: StoreID
    switch message.body {
    case .voteReply(granted: true): candidate = message.to
    case .vote: candidate = voter.store
    default: return nil
    }
    if let other = votes[voter]?[message.term], other != candidate {
      return "\(voter) voted for \(other) and for \(candidate) in \(message.term)"
    }
    votes[voter, default: [:]][message.term] = candidate
    return nil
  }
}
