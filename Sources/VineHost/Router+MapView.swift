import VineBase
import VineControl
import VineRouter

/// The map of the mesh: what records and facts say of all VRs, whether or not this one has to do with them.
extension Router {
  func mapView(_ context: ViewContext) -> MapView {
    var voting: SortedMap<String, Bool> = [:]
    for voter in votersView.voters where !voter.isLearner { voting[voter.node] = voter.isLeader }
    let vrs = directory.admitted.map { mapVR($0, context, voting) }
    return MapView(
      site: identity.site, meshName: identity.genesis.meshName,
      vrs: vrs.sorted { ($0.site, $0.node) < ($1.site, $1.node) },
      links: mapLinks)
  }

  private func mapVR(_ vr: NodeID, _ context: ViewContext, _ voting: SortedMap<String, Bool>) -> MapVR {
    let record = directory.records[vr]
    let (path, via) = pathKind(to: vr)
    return MapVR(
      site: directory.name(of: vr), node: vr.text, isSelf: vr == node, state: state(of: vr),
      stateSeconds: vr == node ? nil : gossip.member(vr).map { (context.now - $0.since).inSeconds },
      role: vr == node ? role : (record?.role ?? .unknown).word,
      endpoints: vr == node ? reachability.endpoints.map(\.description) : record?.endpoints.map(\.description) ?? [],
      queueVR: (vr == node ? channels.queueVR : record?.queueVR).map(directory.name(of:)),
      path: vr == node ? nil : path, via: path == .relay && !via.isEmpty ? via : nil,
      isVoter: voting[vr.text] != nil, isLeader: voting[vr.text] == true,
      secondVR: record?.succession.second.flatMap(directory.node(tagged:)).map(directory.name(of:)),
      standsInFor: record?.succession.standsInFor.flatMap(directory.node(tagged:)).map(directory.name(of:)),
      blocks: directory.view.blocks(of: vr).map(\.description), vines: directory.view.networks(of: vr).map(vineName),
      softwareVersion: vr == node ? identity.softwareVersion : record?.softwareVersion ?? "")
  }

  /// What other VRs tell the mesh of their links, and what this one measured.
  private var mapLinks: [MapLink] {
    var links: SortedMap<String, MapLink> = [:]
    func add(_ one: NodeID, _ other: NodeID, _ megabits: Double) {
      let ends = [directory.name(of: one), directory.name(of: other)].sorted()
      let key = ends.joined(separator: " ")
      let told = links[key]?.bandwidthMbps ?? .infinity
      links[key] = MapLink(from: ends[0], to: ends[1], bandwidthMbps: min(told, megabits))
    }
    for (teller, record) in directory.records where teller != node && !directory.view.isRevoked(teller) {
      for (tag, step) in record.links {
        guard let peer = directory.node(tagged: tag), !directory.view.isRevoked(peer) else { continue }
        add(teller, peer, step.rate.megabits)
      }
    }
    for (peer, link) in probing.links where !directory.view.isRevoked(peer) {
      if let rate = link.rate { add(node, peer, rate.megabits) }
    }
    return links.map(\.1)
  }
}
