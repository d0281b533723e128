import Foundation
import VineAddress
import VineBase
import VineControl
import VineDataPlane
import VineGossip
import VineIdentity
import VinePath
import VineRaft
import VineRegistry
import VineRouter
import VineRouting
import VineSession

/// What views need besides the router: the data plane's counters, and the time.
struct ViewContext: Sendable {
  let dataPlane: DataPlaneStatus
  let drops: [(reason: DropReason, total: UInt64, lastMinute: UInt64)]
  let uptime: Duration
  let now: Instant
  let wall: WallTime
  let queueNumber: UInt16
}

/// The router's state as the documents of the local API. Nothing is kept for them: each is made when it is asked for.
extension Router {
  /// - Returns: nil for an unknown name.
  func view(_ name: String, _ context: ViewContext) -> (any View)? {
    switch name {
    case StatusView.name: statusView(context)
    case PeersView.name: peersView(context)
    case VinesView.name: VinesView(vines: directory.view.vines.keys.compactMap(vineLine))
    case GNDTView.name: gndtView
    case LNDTView.name:
      LNDTView(hosts: hosts.hosts.map { LNDTHost(address: $0.0.description, vines: $0.1.map(vineName)) })
    case BlocksView.name: blocksView
    case VotersView.name: votersView
    case LinksView.name: LinksView(links: [])
    case RelayView.name: relayView(context)
    case QueuesView.name: queuesView(context)
    case CertsView.name: certsView(context)
    case DropsView.name:
      DropsView(
        drops: context.drops.map {
          DropReasonLine(
            reason: $0.reason.name, total: $0.total, lastMinute: $0.lastMinute, explanation: $0.reason.explanation,
            mend: $0.reason.mend)
        })
    default: nil
    }
  }

  // MARK: Words

  func vineName(_ network: NetworkID) -> String {
    directory.view.vines[network]?.name.description ?? network.description
  }

  func state(of peer: NodeID) -> MemberCondition {
    if peer == node { return .up }
    switch gossip.member(peer)?.state {
    case .alive?: return .up
    case .suspect?: return .suspect
    case .dead?: return .down
    case nil: return .unknown
    }
  }

  func isUp(_ peer: NodeID) -> Bool { [.up, .suspect].contains(state(of: peer)) }

  var role: VRRole { reachability.role.word }

  var roleReason: String { reachability.evidence.describe(directory.name(of:)) }

  func queueVRLine(_ context: ViewContext) -> QueueVRLine? {
    channels.queueVR.map {
      QueueVRLine(
        site: directory.name(of: $0), node: $0.text, connected: channels.toQueueVR != nil,
        sinceSeconds: (context.now - channels.queueVRSince).inSeconds)
    }
  }

  // MARK: ViNes

  /// Participants that are up, and how many of them announce this VR's own digest.
  private func agreement(_ network: NetworkID) -> (up: [NodeID], disagreeing: [NodeID]) {
    let up = directory.view.participants(of: network).filter(isUp)
    let digest = directory.tables[network]?.digest
    return (up, up.filter { $0 != node && directory.records[$0]?.tableDigests[network]?.digest != digest })
  }

  private func version(_ network: NetworkID) -> String {
    let text = String(directory.tables[network]?.digest ?? 0, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  private func localHosts(in network: NetworkID) -> [String] {
    hosts.hosts.filter { $0.1.contains(network) }.map(\.0.description)
  }

  private func vineLine(_ network: NetworkID) -> VineLine? {
    guard let vine = directory.view.vines[network] else { return nil }
    let participants = directory.view.participants(of: network)
    let (up, disagreeing) = agreement(network)
    let takesPart = participants.contains(node)
    return VineLine(
      name: vine.name.description, networkId: network.rawValue, creator: directory.name(of: vine.creator),
      takesPart: takesPart, participants: participants.map(directory.name(of:)).sorted(),
      localHosts: localHosts(in: network), gndtVersion: takesPart ? version(network) : "",
      gndtEntries: directory.tables[network]?.entryCount ?? 0, agreeing: up.count - disagreeing.count,
      participantsUp: up.count)
  }

  var ownNetworks: [NetworkID] { directory.view.networks(of: node) }

  func vineAgreement(_ network: NetworkID) -> VineAgreement {
    let (up, disagreeing) = agreement(network)
    return VineAgreement(
      name: vineName(network), networkId: network.rawValue, gndtVersion: version(network),
      agreeing: up.count - disagreeing.count, participants: up.count, localHosts: localHosts(in: network).count)
  }

  /// What is missing until every live VR sees the same mesh.
  var waitingFor: [String] {
    var lines: [String] = []
    if directory.view.sites[node] == nil { lines.append("the registry's facts about this site") }
    if reachability.role == .unknown { lines.append("a peer to tell whether this VR is public") }
    if reachability.role == .limited, channels.toQueueVR == nil { lines.append("the channel to a queue-VR") }
    for peer in directory.admitted where peer != node && state(of: peer) == .up && !peers.isConnected(peer) {
      lines.append("a session with \(directory.name(of: peer))")
    }
    for peer in directory.admitted where peer != node && directory.records[peer] == nil {
      lines.append("the record of \(directory.name(of: peer))")
    }
    for network in ownNetworks {
      lines += agreement(network).disagreeing.map {
        "\(directory.name(of: $0)) to announce the same GNDT of \(vineName(network))"
      }
    }
    return lines
  }

  // MARK: Tables

  private var gndtView: GNDTView {
    GNDTView(
      tables: ownNetworks.map { network in
        let entries = directory.tables[network]?.entries ?? []
        return GNDTTable(
          name: vineName(network), networkId: network.rawValue, version: version(network),
          entries: entries.map {
            GNDTEntry(
              first: $0.range.first.description, last: $0.range.last.description, site: directory.name(of: $0.owner),
              node: $0.owner.text)
          })
      })
  }

  private var blocksView: BlocksView {
    let space = directory.view.space ?? .standardSpace
    return BlocksView(
      space: space.description,
      blocks: directory.view.blocks.map {
        BlockLine(
          block: $0.0.description, site: directory.name(of: $0.1), node: $0.1.text, isOwn: $0.1 == node)
      }, freeAddresses: BlockAllocator(pool: space, taken: directory.view.blocks.keys).freeCount)
  }

  // MARK: Certificates

  private func certsView(_ context: ViewContext) -> CertsView? {
    guard let trust = try? MeshTrust(genesis: identity.genesis),
      let own = try? trust.verify(certificateDER: identity.certificate, at: context.wall)
    else { return nil }
    let authority = trust.authorityValidity
    return CertsView(
      meshId: identity.genesis.meshID.description,
      own: line(own.site, own.notBefore, own.notAfter, context.wall),
      authority: line(identity.genesis.meshName, authority.notBefore, authority.notAfter, context.wall),
      authorityKeyHere: identity.authority != nil)
  }

  private func line(_ subject: String, _ from: WallTime, _ to: WallTime, _ now: WallTime) -> CertLine {
    CertLine(
      subject: subject, notBeforeUnixSeconds: from.secondsSince1970, expiresUnixSeconds: to.secondsSince1970,
      daysLeft: Double(to.secondsSince1970 - now.secondsSince1970) / 86_400)
  }
}

extension Role {
  var word: VRRole {
    switch self {
    case .public: .public
    case .limited: .limited
    case .unknown: .unknown
    }
  }
}
