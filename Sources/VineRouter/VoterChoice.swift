import VineBase
import VineRaft

/// Who shall vote: 1, 3, 5 or 7 of the VRs. The leader decides it from what it knows; it takes effect through joint
/// consensus, a learner at a time, so that whoever votes has proven that it is reached and keeps up.
///
/// - Public VRs go first. Limited ones vote only as the third beside two public ones: they depend on others to be
///   reached, and a majority of them would stop the registry with their queue-VR.
/// - Whoever votes goes on voting while it is there: a change for its own sake is a risk for nothing.
/// - A dead voter is replaced if somebody is fit to. If nobody is, it keeps its vote, unless fewer voters would survive
///   more losses. There are never fewer than three again, and the last one stays.
/// - A revoked voter goes at once.
struct VoterChoice: Sendable {
  /// A VR that may vote.
  struct Candidate: Hashable, Sendable {
    let voter: VoterID
    let isPublic: Bool
    /// Gossip holds it for alive since then.
    let since: Instant
  }

  /// A change of the configuration to ask for.
  struct Step: Hashable, Sendable {
    let voters: [VoterID]
    let learners: [VoterID]
  }

  /// How long a VR is there before it is asked to vote, unless a voter is to be replaced.
  static let stableAfter = Duration.seconds(30)
  /// A voter silent for so long is dead, if gossip says so too;
  static let deadAfter = Duration.seconds(8)
  /// and whatever gossip says, after this.
  static let lostAfter = Duration.seconds(20)
  /// A learner that has not caught up by then gives way to another.
  static let catchUpMax = Duration.seconds(15)
  /// And is not asked again for this long.
  static let pause = Duration.seconds(30)
  /// From so many VRs on seven vote: in a smaller mesh each VR would pay for two more, and five survive two losses.
  static let large = 128

  /// The learners under way, and since when.
  private var learning: (voters: [VoterID], since: Instant)?
  /// Learners that did not keep up, and until when they are left alone.
  private var paused: SortedMap<VoterID, Instant> = [:]

  init() {}

  /// The next step towards the voters that shall be; nil if they are, or nothing can be done yet.
  /// - Parameters:
  ///   - present: the configuration in force; committed and not joint.
  ///   - leader: who asks; it leads, and votes.
  ///   - members: of all members but the leader.
  ///   - candidates: admitted VRs that gossip holds for alive, voters and the leader among them.
  ///   - isAdmitted: whether a VR belongs to the mesh and is not revoked.
  mutating func step(
    from present: Configuration, leader: VoterID, members: [MemberStatus], candidates: [Candidate],
    isAdmitted: (NodeID) -> Bool, at now: Instant
  ) -> Step? {
    for (voter, until) in paused where until <= now { paused[voter] = nil }
    let kept = present.voters.filter { isAdmitted($0.node) || $0 == leader }
    let alive = kept.filter { voter in
      guard voter != leader else { return true }
      guard let member = members.first(where: { $0.voter == voter }) else { return false }
      return member.silence < (candidates.contains { $0.voter == voter } ? Self.lostAfter : Self.deadAfter)
    }
    let others = fit(candidates, besides: present, isUrgent: alive.count < present.voters.count, at: now)
    let wanted = Self.voters(kept: kept, alive: alive, others, candidates).sorted()
    let newcomers = wanted.filter { !present.voters.contains($0) }.prefix(Configuration.learnersMax).sorted()
    guard newcomers == present.learners else {
      learning = newcomers.isEmpty ? nil : (newcomers, now)
      return Step(voters: present.voters, learners: newcomers)
    }
    guard !newcomers.isEmpty else { return wanted == present.voters ? nil : Step(voters: wanted, learners: []) }
    return teach(newcomers, members: members, present, wanted, at: now)
  }

  /// VRs that could be asked, best first.
  private func fit(
    _ candidates: [Candidate], besides present: Configuration, isUrgent: Bool, at now: Instant
  ) -> [Candidate] {
    candidates.filter { candidate in
      !present.voters.contains { $0.node == candidate.voter.node } && paused[candidate.voter] == nil
        && (isUrgent || now - candidate.since >= Self.stableAfter)
    }.sorted { left, right in
      if left.isPublic != right.isPublic { return left.isPublic }
      return left.since != right.since ? left.since < right.since : left.voter < right.voter
    }
  }

  /// Those who shall vote in the end.
  /// - Parameters:
  ///   - kept: who votes now, but for the revoked.
  ///   - alive: those of them that are there.
  private static func voters(
    kept: [VoterID], alive: [VoterID], _ others: [Candidate], _ candidates: [Candidate]
  ) -> [VoterID] {
    let isPublic: (VoterID) -> Bool = { voter in candidates.contains { $0.voter == voter && $0.isPublic } }
    let publicOnes = alive.filter(isPublic) + others.filter(\.isPublic).map(\.voter)
    let limitedOnes = alive.filter { !isPublic($0) } + others.filter { !$0.isPublic }.map(\.voter)
    let size = size(public: publicOnes.count, limited: limitedOnes.count, of: candidates.count)
    // No more than can learn at once; the others after them.
    let count = max(min(size, odd(alive.count + Configuration.learnersMax)), odd(kept.count))
    let pool = publicOnes + limitedOnes.prefix(count / 2)
    guard pool.count < count else { return Array(pool.prefix(count)) }
    // The dead keep their votes, unless fewer voters survive more losses.
    let filled = Array((pool + kept.filter { !pool.contains($0) }).prefix(max(count, kept.count)))
    let fewer = odd(pool.count)
    let survivable = pool.count - (filled.count / 2 + 1)
    return fewer >= 3 && (fewer - 1) / 2 > survivable ? Array(pool.prefix(fewer)) : filled
  }

  private static func size(public publicCount: Int, limited limitedCount: Int, of count: Int) -> Int {
    if publicCount >= 7, count >= large { return 7 }
    if publicCount >= 5 { return 5 }
    return publicCount >= 3 || publicCount == 2 && limitedCount > 0 ? 3 : 1
  }

  /// The greatest odd number that is not above this one; of none, none.
  private static func odd(_ count: Int) -> Int { count == 0 ? 0 : (count - 1) | 1 }

  /// They vote once all have caught up; those who do not in time give way to others.
  private mutating func teach(
    _ newcomers: [VoterID], members: [MemberStatus], _ present: Configuration, _ wanted: [VoterID], at now: Instant
  ) -> Step? {
    let slow = newcomers.filter { newcomer in
      members.first { $0.voter == newcomer }.map { !$0.isCaughtUp || $0.silence >= Self.deadAfter } ?? true
    }
    if slow.isEmpty {
      learning = nil
      return Step(voters: wanted, learners: [])
    }
    // Another leader began it.
    if learning?.voters != newcomers { learning = (newcomers, now) }
    guard let since = learning?.since, now - since >= Self.catchUpMax else { return nil }
    for voter in slow { paused[voter] = now + Self.pause }
    learning = nil
    return Step(voters: present.voters, learners: newcomers.filter { !slow.contains($0) })
  }
}
