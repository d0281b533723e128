import VineBase
import VineControl
import VineDataPlane
import VinePath
import VineRelay
import VineRouter

/// Other VRs: how they are reached, who relays for whom.
extension Router {
  func peersView(_ context: ViewContext) -> PeersView {
    let lines = directory.admitted.filter { $0 != node }.map { peerLine($0, context) }
    return PeersView(peers: lines.sorted { $0.site < $1.site })
  }

  private func peerLine(_ peer: NodeID, _ context: ViewContext) -> PeerLine {
    let plane = context.dataPlane.peers.first { $0.node == peer }
    let known = peers.all[peer]
    let session = known?.sessions.last { !$0.isGuest }
    let (path, via) = path(session == nil ? nil : known?.carrier)
    let record = directory.records[peer]
    return PeerLine(
      site: directory.name(of: peer), node: peer.text, state: state(of: peer), role: (record?.role ?? .unknown).word,
      path: path, via: via, cipher: session.map { "\($0.suite)" },
      sessionAgeSeconds: session.map { (context.now - $0.established).inSeconds },
      heardSecondsAgo: session == nil ? nil : known.map { (context.now - $0.heard).inSeconds },
      rttMs: known?.asks.roundTrip?.inMilliseconds,
      sentPackets: plane?.sent.packets ?? 0, sentBytes: plane?.sent.bytes ?? 0,
      receivedPackets: plane?.received.packets ?? 0, receivedBytes: plane?.received.bytes ?? 0,
      softwareVersion: record?.softwareVersion ?? "", wireVersion: session.map { Int($0.version) },
      wireVersions: record?.wireVersions.description, refusal: session == nil ? known?.refusal?.explanation : nil)
  }

  /// How frames go to a VR that this one has a session with.
  func pathKind(to peer: NodeID) -> (PathKind, String) {
    path(peers.isConnected(peer) ? peers.all[peer]?.carrier : nil)
  }

  private func path(_ carrier: Carrier?) -> (PathKind, String) {
    switch carrier {
    case .datagram(let endpoint)?: (.direct, endpoint.description)
    case .channel?: (.channel, "")
    case .relayed(let queueVR, _)?: (.relay, directory.name(of: queueVR))
    case nil: (.none, "")
    }
  }

  func relayView(_ context: ViewContext) -> RelayView {
    let isLimited = reachability.role == .limited
    let ranked = isLimited ? queueing.choice?.candidates ?? [] : []
    let candidates = ranked.map { relayCandidate($0, context) }
    var margin: Double?
    if ranked.count > 1 {
      let ratio = QueueChoice.margin(of: ranked[0], over: ranked[1])
      margin = ratio == 1000 || ratio == .max ? nil : Double(ratio) / 1000
    }
    let served = directory.admitted.filter { directory.records[$0]?.queueVR == node }.map { peer in
      let channel = channels.accepted[peer].flatMap { held in context.dataPlane.channels.first { $0.channel == held } }
      return ServedVR(
        site: directory.name(of: peer), node: peer.text, channelOpen: channel?.isOpen ?? false,
        forwardedFrames: channel?.sent.packets ?? 0, forwardedBytes: channel?.sent.bytes ?? 0)
    }
    return RelayView(
      role: role, roleReason: roleReason, nat: isLimited ? nat.behaviour.description : nil,
      seenAs: isLimited ? nat.behaviour.observations.map { "\($0.seenAs) by \(directory.name(of: $0.by))" } : [],
      queueVR: queueVRLine(context),
      standby: isLimited && standby.channel != nil ? standby.queueVR.map(directory.name(of:)) : nil,
      pinned: queueing.pinned.map(directory.name(of:)), margin: margin, candidates: candidates,
      served: served.sorted { $0.site < $1.site })
  }

