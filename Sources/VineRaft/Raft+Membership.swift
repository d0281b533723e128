import VineBase

/// Changes of the configuration by joint consensus (Raft paper 6; thesis 4.1 to 4.3).
extension Raft {
  mutating func change(voters: [NodeID], learners: [NodeID], at now: Instant, _ effects: inout [Effect]) {
    let wanted = RaftConfiguration(voters: voters, learners: learners)
    if let refusal = refusal(of: wanted, at: now) { return effects.append(.changeRefused(refusal)) }
    guard wanted != configuration else { return effects.append(.configuration(wanted)) }
    // Learners decide nothing, so that a change of them alone is a single step.
    let next =
      wanted.voters == configuration.voters
      ? wanted : configuration.entering(voters: wanted.voters, learners: wanted.learners)
    append(.configuration(next), &effects)
    trackMembers(at: now)
    replicate(at: now, &effects)
  }

  private func refusal(of wanted: RaftConfiguration, at now: Instant) -> ChangeRefusal? {
    guard role == .leader else { return .notLeader(leader) }
    guard !wanted.voters.isEmpty else { return .noVoters }
    guard !configuration.isJoint, log.configurationIndex <= log.committed else { return .underWay }
    guard log.term(at: log.committed) == hardState.term else { return .termNotCommitted }
    let late = wanted.voters.first { voter in
      guard !configuration.isVoter(voter) else { return false }
      guard let known = progress[voter], now - known.heard < settings.electionTimeout else { return true }
      return known.match.rawValue + settings.lagMax < log.lastIndex.rawValue
    }
    return late.map { .notCaughtUp($0) }
  }

  /// Follows the logs of all members, and of nobody else.
  mutating func trackMembers(at now: Instant) {
    let members = configuration.members
    for peer in progress.keys where !members.contains(peer) { progress[peer] = nil }
    for peer in members where peer != node && progress[peer] == nil {
      progress[peer] = Progress(session: log.lastIndex.rawValue, next: log.lastIndex.next, heard: now)
    }
  }
}
