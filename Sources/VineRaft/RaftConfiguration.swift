import VineBase

/// Who decides (Raft paper 6, thesis 4.3). While a change is under way, majorities of both the old and the new voters
/// have to agree, so that there is no moment at which two groups could decide without one another.
public struct RaftConfiguration: Hashable, Sendable {
  /// Sorted; after the change, if one is under way.
  public let voters: [NodeID]
  /// Sorted; before the change, and empty unless one is under way.
  public let outgoing: [NodeID]
  /// Sorted; they get the log and count for nothing. None of them votes.
  public let learners: [NodeID]

  /// Whoever is given twice is taken once, and who votes is no learner.
  public init(voters: [NodeID], outgoing: [NodeID] = [], learners: [NodeID] = []) {
    self.voters = Self.distinct(voters)
    self.outgoing = Self.distinct(outgoing)
    self.learners = Self.distinct(learners).filter { !voters.contains($0) && !outgoing.contains($0) }
  }

  private static func distinct(_ nodes: [NodeID]) -> [NodeID] {
    let sorted = nodes.sorted()
    return sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
  }

  /// A change is under way (Raft paper: C old,new).
  public var isJoint: Bool { !outgoing.isEmpty }

  public func isVoter(_ node: NodeID) -> Bool { voters.contains(node) || outgoing.contains(node) }

  /// All whose vote may count; sorted.
  public var allVoters: [NodeID] { Self.distinct(voters + outgoing) }

  /// All who get the log; sorted.
  public var members: [NodeID] { Self.distinct(voters + outgoing + learners) }

  /// Whether those for whom `holds` is true can decide. Nobody can where nobody votes.
  public func isQuorum(_ holds: (NodeID) -> Bool) -> Bool {
    func isMajority(of group: [NodeID]) -> Bool { group.filter(holds).count > group.count / 2 }
    return isMajority(of: voters) && (outgoing.isEmpty || isMajority(of: outgoing))
  }

  /// The last index that a quorum has, where `match` says how far each voter's log is durable.
  public func agreed(_ match: (NodeID) -> LogIndex) -> LogIndex {
    func middle(of group: [NodeID]) -> LogIndex {
      let indices = group.map(match).sorted(by: >)
      return indices.isEmpty ? .zero : indices[indices.count / 2]
    }
    return outgoing.isEmpty ? middle(of: voters) : min(middle(of: voters), middle(of: outgoing))
  }

  /// The first half of a change: old and new voters together.
  func entering(voters: [NodeID], learners: [NodeID]) -> RaftConfiguration {
    RaftConfiguration(voters: voters, outgoing: self.voters, learners: learners)
  }

  /// The second half: the old voters' part ends.
  var leaving: RaftConfiguration { RaftConfiguration(voters: voters, learners: learners) }
}

/// Why a change of the configuration is not begun. Nothing has changed.
public enum ChangeRefusal: Error, Hashable, Sendable {
  case notLeader(NodeID?)
  /// One change at a time (thesis 4.1), and the one before is not committed.
  case underWay
  /// No entry of the leader's own term is committed yet: an older leader's change might still come back (the fault of
  /// 2015 in single-server changes).
  case termNotCommitted
  case noVoters
  /// A new voter's log lags behind: it is to be a learner first (thesis 4.2.1).
  case notCaughtUp(NodeID)
}
