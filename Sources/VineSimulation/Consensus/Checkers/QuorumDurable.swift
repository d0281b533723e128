import VineBase
import VineRaft

/// What a leader commits is on the disks of a quorum of the configuration that was in force.
struct QuorumDurable: ConsensusChecker {
  let name = "quorum-durable"
  let claim = "what is committed is on the disks of a quorum"

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    guard case .committed(let number, let entries, _?, let configuration) = observation, let last = entries.last else {
      return nil
    }
    let holds = configuration.isQuorum { voter in
      // What is gone was there when it was acknowledged.
      world.lostStores.contains(voter)
        || world.members.contains { $0.voter == voter && $0.disk.durable.has(last.index, last.term) }
    }
    return holds ? nil : "VR \(number) commits \(last.index) of \(last.term), which too few disks hold"
  }
}
