import VineBase
import VineRaft

/// Raft paper, figure 3: nobody applies another entry for an index than somebody else did; and states are the same.
struct StateMachineSafety: ConsensusChecker {
  let name = "state-machine-safety"
  let claim = "all state machines apply the same entries in the same order, and come to the same"
  private var history: SortedMap<LogIndex, LogEntry> = [:]
  private var digests: SortedMap<LogIndex, UInt64> = [:]
  private var applied: SortedMap<Int, LogIndex> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    switch observation {
    case .started(let number, _):
      applied[number] = .zero
      return nil
    case .restored(let number, let snapshot):
      if let known = applied[number], snapshot.index < known {
        return "VR \(number) goes back from \(known) to a snapshot of \(snapshot.index)"
      }
      applied[number] = snapshot.index
      return nil
    case .unreadableSnapshot(let number, let snapshot):
      return "VR \(number) cannot read the snapshot of \(snapshot.index)"
    case .compacted(let number, let index, let digest):
      if let known = digests[index], known != digest { return "VR \(number) has another state at \(index)" }
      digests[index] = digest
      return nil
    case .applied(let number, let entry):
      guard applied[number].map({ entry.index == $0.next }) ?? false else {
        return "VR \(number) applies \(entry.index) behind \(applied[number] ?? .zero)"
      }
      applied[number] = entry.index
      if let known = history[entry.index], known != entry {
        return "VR \(number) applies \(entry.index) of \(entry.term), others \(known.term)"
      }
      history[entry.index] = entry
      return nil
    default: return nil
    }
  }
}
