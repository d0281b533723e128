import VineBase
import VineRaft

/// Election safety (Raft paper, figure 3), over the whole run.
public struct OneLeader: Checker {
  public let claim = "in one term at most one VR leads"
  private var leaders: SortedMap<Term, NodeID> = [:]

  public init() {}

  public mutating func check(_ world: World) -> String? {
    for index in world.live {
      let raft = world.router(index).registrar.raft
      guard raft.isLeader else { continue }
      if let other = leaders[raft.term], other != raft.voter.node {
        return "\(raft.voter.node) and \(other) led in \(raft.term)"
      }
      leaders[raft.term] = raft.voter.node
    }
    return nil
  }
}
