import VineBase
import VineRaft

/// Raft paper 5.1: a voter's term rises only, crash or no crash.
struct TermsRise: ConsensusChecker {
  let name = "terms-rise"
  let claim = "a voter never goes back to an earlier term"
  private var terms: SortedMap<VoterID, Term> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    guard case .sent(let message, let voter) = observation else { return nil }
    switch message.body {
    // Of a term that nobody has begun.
    case .preVote, .preVoteReply(granted: true): return nil
    default: break
    }
    if let known = terms[voter], message.term < known { return "\(voter) speaks in \(message.term) after \(known)" }
    terms[voter] = message.term
    return nil
  }
}
