import VineBase
import VineRaft

/// Who chooses voters: at every VR that leads, or believes it does, and without sense, so that all changes come up.
extension ConsensusWorld {
  mutating func choose() {
    guard !isCalm, let pause = settings.choosePause else { return }
    for number in members.indices where members[number].raft?.isLeader == true { change(at: number) }
    agenda.add(.choose, at: after(random.jitter(pause)))
  }

  mutating func change(at number: Int) {
    guard !isCalm, let raft = members[number].raft else { return }
    let present = raft.configuration
    let stores = members.map(\.voter)
    let status = raft.members(at: members[number].clock.local(now))
    var voters = present.voters
    // A store that is gone for good makes room.
    if random.below(2) == 0, let gone = voters.first(where: { !stores.contains($0) }) {
      voters.removeAll { $0 == gone }
    }
    let removesOneIn: UInt64 = voters.count <= 3 ? 8 : settings.choosesAtOnce ? 1 : 3
    if random.below(removesOneIn) == 0, voters.count > 1 {
      voters.remove(at: random.int(in: 0..<voters.count))
    }
    for member in status where member.isCaughtUp && present.learners.contains(member.voter) && random.below(3) > 0 {
      if voters.count < Configuration.votersMax { voters.append(member.voter) }
    }
    var learners = present.learners.filter { stores.contains($0) && !voters.contains($0) }
    if random.below(6) == 0, !learners.isEmpty { learners.remove(at: random.int(in: 0..<learners.count)) }
    for store in random.shuffled(stores).prefix(2) where learners.count < Configuration.learnersMax {
      if !(voters + learners).contains(where: { $0.node == store.node }) { learners.append(store) }
    }
    guard !voters.isEmpty, voters.sorted() != present.voters || learners.sorted() != present.learners else { return }
    input(.changeConfiguration(voters: voters, learners: learners), to: number)
  }
}
