import VineBase
import VineRaft
import VineRegistry
import VineWire

/// What a VR's store holds of the consensus group after `vine-mesh recover`: a group of this VR alone, in a new epoch.
///
/// Pure: whoever calls it reads the store before and writes it afterwards. Everything of the log that certainly was
/// decided stands: up to the last decision that the VR heard of. What comes behind may never have been decided; of that
/// only invitations are kept, which give nothing to anybody.
public struct GroupRecovery: Sendable {
  public let memory: RaftMemory
  public let report: RegistryRecovery.Report
  /// Of the new epoch: to be attested by this VR.
  public let facts: [RegistryFact]
  /// Log entries that are given up, as nobody is known to have been told of them.
  public let entriesDropped: Int

  public enum Failure: Error, Hashable, Sendable {
    case neverVoted(voters: [NodeID])
    case noRegistry
    case unreadable(String)
  }

  /// - Parameters:
  ///   - memory: what the store holds of the group.
  ///   - heard: facts that the VR holds by gossip.
  ///   - quarantine: how long what looks free is kept free.
  /// - Throws: `Failure` if this VR is not one that others will believe, or its log cannot be read.
  public init(
    of memory: RaftMemory, heard: [RegistryFact], by voter: VoterID, founder: NodeID, now: WallTime,
    quarantine: Duration, trust: GrantTrust
  ) throws(Failure) {
    var view = RegistryView()
    for fact in heard { _ = view.absorb(fact) }
    let mayRecover = view.voterReason(voter.node) != nil || view.voters.isEmpty && voter.node == founder
    guard mayRecover else { throw .neverVoted(voters: view.voters) }
    var registry: Registry
    do throws(WireError) { registry = try Registry.restored(from: memory.snapshot) } catch {
      throw .unreadable(error.description)
    }
    registry.trust = trust
    let decided = heard.filter { $0.version.epoch == memory.epoch.rawValue }.map(\.index).max() ?? 0
    var dropped = 0
    for entry in memory.entries {
      let index = entry.index.rawValue
      switch entry.payload {
      case .noop: break
      case .configuration(let configuration):
        guard index <= decided else { continue }
        _ = registry.configured(
          voters: configuration.voters.map(\.node), outgoing: configuration.outgoing.map(\.node), at: index)
      case .command(let bytes):
        guard let proposal = try? LogCommand.decode(bytes) else { continue }
        if index <= decided || proposal.command.givesNothing {
          _ = registry.apply(proposal, at: index)
        } else {
          dropped += 1
        }
      }
    }
    guard registry.view.space != nil else { throw .noRegistry }
    entriesDropped = dropped
    let last = max(memory.entries.last?.index.rawValue ?? memory.snapshot.index.rawValue, decided)
    // The first of the new epoch; what the lost majority decided from here on does not stand.
    let index = last + 1
    let recovery = RegistryRecovery(
      of: registry, heard: heard, by: voter.node, at: index, now: now, quarantine: quarantine)
    report = recovery.report
    facts = recovery.facts
    self.memory = RaftMemory(
      epoch: Epoch(rawValue: recovery.report.epoch),
      hardState: HardState(term: memory.hardState.term.next, votedFor: nil),
      snapshot: Snapshot(
        index: LogIndex(rawValue: index), term: memory.hardState.term, configuration: Configuration(voters: [voter]),
        state: recovery.registry.snapshot.encode()))
  }
}

extension RegistryCommand {
  fileprivate var givesNothing: Bool {
    if case .invite = self { true } else { false }
  }
}
