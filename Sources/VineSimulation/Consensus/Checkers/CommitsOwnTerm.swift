import VineBase
import VineRaft

/// Raft paper 5.4.2: only entries of the leader's own term are committed by counting; older ones come with them.
struct CommitsOwnTerm: ConsensusChecker {
  let name = "commits-own-term"
  let claim = "a leader commits up to an entry of its own term"

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    guard case .committed(let number, let entries, let term?, _) = observation, let last = entries.last,
      last.term != term
    else { return nil }
    return "VR \(number) leads in \(term) and commits up to \(last.index) of \(last.term)"
  }
}
