import VineAddress
import VineBase
import VineGossip
import VineRouting
import VineWire

/// What follows from what is known: the forwarding table, the VR's own record, and when it says what it derived.
extension Router {
  /// Called once at the end of each turn: derived state is derived once, whatever the turn brought.
  mutating func settle(_ turn: inout Turn) {
    if turn.tablesChanged || turn.hostsChanged || turn.ownRecordChanged || tables.announcements.isDue(at: turn.now) {
      settleTables(&turn)
    }
    choosePaths(&turn)
  }

  private mutating func settleTables(_ turn: inout Turn) {
    let part = OwnTables.Part(
      blocks: directory.view.blocks(of: node), networks: directory.view.networks(of: node))
    let isNew = tables.part != part
    if isNew || turn.hostsChanged || turn.ownRecordChanged { publishOwnRecord(part, &turn) }
    // The own claims are in the tables by now.
    let allChanged = directory.takeChanges()
    for network in allChanged { noteTable(network, at: turn.now) }
    let served = servedNetworks(part.networks)
    let changed = allChanged.filter(served.contains)
    let gateways = part.blocks + (failOver.holdsAddresses ? coveredBlocks : [])
    if tables.gateways != gateways {
      tables.gateways = gateways
      turn.emit(.gateways(gateways))
    }
    // Names of sites and ViNes come as facts, too, and a policy is about names.
    let isJudged = turn.tablesChanged && !policy.refusesNothing
    if isNew || turn.hostsChanged || !changed.isEmpty || isJudged {
      tables.part = part
      let table = forwardingTable(part, served)
      dataPeers = table.nodes.filter { $0 != node }
      tables.forwarding = table
      turn.emit(.table(table))
    }
    if !changed.isEmpty {
      scheduleAnnouncement(changed, part, turn)
      meet(changed, &turn)
      lookAfterCommands(&turn)
    } else if !commands.unknown.isEmpty {
      lookAfterCommands(&turn)
    }
    if tables.announcements.isDue(at: turn.now) { announce(part, &turn) }
    (turn.tablesChanged, turn.hostsChanged, turn.ownRecordChanged) = (false, false, false)
  }

  private mutating func noteTable(_ network: NetworkID, at now: Instant) {
    guard let digest = directory.tables[network]?.digest else { return tables.history[network] = nil }
    tables.history[network, default: TableHistory()].now(digest, at: now)
  }

  private func forwardingTable(_ part: OwnTables.Part, _ networks: [NetworkID]) -> ForwardingTable {
    ForwardingTable(
      space: directory.view.space ?? Block.standardSpace, ownNode: node,
      gateways: (part.blocks + coveredBlocks).map(\.gateway), lndt: servedHosts,
      gndts: networks.compactMap { directory.tables[$0] }, refusing: refusals(among: networks),
      seconds: seconds(among: networks))
  }

  // MARK: The own record

  /// Publishes what the VR says of itself, if that changed; the newest digests go along.
  private mutating func publishOwnRecord(_ part: OwnTables.Part, _ turn: inout Turn) {
    guard directory.view.sites[node] != nil else { return }
    let content = VRRecord(
      site: identity.site, role: reachability.role, endpoints: reachability.endpoints, queueVR: channels.queueVR,
      claims: claims(of: hosts, part), tableDigests: own.content?.tableDigests ?? [:],
      softwareVersion: identity.softwareVersion, certificateExpires: identity.certificateExpires,
      store: registrar.raft.voter.store, links: toldLinks, succession: toldSuccession,
      ledTerm: registrar.raft.isLeader ? registrar.raft.term.rawValue : nil, signs: identity.authority != nil,
      wireVersions: placement.wireVersions)
    guard content != own.content else { return }
    let (known, succession) = (own.content?.claims, own.content?.succession)
    directory.learn(content, of: node)
    publish(content.announcing(ownDigests(part)), &turn)
    // Packets go elsewhere from now on.
    if succession != nil, succession != content.succession {
      tellHosts(to: companions(in: servedNetworks(part.networks)), &turn)
    }
    guard let known, known != content.claims else { return }
    own.claimsChanged = turn.now
    let changed = part.networks.filter { known[$0] != content.claims[$0] }
    tellHosts(to: companions(in: changed), &turn)
  }

  /// Says which tables this VR has, and nothing else new.
  private mutating func announce(_ part: OwnTables.Part, _ turn: inout Turn) {
    guard let content = own.content else { return tables.announcements.settled() }
    publish(content.announcing(ownDigests(part)), &turn)
  }

  private mutating func publish(_ content: VRRecord, _ turn: inout Turn) {
    own.content = content
    own.version = RecordVersion(epoch: own.version.epoch, sequence: own.version.sequence + 1)
    tables.announcements.announced(at: turn.now)
    run(gossip: .publish(RecordTrust.sign(content, version: own.version, by: identity.key)), &turn)
  }

  /// What this VR says of its hosts: those in its blocks, in ViNes that it takes part in. A claim whose addresses
  /// changed counts one change more than the last that was published, also over a restart; a ViNe without addresses is
  /// kept while it exists, or its count would begin anew.
  func claims(of hosts: LNDT, _ part: OwnTables.Part) -> SortedMap<NetworkID, VRRecord.Claim> {
    let known = directory.records[node]?.claims ?? [:]
    var claims: SortedMap<NetworkID, VRRecord.Claim> = [:]
    for (network, claim) in known where directory.view.vines[network] != nil {
      claims[network] = claim.addresses.isEmpty ? claim : claim.changed(to: AddressSet())
    }
    for (network, addresses) in hosts.participation where part.networks.contains(network) {
      let own = GNDT.part(of: addresses, in: directory.view.blocks(of: node, in: network))
      if let claim = known[network], claim.addresses == own {
        claims[network] = claim
      } else if !own.isEmpty {
        claims[network] = (known[network] ?? VRRecord.Claim(addresses: AddressSet(), changes: 0)).changed(to: own)
      }
    }
    guard VRRecord.byteCount(of: claims) > VRRecord.claimsByteCountMax else { return claims }
    // There is always room for hosts (`hasRoom`); the counts of ViNes without any have to go.
    for (network, claim) in claims where claim.addresses.isEmpty { claims[network] = nil }
    return claims
  }

  /// Whether the VR's record could hold all these hosts, whatever else it says and whichever of their ViNes the VR
  /// takes part in.
  func hasRoom(for hosts: LNDT) -> Bool {
    var claims: SortedMap<NetworkID, VRRecord.Claim> = [:]
    for (network, addresses) in hosts.participation {
      claims[network] = VRRecord.Claim(addresses: addresses, changes: .max)
    }
    return VRRecord.byteCount(of: claims) <= VRRecord.claimsByteCountMax
  }

  // MARK: Agreement

  private func ownDigests(_ part: OwnTables.Part) -> SortedMap<NetworkID, TableDigest> {
    var digests: SortedMap<NetworkID, TableDigest> = [:]
    for network in part.networks { digests[network] = directory.tables[network]?.summary }
    return digests
  }

  /// The digests will be told once the tables are quiet.
  private mutating func scheduleAnnouncement(_ changed: [NetworkID], _ part: OwnTables.Part, _ turn: Turn) {
    guard own.content?.tableDigests != ownDigests(part) else { return tables.announcements.settled() }
    let participants = changed.compactMap { directory.tables[$0]?.participantCount }.max() ?? 0
    tables.announcements.changed(participants: participants, at: turn.now, &random)
  }
}
