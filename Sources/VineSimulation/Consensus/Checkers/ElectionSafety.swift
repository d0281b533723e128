import VineBase
import VineRaft

/// Raft paper, figure 3: at most one leader can be elected in a given term.
struct ElectionSafety: ConsensusChecker {
  let name = "election-safety"
  let claim = "a term has one leader"
  private var leaders: SortedMap<Term, VoterID> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    guard case .led(_, let voter, let term) = observation else { return nil }
    if let other = leaders[term], other != voter { return "\(other) and \(voter) lead in \(term)" }
    leaders[term] = voter
    return nil
  }
}
