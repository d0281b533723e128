import VineBase
import VineRaft

/// Raft paper, figure 3: an entry that is committed in a term is in the logs of the leaders of all higher terms.
struct LeaderCompleteness: ConsensusChecker {
  let name = "leader-completeness"
  let claim = "a leader has every entry that was committed in an earlier term"
  /// By index: the entry's term, and the first term whose leader committed it.
  private var committed: SortedMap<LogIndex, (term: Term, by: Term)> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    switch observation {
    case .committed(_, let entries, let leading?, _):
      for entry in entries where committed[entry.index].map({ leading < $0.by }) ?? true {
        committed[entry.index] = (entry.term, leading)
      }
      // Its successors may lead already.
      for (number, member) in world.members.enumerated() {
        guard let raft = member.raft, raft.isLeader, raft.term > leading else { continue }
        if let missing = entries.first(where: { !member.disk.written.has($0.index, $0.term) }) {
          return "VR \(number) leads in \(raft.term) without entry \(missing.index), committed in \(leading)"
        }
      }
      return nil
    case .led(let number, _, let term):
      for (index, entry) in committed where entry.by < term {
        if !world.members[number].disk.written.has(index, entry.term) {
          return "VR \(number) leads in \(term) without entry \(index) of \(entry.term), committed in \(entry.by)"
        }
      }
      return nil
    default: return nil
    }
  }
}
