import VineBase

/// Who decides, and who is sent the log without deciding (thesis, chapter 4).
///
/// While it is joint, both `voters` and `outgoing` have to agree (thesis 4.3).
public struct Configuration: Hashable, Sendable {
  /// More than seven cost every commit more than they add: seven survive three losses.
  public static let votersMax = 7
  /// With seven incoming and seven outgoing voters an entry still fits one datagram (18 identities of 50 bytes).
  public static let learnersMax = 4

  /// Sorted.
  public let voters: [VoterID]
  /// The voters of the configuration that is left; empty unless joint. Sorted.
  public let outgoing: [VoterID]
  /// They get the log and have no say. Sorted.
  public let learners: [VoterID]

  public init(voters: [VoterID], outgoing: [VoterID] = [], learners: [VoterID] = []) {
    (self.voters, self.outgoing, self.learners) = (voters.sorted(), outgoing.sorted(), learners.sorted())
  }

  /// Of a store that has heard from no group yet.
  public static let none = Configuration(voters: [])

  public var isJoint: Bool { !outgoing.isEmpty }

  public func isVoter(_ voter: VoterID) -> Bool { voters.contains(voter) || outgoing.contains(voter) }

  /// Whether the VR is sent the log, with whatever store.
  public func names(_ node: NodeID) -> Bool {
    [voters, outgoing, learners].contains { $0.contains { $0.node == node } }
  }

  /// Everybody who is sent the log, sorted.
  public var members: [VoterID] {
    var members: [VoterID] = []
    for member in (voters + outgoing + learners).sorted() where member != members.last { members.append(member) }
    return members
  }

  /// What is in force after a joint configuration.
  var left: Configuration { Configuration(voters: voters, learners: learners) }

  /// Why nobody may vote so; nil if it is sound. What comes from outside is checked with this.
  public var fault: Fault? {
    if voters.isEmpty { return outgoing.isEmpty && learners.isEmpty ? nil : .noVoters }
    if voters.count > Self.votersMax || outgoing.count > Self.votersMax { return .tooManyVoters }
    if learners.count > Self.learnersMax { return .tooManyLearners }
    // A VR has one store at a time; the outgoing half may have an older one.
    return Self.hasTwice(voters + learners) || Self.hasTwice(outgoing) ? .oneNodeTwice : nil
  }

  public enum Fault: Hashable, Sendable { case noVoters, tooManyVoters, tooManyLearners, oneNodeTwice }

  private static func hasTwice(_ list: [VoterID]) -> Bool {
    let nodes = list.map(\.node).sorted()
    return zip(nodes, nodes.dropFirst()).contains { $0 == $1 }
  }
}

/// Quorum arithmetic: majorities of one or of two sets of voters.
extension Configuration {
  /// Whether those for whom `holds` are enough to decide. Nobody decides where there are no voters.
  public func isQuorum(_ holds: (VoterID) -> Bool) -> Bool {
    Self.isMajority(of: voters, holds) && (outgoing.isEmpty || Self.isMajority(of: outgoing, holds))
  }

  /// The greatest value that a quorum has reached, or nil where there are no voters.
  public func quorumValue<Value: Comparable>(_ value: (VoterID) -> Value) -> Value? {
    guard let incoming = Self.majorityValue(of: voters, value) else { return nil }
    return Self.majorityValue(of: outgoing, value).map { min($0, incoming) } ?? incoming
  }

  /// Whether this voter alone is a quorum.
  func isQuorum(alone voter: VoterID) -> Bool { isQuorum { $0 == voter } }

  private static func isMajority(of voters: [VoterID], _ holds: (VoterID) -> Bool) -> Bool {
    voters.count(where: holds) > voters.count / 2
  }

  private static func majorityValue<Value: Comparable>(of voters: [VoterID], _ value: (VoterID) -> Value) -> Value? {
    voters.isEmpty ? nil : voters.map(value).sorted(by: >)[voters.count / 2]
  }
}
