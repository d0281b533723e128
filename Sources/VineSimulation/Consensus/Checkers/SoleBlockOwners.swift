import VineAddress
import VineBase
import VineRegistry

/// ViNe's promise: no address is given to two sites. A block that a site was told it has is its own until it gives it
/// back.
struct SoleBlockOwners: ConsensusChecker {
  let name = "sole-block-owners"
  let claim = "no address is given to a site while another has it"
  private var owners: SortedMap<Block, NodeID> = [:]

  mutating func see(_ observation: ConsensusObservation, in world: ConsensusWorld) -> String? {
    switch observation {
    case .invoked(_, .command(let proposal)):
      if case .releaseBlock(let held) = proposal.command { owners[held.block] = nil }
      return nil
    case .returned(_, .command(let proposal), .outcome(.success(.allocated(let block)))):
      if let (held, owner) = owners.first(where: { $0.0.overlaps(block) }) {
        return "\(block) goes to \(proposal.author), and \(owner) has \(held)"
      }
      owners[block] = proposal.author
      return nil
    default: return nil
    }
  }
}
