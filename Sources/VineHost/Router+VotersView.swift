import VineBase
import VineControl
import VineRaft
import VineRegistry
import VineRouter

/// Consensus: what a member of the group knows at first hand, and others from facts.
extension Router {
  var consensusLine: ConsensusLine {
    let voters = voters
    let up = voters.filter(isThere).count
    let quorum = voters.count / 2 + 1
    return ConsensusLine(
      state: consensusState, leader: leader.map(directory.name(of:)), term: term,
      voters: voters.count, votersUp: up, quorum: quorum, hasQuorum: up >= quorum)
  }

  /// Of the configuration in force, or as the facts say; sorted.
  private var voters: [NodeID] {
    registrar.isVoter ? registrar.raft.configuration.voters.map(\.node) : registrar.voters
  }

  /// A voter counts on those that it has a session with; others go by gossip.
  private func isThere(_ voter: NodeID) -> Bool {
    voter == node || isUp(voter) && (!registrar.isVoter || peers.isConnected(voter))
  }

  private var leader: NodeID? {
    registrar.isMember ? registrar.raft.leader?.node : voters.count == 1 ? voters.first : leaderTold?.node
  }

  /// In which the leader leads.
  private var term: UInt64 { registrar.isMember ? registrar.raft.term.rawValue : leaderTold?.term ?? 0 }

  private var consensusState: ConsensusState {
    guard registrar.isVoter else { return .observer }
    return switch registrar.raft.role {
    case .leader: .leader
    case .follower: .follower
    case .candidate, .preCandidate: .candidate
    }
  }

  var votersView: VotersView {
    let line = consensusLine
    let learners = registrar.isVoter ? registrar.raft.configuration.learners.map(\.node) : []
    let lines = (voters + learners).map { member in
      VoterLine(
        site: directory.name(of: member), node: member.text, isLeader: member == leader, isUp: isUp(member),
        isLearner: learners.contains(member),
        why: learners.contains(member) ? "gets the log, and votes when it has it" : whyItVotes(member),
        matchIndex: registrar.raft.matchIndices.first { $0.0 == member }?.1.rawValue)
    }
    return VotersView(
      state: line.state, term: line.term, leader: line.leader, commitIndex: registrar.raft.commitIndex.rawValue,
      appliedIndex: registrar.appliedIndex, quorum: line.quorum, hasQuorum: line.hasQuorum,
      voters: lines.sorted { ($0.site, $0.node) < ($1.site, $1.node) })
  }

  private func whyItVotes(_ voter: NodeID) -> String {
    let role = directory.records[voter]?.role
    let fitness = role == .limited ? "limited, as the third beside two public VRs" : "public and steady"
    return switch directory.view.voterReason(voter) {
    case .founded?: "founded the mesh"
    case .grown?: "\(fitness), so that more losses are survived"
    case .replaced(let gone)?: "\(fitness), in the place of \(directory.name(of: gone))"
    case .recovered?: "recovered the mesh when its majority was lost"
    case nil: "no fact says why yet"
    }
  }
}
