import VineBase
import VineRaft
import VineRegistry
import VineWire

/// Proposals on their way: the own ones until they are answered, those of others until they are decided.
struct Proposals: Sendable {
  /// A proposal is sent again after this long, doubling.
  static let retryFirst = Duration.milliseconds(500)
  /// Whoever waits is told after this long.
  static let patience = Duration.seconds(10)
  /// Proposals of others that are remembered; the oldest go, and their askers ask again.
  static let passedMax = 4096

  struct Pending: Sendable {
    let proposal: Proposal
    let since: Instant
    var nextTry: Instant
    var interval: Duration
    var tries = 0
  }

  var pending: SortedMap<ProposalID, Pending> = [:]
  /// From whom proposals of others came, which gets the answer.
  private var passed: SortedMap<ProposalID, NodeID> = [:]
  private var order = BoundedQueue<ProposalID>(capacity: Proposals.passedMax)
  /// Commands for the log, which go into it together: one write for all that came while the one before was under way.
  var batch: [[UInt8]] = []
  var batchSince: Instant?
  /// In this leader's log, and not decided: not to be put there again.
  private var underway: SortedMap<ProposalID, Bool> = [:]
  /// The voter that answered last, which is asked first unless it is known who leads.
  var home: NodeID?
  /// Who leads, as its own record says.
  var leader: NodeID?

  var nextWakeup: Wakeup? {
    let retry = pending.values.map(\.nextTry).min().map { Wakeup(at: $0, reason: "send a proposal again") }
    return Wakeup.earliest(batchSince.map { Wakeup(at: $0, reason: "propose what has gathered") }, retry)
  }

  /// For the log, unless it is there.
  mutating func add(_ proposal: Proposal, at now: Instant) {
    guard underway[proposal.id] == nil else { return }
    underway[proposal.id] = true
    batch.append(LogCommand.encode(proposal))
    batchSince = batchSince ?? now
  }

  mutating func decided(_ id: ProposalID) { underway[id] = nil }

  /// What was in the log may be cut off it.
  mutating func forgetUnderway() { underway.removeAll() }

  mutating func takeBatch() -> [[UInt8]] {
    defer { (batch, batchSince) = ([], nil) }
    return batch
  }

  /// The answer goes to its author, if that asked itself.
  mutating func pass(_ proposal: Proposal, from peer: NodeID) {
    if passed[proposal.id] == nil, let forgotten = order.append(proposal.id) { passed[forgotten] = nil }
    if passed[proposal.id] != proposal.author { passed[proposal.id] = peer }
  }

  mutating func asker(of id: ProposalID) -> NodeID? { passed.removeValue(forKey: id) }

  /// There is somebody new to send them to.
  mutating func sendAll(at now: Instant) {
    for id in pending.keys { _ = pending.update(id) { $0.nextTry = min($0.nextTry, now) } }
  }
}

extension Registrar {
  /// Takes a command of this VR.
  /// - Parameter isReached: whether there is a session with a VR. All such voters are asked at once: one of them may
  ///   lead, which saves the way through another.
  public mutating func propose(
    _ proposal: Proposal, at now: Instant, isReached: (NodeID) -> Bool = { _ in false }
  ) -> [Effect] {
    precondition(proposal.author == node, "a VR proposes in its own name")
    proposals.pending[proposal.id] = Proposals.Pending(
      proposal: proposal, since: now, nextTry: now + Proposals.retryFirst, interval: Proposals.retryFirst)
    let near = isVoter ? [] : voters.filter { $0 != node && isReached($0) }
    return near.isEmpty
      ? submit(proposal, tries: 0, at: now) : near.map { .send(.proposal(proposal), to: $0) }
  }

