import VineBase
import VineRaft

/// Raft paper, figure 3: if two logs contain an entry with the same index and term, they are the same up to it.
///
/// Held step by step: an index and a term say what the entry is, and which term the one before it has.
struct LogMatching: ConsensusChecker {
  let name = "log-matching"
  let claim = "entries with one index and one term are one entry, and so is what is before them"
  private struct Known: Sendable {
    let payload: EntryPayload
    var previous: Term?
  }
  private var known: SortedMap<LogIndex, SortedMap<Term, Known>> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    switch observation {
    case .synced(let number, let write): look(write.entries, number)
    case .started(let number, let memory): look(memory.entries, number)
    default: nil
    }
  }

  private mutating func look(_ entries: [LogEntry], _ number: Int) -> String? {
    var previous: Term?
    for entry in entries {
      defer { previous = entry.term }
      guard var other = known[entry.index]?[entry.term] else {
        known[entry.index, default: [:]][entry.term] = Known(payload: entry.payload, previous: previous)
        continue
      }
      if other.payload != entry.payload { return "VR \(number) has another entry \(entry.index) of \(entry.term)" }
      if let previous, let expected = other.previous, expected != previous {
        return "VR \(number) has \(previous) before entry \(entry.index) of \(entry.term), others \(expected)"
      }
      if other.previous == nil, let previous {
        other.previous = previous
        known[entry.index, default: [:]][entry.term] = other
      }
    }
    return nil
  }
}
