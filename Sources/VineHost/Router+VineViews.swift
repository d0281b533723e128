import VineBase
import VineControl
import VineRouter
import VineRouting

/// ViNes, and who agrees on their tables.
extension Router {
  func vineLine(_ network: NetworkID, at now: Instant) -> VineLine? {
    guard let vine = directory.view.vines[network], let table = directory.tables[network],
      let agreement = agreement(on: network)
    else { return nil }
    return VineLine(
      name: vine.name.description, networkId: network.rawValue, creator: directory.name(of: vine.creator),
      takesPart: directory.view.takesPart(node, in: network),
      participants: directory.view.participants(of: network).map(directory.name(of:)).sorted(),
      localHosts: localHosts(in: network), gndtEntries: table.entryCount,
      gndtAddresses: table.entries.reduce(0) { $0 + $1.range.count }, disputedAddresses: table.disputed.count,
      agreement: view(of: agreement, at: now))
  }

  func vineAgreement(_ network: NetworkID, at now: Instant) -> VineAgreement? {
    agreement(on: network).map {
      VineAgreement(
        name: vineName(network), networkId: network.rawValue, agreement: view(of: $0, at: now),
        localHosts: localHosts(in: network).count)
    }
  }

  func gndtTable(_ network: NetworkID) -> GNDTTable? {
    directory.tables[network].map { table in
      GNDTTable(
        name: vineName(network), networkId: network.rawValue, version: "\(table.version)",
        digest: Self.text(of: table.digest),
        entries: table.entries.map {
          GNDTEntry(
            first: $0.range.first.description, last: $0.range.last.description, site: directory.name(of: $0.owner),
            node: $0.owner.text)
        })
    }
  }

  func vineName(_ network: NetworkID) -> String {
    directory.view.vines[network]?.name.description ?? network.description
  }

  var ownNetworks: [NetworkID] { directory.view.networks(of: node) }

  private func localHosts(in network: NetworkID) -> [String] {
    hosts.hosts.filter { $0.1.contains(network) }.map(\.0.description)
  }

  private func view(of agreement: Agreement, at now: Instant) -> GNDTAgreement {
    let laggards = agreement.laggards.map { laggard in
      GNDTLaggard(
        site: directory.name(of: laggard.node), node: laggard.node.text, reason: laggard.reason.word,
        version: laggard.version.map { "\($0)" }, seconds: laggard.since.map { (now - $0).inSeconds })
    }
    return GNDTAgreement(
      version: "\(agreement.own.version)", digest: Self.text(of: agreement.own.digest),
      agreeing: agreement.agreeingCount, participantsUp: agreement.liveCount,
      laggards: laggards.sorted { $0.site < $1.site }, down: agreement.down.map(directory.name(of:)).sorted())
  }

  private static func text(of digest: UInt64) -> String {
    let text = String(digest, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  // MARK: Convergence

  /// What is missing until this VR sees the mesh settled: every VR that is up agrees on every ViNe's table, nobody is
  /// suspected, and this VR has the sessions and records it wants. One line each.
  func waitingFor(at now: Instant) -> [String] {
    var lines: [String] = []
    if directory.view.sites[node] == nil { lines.append("the registry's facts about this site") }
    if reachability.role == .unknown { lines.append("a peer to tell whether this VR is public") }
    if reachability.role == .limited, channels.toQueueVR == nil { lines.append("the channel to a queue-VR") }
    let others = directory.admitted.filter { $0 != node }
    let missing: [([NodeID], String)] = [
      (missingSessions, "sessions with"), (others.filter { directory.records[$0] == nil }, "the records of"),
      (others.filter { state(of: $0) == .suspect }, "an answer of"),
    ]
    for (peers, what) in missing where !peers.isEmpty {
      lines.append("\(what) \(Phrase.names(peers.map(directory.name(of:)).sorted()))")
    }
    for network in directory.view.vines.keys {
      guard let agreement = agreement(on: network), !agreement.isReached else { continue }
      lines.append("\(vineName(network)): \(view(of: agreement, at: now).sentence)")
    }
    return lines
  }
}

extension Agreement.Laggard.Reason {
  fileprivate var word: GNDTDifference {
    switch self {
    case .behind: .behind
    case .ahead: .ahead
    case .differs: .differs
    case .silent: .silent
    }
  }
}
