import VineBase
import VineRaft
import VineRegistry

/// Who votes: chosen by the leader, decided by consensus, told by facts.
extension Registrar {
  /// The leader takes a step towards the voters that shall be, if there is one to take.
  mutating func chooseVoters(
    among candidates: [VoterChoice.Candidate], isAdmitted: (NodeID) -> Bool, at now: Instant
  ) -> [Effect] {
    guard raft.isLeader, !raft.configuration.isJoint, raft.configuration.isVoter(raft.voter) else { return [] }
    let step = choice.step(
      from: raft.configuration, leader: raft.voter, members: raft.members(at: now), candidates: candidates,
      isAdmitted: isAdmitted, at: now)
    guard let step else { return [] }
    return self.step(.changeConfiguration(voters: step.voters, learners: step.learners), at: now)
  }

  /// Facts say who votes.
  mutating func learned(voters: [NodeID], retiredAt index: LogIndex?) {
    // Nobody at all cannot be: a fact is late.
    if !voters.isEmpty { self.voters = voters }
    retiredAt = index
  }

  /// A configuration is committed: who votes becomes facts.
  ///
  /// A VR is believed to vote on the word of somebody who voted before it: newcomers do not attest one another, or
  /// whoever knows neither could believe neither.
  mutating func configured(_ configuration: Configuration, at index: LogIndex) -> [Effect] {
    let outgoing = configuration.outgoing.map(\.node)
    let before = outgoing.isEmpty ? registry.view.voters : outgoing
    let facts = registry.configured(
      voters: configuration.voters.map(\.node), outgoing: outgoing, at: index.rawValue)
    return facts.isEmpty || !before.contains(node) ? [] : [.facts(facts)]
  }
}
