import VineAddress
import VineBase
import VineControl
import VineDataPlane
import VineRaft
import VineRouter

/// The one screen, and what is wrong on it.
extension Router {
  func statusView(_ context: ViewContext) -> StatusView {
    let admitted = directory.admitted
    let waiting = waitingFor(at: context.now)
    let recent = context.drops.filter { $0.lastMinute > 0 }.sorted { $0.lastMinute > $1.lastMinute }
    let expires = identity.certificateExpires.secondsSince1970
    let days = Double(expires - context.wall.secondsSince1970) / 86_400
    return StatusView(
      mesh: MeshLine(
        name: identity.genesis.meshName, meshId: identity.genesis.meshID.description,
        space: (directory.view.space ?? .standardSpace).description, routes: context.space.routes.map(\.description)),
      site: identity.site, node: node.text,
      softwareVersion: identity.softwareVersion, uptimeSeconds: context.uptime.inSeconds, role: role,
      roleReason: roleReason, endpoints: reachability.endpoints.map(\.description),
      vrs: VRCounts(
        known: admitted.count, up: admitted.filter(isUp).count,
        suspect: admitted.filter { state(of: $0) == .suspect }.count), consensus: consensusLine,
      ownBlocks: directory.view.blocks(of: node).map { ownBlock($0, context.space) },
      vines: ownNetworks.compactMap { vineAgreement($0, at: context.now) },
      queueVR: queueVRLine(context), drops: recent.map { DropLine(reason: $0.reason.name, packets: $0.lastMinute) },
      certificate: CertificateLine(daysLeft: days, expiresUnixSeconds: expires),
      dataPlane: DataPlaneLine(
        capture: context.means.capture, injection: context.means.injection, cryptography: context.means.cryptography),
      policy: policy.sentence, failOver: failOverLine(at: context.now), unreadableRecords: directory.unreadable.count,
      convergence: Convergence(converged: waiting.isEmpty, waitingFor: waiting),
      health: health(context, days: days).sorted { $0.level < $1.level })
  }

  private func ownBlock(_ block: Block, _ space: SiteSpace) -> OwnBlock {
    let room = block.hostRange.map { Int($0.count) } ?? 0
    return OwnBlock(
      block: block.description, gateway: space.site(block.gateway).description,
      mirror: space.site(block.base) == block.base ? nil : space.text(of: block),
      hosts: hosts.hosts.keys.filter { block.contains($0) }.count, hostsMax: room)
  }

  private func health(_ context: ViewContext, days: Double) -> [HealthLine] {
    var lines: [HealthLine] = []
    func add(_ level: HealthLevel, _ text: String, _ mend: String) {
      lines.append(HealthLine(level: level, text: text, mend: mend))
    }
    if days < 14 {
      add(days < 0 ? .error : .warning, "the certificate expires in \(Int(days)) days", "vine-mesh status certs")
    }
    if directory.admitted.count > 1, peers.connected.isEmpty {
      add(.warning, "no other VR is reached", "check that UDP and TCP 2247 get out, then `vine-mesh status peers`")
    }
    if reachability.role == .limited, channels.toQueueVR == nil {
      add(.warning, "no channel to a queue-VR: nobody reaches this site", "vine-mesh status relay")
    }
    if !consensusLine.hasQuorum {
      add(.warning, "the registry has no quorum: joins and changes wait", "vine-mesh status voters")
    }
    if ownNetworks.isEmpty, directory.view.sites[node] != nil {
      add(.warning, "this site is in no ViNe", "vine-mesh vine join <name>, or vine-mesh vine create <name>")
    } else if hosts.hosts.isEmpty, directory.view.sites[node] != nil {
      add(.warning, "no host of this site is in a ViNe", "vine-mesh host add <address> --vine <name>")
    }
    for peer in directory.admitted where peer != node && state(of: peer) == .down {
      add(
        .warning, "the VR of \(directory.name(of: peer)) is down",
        "see its log; if it is gone for good: vine-mesh peer revoke")
    }
    for peer in directory.admitted where peer != node && !peers.isConnected(peer) {
      guard let refusal = peers.all[peer]?.refusal else { continue }
      add(
        .warning, "no session with \(directory.name(of: peer)): \(refusal.cause)", refusal.mend)
    }
    failOverHealth(add)
    let unknown =
      policy.sites.filter { directory.view.site(named: $0) == nil }.map(\.description)
      + policy.vines.filter { directory.view.vine(named: $0) == nil }.map(\.description)
    if !unknown.isEmpty {
      add(
        .warning, "the policy names what the mesh does not know: \(unknown.joined(separator: ", "))",
        "correct `policy` in the configuration and run `vine-mesh reload`")
    }
    let clear = context.dataPlane.peers.filter { $0.suite?.isSecret == false }.map { directory.name(of: $0.node) }
    if !clear.isEmpty {
      add(
        .warning, "packets go in clear to \(clear.joined(separator: ", ")), as both configurations ask",
        "take `suites` out of one of them")
    }
    if let kernel = context.dataPlane.netfilterQueue, kernel.dropped > 0 {
      add(
        .warning, "the kernel dropped \(kernel.dropped) packets before the daemon saw them",
        "give the VR more processor time")
    }
    return lines
  }
}
