import Foundation
import VineAddress
import VineBase
import VineControl
import VineGossip
import VineIdentity
import VineRaft
import VineRegistry
import VineRouter
import VineSession
import VineWire

/// `vine-mesh recover`: offline, on one VR that voted, when the majority of the voters is lost for good.
public enum MeshRecovery {
  /// What recovering would come to, or has come to.
  public struct Plan: Sendable {
    public let result: RecoverResult
    fileprivate let memory: RaftMemory
    fileprivate let records: [SignedRecord]
    fileprivate let store: Store
    /// The lock of the state folder: no daemon starts meanwhile.
    fileprivate let lock: Int32
  }

  /// Looks at the store and changes nothing. The state folder is locked from here on.
  public static func plan(state: String, quarantine: Duration) throws -> Plan {
    do { return try make(StateFolder(state), quarantine) } catch { throw error.setup }
  }

  /// Begins the new epoch, in one transaction.
  public static func carryOut(_ plan: Plan) throws {
    do { try plan.store.replaceConsensus(plan.memory, adding: plan.records) } catch { throw error.setup }
    close(plan.lock)
  }

  private static func make(_ folder: StateFolder, _ quarantine: Duration) throws(HostError) -> Plan {
    try MeshSetup.startSodium()
    let contents = try folder.load()
    let lock = try folder.lock()
    let node = contents.key.node
    let store = try Store(path: folder.database, node: node)
    let memory = try store.consensus()
    var facts: [RegistryFact] = []
    for record in try store.records() {
      if case .fact(let fact) = RecordContent(record) { facts.append(fact) }
    }
    var view = RegistryView()
    for fact in facts { _ = view.absorb(fact) }
    func site(_ node: NodeID) -> String { view.sites[node]?.name.description ?? node.description }
    let recovery: GroupRecovery
    do throws(GroupRecovery.Failure) {
      recovery = try GroupRecovery(
        of: memory, heard: facts, by: VoterID(node: node, store: store.id), founder: contents.genesis.founder,
        now: Clock.wall, quarantine: quarantine,
        trust: .mesh { Signature.isValid($0, of: $1, by: $2) })
    } catch {
      throw failure(error, site)
    }
    let report = recovery.report
    let others = view.voters.filter { $0 != node }.map(site)
    return Plan(
      result: RecoverResult(
        epoch: report.epoch, site: site(node), lostVoters: others.sorted(),
        decisionsKept: report.adopted.count, decisionsDropped: report.dropped.count + recovery.entriesDropped,
        quarantined: report.quarantined.map(\.description), quarantineSeconds: quarantine.inSeconds),
      memory: recovery.memory, records: recovery.facts.map { RecordTrust.attest($0, by: contents.key) }, store: store,
      lock: lock)
  }

  private static func failure(_ failure: GroupRecovery.Failure, _ site: (NodeID) -> String) -> HostError {
    switch failure {
    case .neverVoted(let voters):
      let sites = voters.map(site).sorted().joined(separator: ", ")
      return HostError(
        "this VR does not vote, so no other would believe it",
        mend: "run `vine-mesh recover` at one of the voters that are left: \(sites)", .failed)
    case .noRegistry:
      return HostError(
        "this VR's log does not reach back to the founding", mend: "run `vine-mesh recover` at another voter", .failed)
    case .unreadable(let what): return Store.damaged(what)
    }
  }
}