  private func relayCandidate(_ candidate: QueueChoice.Candidate, _ context: ViewContext) -> RelayCandidate {
    let peer = candidate.node
    let others = directory.records.count { $0.0 != node && $0.1.queueVR == peer }
    return RelayCandidate(
      site: directory.name(of: peer), node: peer.text,
      endpoint: directory.records[peer]?.endpoints.first?.description ?? "", isChosen: peer == channels.queueVR,
      bandwidthMbps: candidate.rate?.megabits, measuredSecondsAgo: measuredAgo(peer, context),
      pairs: candidate.pairs.map {
        RelayPair(
          peer: directory.name(of: $0.peer), bandwidthMbps: $0.rate?.megabits,
          narrowest: $0.isLastLink ? "own" : "peer")
      }, note: others == 0 ? "" : "serves \(others) more")
  }

  private func measuredAgo(_ peer: NodeID, _ context: ViewContext) -> Double? {
    guard let link = probing.links[peer], let measured = [link.out.measured, link.in.measured].compactMap({ $0 }).max()
    else { return nil }
    return (context.now - measured).inSeconds
  }

  // MARK: Links

  /// This VR's own links, then what other VRs say of theirs.
  func linksView(_ context: ViewContext) -> LinksView {
    let own = directory.admitted.filter { $0 != node && (peers.isConnected($0) || probing.links[$0] != nil) }
      .map { ownLink($0, context) }
    var told: [LinkLine] = []
    for (teller, record) in directory.records where teller != node {
      for (tag, step) in record.links {
        guard let peer = directory.node(tagged: tag), peer != node else { continue }
        told.append(
          LinkLine(
            from: directory.name(of: teller), to: directory.name(of: peer), bandwidthMbps: step.rate.megabits))
      }
    }
    return LinksView(
      links: (own + told).sorted { ($0.path == nil ? 1 : 0, $0.from, $0.to) < ($1.path == nil ? 1 : 0, $1.from, $1.to) }
    )
  }

  func ownLink(_ peer: NodeID, _ context: ViewContext) -> LinkLine {
    let known = peers.all[peer]
    let (kind, via) = path(peers.isConnected(peer) ? known?.carrier : nil)
    let link = probing.links[peer]
    var failures: [(what: String, at: Instant)] = []
    if let failure = link?.failure { failures.append(failure) }
    if kind != .direct, let failure = directPaths.failure(to: peer) { failures.append(failure) }
    let last = failures.max { $0.at < $1.at }
    return LinkLine(
      from: identity.site, to: directory.name(of: peer), path: kind, via: via.isEmpty ? nil : via,
      rttMs: known?.asks.roundTrip?.inMilliseconds, lossPercent: known?.asks.loss.map { $0 * 100 },
      bandwidthMbps: link?.rate?.megabits, outMbps: link?.out.rate?.megabits, inMbps: link?.in.rate?.megabits,
      confidencePercent: link.flatMap { link in
        link.rate == nil ? nil : Int([link.out, link.in].filter { $0.rate != nil }.map(\.confidence).min() ?? 0)
      }, measuredSecondsAgo: measuredAgo(peer, context),
      innerMtu: context.dataPlane.peers.first { $0.node == peer }?.innerMTU,
      lastError: last?.what, lastErrorSecondsAgo: last.map { (context.now - $0.at).inSeconds })
  }

  func queuesView(_ context: ViewContext) -> QueuesView {
    let plane = context.dataPlane
    let kernel = plane.netfilterQueue
    return QueuesView(
      capture: CaptureQueue(
        queueNumber: context.queueNumber, capturedPackets: plane.captured.packets,
        kernelDroppedPackets: kernel?.dropped ?? 0,
        injectedPackets: plane.injected.packets),
      relay: plane.queues.map { queue in
        let peer = directory.node(tagged: queue.tag)
        return RelayQueue(
          site: peer.map(directory.name(of:)) ?? "?", node: peer?.text ?? "", queuedFrames: queue.frames,
          queuedBytes: queue.counters.bytes.bytes, limitBytes: RelayStore.Limits().bytes.bytes,
          oldestMs: queue.oldest.map { (context.now - $0).inMilliseconds },
          forwardedFrames: queue.counters.forwarded, expiredFrames: queue.counters.expired,
          overflowFrames: queue.counters.overflow)
      })
  }
}
