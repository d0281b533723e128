import VineBase
import VineRaft

/// Thesis 4.1: a server uses the latest configuration in its log, committed or not; cutting the log takes it back.
struct LastConfiguration: ConsensusChecker {
  let name = "last-configuration"
  let claim = "the configuration in force is the last one in the log"

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    guard case .wrote(let number, let write) = observation, let raft = world.members[number].raft else { return nil }
    // Only these change what is last.
    guard write.truncatingFrom != nil || write.entries.contains(where: \.isConfiguration) else { return nil }
    let log = world.members[number].disk.written
    var last = log.snapshot.configuration
    if case .configuration(let configuration)? = log.entries.last(where: \.isConfiguration)?.payload {
      last = configuration
    }
    return raft.configuration == last ? nil : "VR \(number) goes by \(raft.configuration), and its log says \(last)"
  }
}

extension LogEntry {
  fileprivate var isConfiguration: Bool { if case .configuration = payload { true } else { false } }
}
