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
  let means: DataPlaneMeans
  let space: SiteSpace
  let authorityKey: AuthorityKeyState
}

/// The router's state as the documents of the local API. Nothing is kept for them: each is made when it is asked for.
extension Router {
  /// What GET answers, by name; besides these there is `doctor`, which asks more than the router.
  static let views: [String: @Sendable (Router, ViewContext) -> (any View)?] = [
    StatusView.name: { $0.statusView($1) },
    MapView.name: { $0.mapView($1) },
    PeersView.name: { $0.peersView($1) },
    VinesView.name: { router, context in
      VinesView(vines: router.directory.view.vines.keys.compactMap { router.vineLine($0, at: context.now) })
    },
    GNDTView.name: { router, _ in GNDTView(tables: router.ownNetworks.compactMap(router.gndtTable)) },
    LNDTView.name: { router, _ in
      LNDTView(
        hosts: router.hosts.hosts.map { LNDTHost(address: $0.0.description, vines: $0.1.map(router.vineName)) })
    },
    BlocksView.name: { $0.blocksView($1) },
    VotersView.name: { router, _ in router.votersView },
    LinksView.name: { $0.linksView($1) },
    RelayView.name: { $0.relayView($1) },
    QueuesView.name: { $0.queuesView($1) },
    CertsView.name: { $0.certsView($1) },
    DropsView.name: { _, context in DropsView(context) },
  ]

  // MARK: Words

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
        sinceSeconds: (context.now - channels.queueVRSince).inSeconds, bandwidthMbps: probing.links[$0]?.rate?.megabits,
        rttMs: peers.all[$0]?.asks.roundTrip?.inMilliseconds)
    }
  }

  // MARK: Tables

  func blocksView(_ context: ViewContext) -> BlocksView {
    let keptFree = keptFree(context)
    let space = directory.view.space ?? .standardSpace
    let owned =
      directory.view.blocks.map { (ScopedBlock($0.0), $0.1) } + directory.view.scopedBlocks.map { ($0.0, $0.1) }
    return BlocksView(
      space: space.description,
      blocks: owned.sorted { ($0.0.block, $0.0) < ($1.0.block, $1.0) }.map { held, owner in
        BlockLine(
          block: held.block.description, site: directory.name(of: owner), node: owner.text, isOwn: owner == node,
          vine: held.scope.map { directory.view.vines[$0]?.name.description ?? "a ViNe that is not known yet" })
      }, keptFree: keptFree.sorted { $0.0 < $1.0 }.map(\.1),
      freeAddresses: Occupancy(pool: space, held: owned.map(\.0.block) + keptFree.map(\.0)).freeCount)
  }

  private func keptFree(_ context: ViewContext) -> [(Block, KeptBlockLine)] {
    let reserves = directory.view.reserves.map { reserve, delegate in
      (
        reserve,
        KeptBlockLine(
          block: reserve.description,
          why: "\(directory.name(of: delegate)) grants from it while it is cut off from the majority")
      )
    }
    let quarantines = directory.view.quarantines.map { held, quarantine in
      let why =
        quarantine.owner.map { "\(directory.name(of: $0)) had it, and may not know that it lost it" }
        ?? "a majority that was lost may have given it to somebody"
      return (
        held.block,
        KeptBlockLine(
          block: held.block.description, why: why,
          secondsLeft: Double(max(0, quarantine.until.secondsSince1970 - context.wall.secondsSince1970)))
      )
    }
    return reserves + quarantines
  }

  // MARK: Certificates

  func certsView(_ context: ViewContext) -> CertsView? {
    guard let trust = try? MeshTrust(genesis: identity.genesis),
      let own = try? trust.verify(
        certificateDER: identity.certificate, at: identity.certificateExpires)
    else { return nil }
    let authority = trust.authorityValidity
    return CertsView(
      meshId: identity.genesis.meshID.description,
      own: line(own.site, own.notBefore, own.notAfter, context.wall),
      authority: line(identity.genesis.meshName, authority.notBefore, authority.notAfter, context.wall),
      authorityKey: context.authorityKey, renewsUnixSeconds: own.renewal.secondsSince1970,
      signers: signers.map(directory.name(of:)).sorted(), problem: renewal.problem)
  }

  private func line(_ subject: String, _ from: WallTime, _ to: WallTime, _ now: WallTime) -> CertLine {
    CertLine(
      subject: subject, notBeforeUnixSeconds: from.secondsSince1970, expiresUnixSeconds: to.secondsSince1970,
      daysLeft: Double(to.secondsSince1970 - now.secondsSince1970) / 86_400)
  }
}

extension DropsView {
  init(_ context: ViewContext) {
    self.init(
      drops: context.drops.map { drop in
        let example = context.dataPlane.dropExamples[drop.reason]
        return DropReasonLine(
          reason: drop.reason.name, total: drop.total, lastMinute: drop.lastMinute,
          explanation: drop.reason.explanation, mend: drop.reason.mend,
          lastSource: example?.source.description, lastDestination: example?.destination.description,
          lastSecondsAgo: example.map { (context.now - $0.at).inSeconds })
      })
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
