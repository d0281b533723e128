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
      sentPackets: plane?.sent.packets ?? 0, sentBytes: plane?.sent.bytes ?? 0,
      receivedPackets: plane?.received.packets ?? 0, receivedBytes: plane?.received.bytes ?? 0,
      softwareVersion: record?.softwareVersion ?? "")
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
    let candidates = directory.admitted.compactMap { peer -> RelayCandidate? in
      guard isLimited, peer != node, let record = directory.records[peer], record.role == .public,
        let endpoint = record.endpoints.first
      else { return nil }
      return RelayCandidate(
        site: directory.name(of: peer), node: peer.text, endpoint: endpoint.description,
        isChosen: peer == channels.queueVR)
    }
    let served = directory.admitted.filter { directory.records[$0]?.queueVR == node }.map { peer in
      let channel = channels.accepted[peer].flatMap { held in context.dataPlane.channels.first { $0.channel == held } }
      return ServedVR(
        site: directory.name(of: peer), node: peer.text, channelOpen: channel?.isOpen ?? false,
        forwardedFrames: channel?.sent.packets ?? 0, forwardedBytes: channel?.sent.bytes ?? 0)
    }
    return RelayView(
      role: role, roleReason: roleReason, queueVR: queueVRLine(context), candidates: candidates,
      served: served.sorted { $0.site < $1.site })
  }

  func queuesView(_ context: ViewContext) -> QueuesView {
    let plane = context.dataPlane
    let kernel = plane.netfilterQueue
    return QueuesView(
      capture: CaptureQueue(
        queueNumber: context.queueNumber, capturedPackets: plane.captured.packets,
        kernelDroppedPackets: (kernel?.queueDropped ?? 0) + (kernel?.socketDropped ?? 0),
        injectedPackets: plane.injected.packets),
      relay: plane.queues.map { queue in
        let peer = directory.node(tagged: queue.tag)
        return RelayQueue(
          site: peer.map(directory.name(of:)) ?? "?", node: peer?.text ?? "", queuedFrames: queue.frames,
          queuedBytes: queue.bytes.bytes, limitBytes: RelayStore.Limits().bytes.bytes,
          forwardedFrames: plane.relay.forwarded, expiredFrames: plane.relay.expired,
          overflowFrames: plane.relay.overflow)
      })
  }
}
