import VineBase
import VineGossip
import VineRaft
import VineRegistry

/// Who may vote, as far as this VR knows: for the leader, which chooses.
extension Router {
  /// The mesh may have been recovered: decisions that do not stand any more go, and so does the old group.
  mutating func epochLearned(_ turn: inout Turn) {
    let view = directory.view
    guard view.epoch > Epoch.first.rawValue else { return }
    let void = gossip.records.filter { record in
      record.key.kind == .fact
        && view.isVoid(
          FactVersion(epoch: UInt32(clamping: record.version.epoch), index: record.version.sequence))
    }
    if !void.isEmpty {
      gossip.forget(void.map(\.key))
      turn.emit(.removeRecords(void.map(\.key)))
      directory = Directory()
      for record in gossip.records { _ = directory.absorb(record, reading: trust.content) }
      turn.report(.decisionsVoid(void.count))
    }
    run(registrar.begin(Epoch(rawValue: view.epoch)), &turn)
  }

  mutating func learnVoters() {
    let gone = directory.view.voterGone(node).flatMap { $0.epoch == registrar.raft.epoch.rawValue ? $0.index : nil }
    let index = gone.map { LogIndex(rawValue: $0) }
    registrar.learned(voters: directory.view.voters, retiredAt: index)
  }

  /// The leader looks who shall vote.
  mutating func chooseVoters(_ turn: inout Turn) {
    guard registrar.raft.isLeader else { return }
    var candidates: [VoterChoice.Candidate] = []
    func add(_ node: NodeID, _ store: StoreID?, isPublic: Bool, since: Instant) {
      guard let store, directory.view.sites[node] != nil, !directory.view.isRevoked(node) else { return }
      candidates.append(
        VoterChoice.Candidate(voter: VoterID(node: node, store: store), isPublic: isPublic, since: since))
    }
    add(node, registrar.raft.voter.store, isPublic: reachability.role == .public, since: .zero)
    for member in gossip.allMembers where member.state == .alive {
      guard let record = directory.records[member.node], record.role != .unknown else { continue }
      add(member.node, record.store, isPublic: record.role == .public, since: member.since)
    }
    let view = directory.view
    run(
      registrar.chooseVoters(
        among: candidates, isAdmitted: { view.sites[$0] != nil && !view.isRevoked($0) }, at: turn.now), &turn)
  }
}
