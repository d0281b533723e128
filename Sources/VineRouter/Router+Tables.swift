import VineAddress
import VineBase
import VineGossip
import VineRouting
import VineWire

/// What follows from what is known: the GNDTs, the forwarding table, the VR's own record.
extension Router {
  /// Called once at the end of each turn: derived state is derived once, whatever the turn brought.
  mutating func settle(_ turn: inout Turn) {
    // Publishing brings the own record into the directory, which changes tables, whose digests stand in the record:
    // two rounds settle it, and a third would change nothing.
    for _ in 0..<3 where turn.tablesChanged || turn.ownRecordChanged {
      if turn.tablesChanged { deriveTables(&turn) }
      if turn.ownRecordChanged { publishOwnRecord(&turn) }
    }
    choosePaths(&turn)
  }

  private mutating func deriveTables(_ turn: inout Turn) {
    turn.tablesChanged = false
    let before = tableDigests
    let changed = directory.derive()
    guard !changed.isEmpty || turn.ownPlaceChanged else { return }
    turn.ownPlaceChanged = false
    turn.emit(.gateways(directory.view.blocks(of: node)))
    let table = forwardingTable
    dataPeers = table.nodes.filter { $0 != node }
    turn.emit(.table(table))
    if tableDigests != before { turn.ownRecordChanged = true }
  }

  var tableDigests: SortedMap<NetworkID, UInt64> {
    var digests: SortedMap<NetworkID, UInt64> = [:]
    for (network, table) in directory.tables where directory.view.participants(of: network).contains(node) {
      digests[network] = table.digest
    }
    return digests
  }

  private var forwardingTable: ForwardingTable {
    let taking = directory.tables.filter { directory.view.participants(of: $0.0).contains(node) }.map(\.1)
    return ForwardingTable(
      space: directory.view.space ?? Block.standardSpace, ownNode: node,
      gateways: directory.view.blocks(of: node).map(\.gateway), lndt: hosts, gndts: taking)
  }

  private mutating func publishOwnRecord(_ turn: inout Turn) {
    turn.ownRecordChanged = false
    guard directory.view.sites[node] != nil else { return }
    let content = VRRecord(
      site: identity.site, role: reachability.role, endpoints: reachability.endpoints, queueVR: channels.queueVR,
      participation: hosts.participation, tableDigests: tableDigests, softwareVersion: identity.softwareVersion,
      certificateExpires: identity.certificateExpires)
    guard content != own.content else { return }
    own.content = content
    own.version = RecordVersion(epoch: own.version.epoch, sequence: own.version.sequence + 1)
    run(gossip: .publish(RecordTrust.sign(content, version: own.version, by: identity.key)), &turn)
  }
}