  /// Takes a command of another VR: from its author, as the session proves, or from a voter that it asked.
  public mutating func received(_ proposal: Proposal, from peer: NodeID, at now: Instant) -> [Effect] {
    guard proposal.author == peer || isOfGroup(peer), isVoter else { return [] }
    if raft.isLeader {
      if let outcome = registry.outcome(of: proposal.id, by: proposal.author) {
        return [.send(.proposalAnswer(proposal.id, outcome), to: peer)]
      }
      proposals.pass(proposal, from: peer)
      proposals.add(proposal, at: now)
      return []
    }
    // Once only: voters that hold each other for the leader would send it around.
    guard proposal.author == peer, let leader = raft.leader?.node else {
      return [.send(.notLeader(proposal.id, leader: raft.leader?.node), to: peer)]
    }
    proposals.pass(proposal, from: peer)
    return [.send(.proposal(proposal), to: leader)]
  }

  /// An answer to a proposal of this VR, or to one that it passed on.
  public mutating func received(
    answer: Result<RegistryAnswer, RegistryRefusal>, to id: ProposalID, from peer: NodeID
  ) -> [Effect] {
    guard isOfGroup(peer) else { return [] }
    if proposals.pending[id] != nil { proposals.home = peer }
    return decided(id, answer)
  }

  /// The voter that was asked does not lead.
  public mutating func received(notLeader id: ProposalID, leader: NodeID?, from peer: NodeID, at now: Instant)
    -> [Effect]
  {
    if let asker = proposals.asker(of: id) { return [.send(.notLeader(id, leader: nil), to: asker)] }
    guard let waiting = proposals.pending[id], let leader, leader != peer, leader != node, voters.contains(leader)
    else {
      return []
    }
    return [.send(.proposal(waiting.proposal), to: leader)]
  }

  /// A session with a voter has come up: what was sent before was lost.
  mutating func connected(to peer: NodeID, at now: Instant) -> [Effect] {
    guard !isVoter, !proposals.pending.isEmpty, voters.contains(peer) else { return [] }
    return proposals.pending.values.filter { target(ofTry: $0.tries) == peer }.map {
      .send(.proposal($0.proposal), to: peer)
    }
  }

  mutating func decided(_ id: ProposalID, _ outcome: Result<RegistryAnswer, RegistryRefusal>) -> [Effect] {
    var effects: [Effect] = []
    proposals.decided(id)
    if proposals.pending.removeValue(forKey: id) != nil {
      effects.append(.answered(id, outcome.mapError { .refused($0) }))
    }
    if let asker = proposals.asker(of: id) { effects.append(.send(.proposalAnswer(id, outcome), to: asker)) }
    return effects
  }

  mutating func sendDueProposals(at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    for id in proposals.pending.keys {
      guard let waiting = proposals.pending[id] else { continue }
      if now - waiting.since >= Proposals.patience {
        proposals.pending.removeValue(forKey: id)
        effects.append(.answered(id, .failure(.unanswered)))
      } else if waiting.nextTry <= now {
        _ = proposals.pending.update(id) {
          $0.tries += 1
          $0.interval = $0.interval * 2
          $0.nextTry = now + $0.interval
        }
        effects += submit(waiting.proposal, tries: waiting.tries + 1, at: now)
      }
    }
    let batch = proposals.takeBatch()
    return batch.isEmpty ? effects : effects + step(.propose(batch), at: now)
  }

  /// Into the log, to the leader, or to a voter, each time another one.
  private mutating func submit(_ proposal: Proposal, tries: Int, at now: Instant) -> [Effect] {
    if raft.isLeader {
      proposals.add(proposal, at: now)
      return []
    }
    if isVoter, let leader = raft.leader?.node { return [.send(.proposal(proposal), to: leader)] }
    return target(ofTry: tries).map { [.send(.proposal(proposal), to: $0)] } ?? []
  }

  /// The voter that the next proposal goes to; nil if there is none but this VR.
  var nextVoter: NodeID? { isVoter ? nil : target(ofTry: 0) }

  private func target(ofTry tries: Int) -> NodeID? {
    let others = voters.filter { $0 != node }
    if tries == 0, let first = proposals.leader ?? proposals.home, others.contains(first) { return first }
    // Not all VRs ask the same voter first.
    let first = Int(truncatingIfNeeded: node.tag.rawValue % 5040)
    return others.isEmpty ? nil : others[(first + tries) % others.count]
  }
}
