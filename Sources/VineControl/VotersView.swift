/// The registry's consensus, voter by voter. `GET /v1/voters`.
public struct VotersView: View {
  public static let name = "voters"

  /// What this VR does in it.
  public var state: ConsensusState
  public var term: UInt64
  /// Site of the leader, if one is known.
  public var leader: String?
  public var commitIndex: UInt64
  public var appliedIndex: UInt64
  public var quorum: Int
  public var hasQuorum: Bool
  /// And learners, which are about to vote; by site.
  public var voters: [VoterLine]

  public init(
    state: ConsensusState, term: UInt64, leader: String? = nil, commitIndex: UInt64, appliedIndex: UInt64,
    quorum: Int, hasQuorum: Bool, voters: [VoterLine]
  ) {
    self.state = state
    self.term = term
    self.leader = leader
    self.commitIndex = commitIndex
    self.appliedIndex = appliedIndex
    self.quorum = quorum
    self.hasQuorum = hasQuorum
    self.voters = voters
  }
}

/// One voter.
public struct VoterLine: Codable, Hashable, Sendable {
  public var site: String
  public var node: String
  public var isLeader: Bool
  public var isUp: Bool
  /// Gets the log and does not vote yet.
  public var isLearner: Bool
  /// Why it votes, as a sentence without a full stop.
  public var why: String
  /// How far its log agrees; only the leader knows.
  public var matchIndex: UInt64?

  public init(
    site: String, node: String, isLeader: Bool, isUp: Bool, isLearner: Bool = false, why: String,
    matchIndex: UInt64? = nil
  ) {
    self.site = site
    self.node = node
    self.isLeader = isLeader
    self.isUp = isUp
    self.isLearner = isLearner
    self.why = why
    self.matchIndex = matchIndex
  }
}
