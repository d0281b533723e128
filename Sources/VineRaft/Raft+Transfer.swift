import VineBase

/// A leadership on its way to another voter.
struct Handover: Sendable {
  let target: VoterID
  let ends: Instant
  var isSent = false
}

/// Leadership transfer (thesis 3.10): the leader takes nothing more, brings the target up to date and tells it to
/// begin. If the target does not lead within an election timeout, all goes on as before.
extension Raft {
  mutating func transfer(to wanted: VoterID?, at now: Instant, _ out: inout Outbox) {
    guard leadership != nil else { return out.append(.refused(.transfer, .notLeader, leader: leader)) }
    guard leadership?.handover == nil else {
      return out.append(.refused(.transfer, .transferring, leader: leader))
    }
    let voters = configuration.voters
    guard let target = wanted ?? heir(among: voters), voters.contains(target), target != voter else {
      return out.append(.refused(.transfer, .notAVoter, leader: leader))
    }
    leadership?.handover = Handover(target: target, ends: now + settings.electionTimeout)
    handOver(to: target, at: now, &out)
  }

  /// Tells the target to begin once it has everything.
  mutating func handOver(to peer: VoterID, at now: Instant, _ out: inout Outbox) {
    guard let handover = leadership?.handover, handover.target == peer, !handover.isSent,
      leadership?.progress[peer]?.match == log.lastIndex
    else { return }
    leadership?.handover?.isSent = true
    send(.timeoutNow, to: peer, &out)
  }

  mutating func endHandover(at now: Instant) {
    if let handover = leadership?.handover, handover.ends <= now { leadership?.handover = nil }
  }
}
