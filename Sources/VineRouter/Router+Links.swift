import VineBase
import VinePath
import VineRegistry
import VineWire

/// Measured links: what is worth measuring, the trains, and what the mesh is told.
extension Router {
  /// Public VRs whose links are worth a measurement, and where they are reached. A limited-VR measures its way to all
  /// that could be its queue-VR; of two public ones with a limited-VR among their peers the one with the lower NodeID
  /// measures the link between them, both directions.
  mutating func chooseLinks(_ turn: inout Turn) {
    let isLimited = reachability.role == .limited
    var targets = SortedMap<NodeID, Endpoint>()
    if isLimited || dataPeers.contains(where: { directory.records[$0]?.role == .limited }) {
      for peer in peers.connected where isLimited ? queueing.isCandidate(peer) : node < peer {
        guard targets.count < WireLimits.linkCountMax, let endpoint = publicEndpoint(of: peer) else { continue }
        targets[peer] = endpoint
      }
    }
    run(links: .targets(targets), &turn)
  }

  func publicEndpoint(of peer: NodeID) -> Endpoint? {
    guard let record = directory.records[peer], record.role == .public else { return nil }
    return record.endpoints.first
  }

  mutating func run(links input: LinkProbing.Input, _ turn: inout Turn) {
    for effect in probing.handle(input, at: turn.now) {
      switch effect {
      case .request(let id, let peer, let endpoint, let packets, let isWanted):
        let request = ControlMessage.trainRequest(id: id, packets: UInt32(clamping: packets), isWanted: isWanted)
        send(request, to: peer, via: .datagram(endpoint), &turn)
      case .expect(let id, let peer): turn.emit(.expectTrain(id, from: peer))
      case .ready(let id, let peer, let endpoint):
        send(.trainReady(id: id), to: peer, via: .datagram(endpoint), &turn)
      case .send(let id, let peer, let endpoint, let packets):
        turn.emit(.sendTrain(id, to: peer, at: endpoint, count: packets))
      case .result(let id, let peer, let endpoint, let outcome):
        let result = ControlMessage.trainResult(
          id: id, rate: outcome.reading?.rate, received: UInt32(clamping: outcome.received),
          sent: UInt32(clamping: outcome.sent), confidence: outcome.reading?.confidence ?? 0)
        send(result, to: peer, via: .datagram(endpoint), &turn)
      case .told: turn.ownRecordChanged = true
      case .measured(let peer):
        for id in requests.probes.removeValue(forKey: peer) ?? [] { turn.emit(.answer(id, .success(.link(peer)))) }
      }
    }
  }

  /// What this VR's record says of its links.
  var toldLinks: SortedMap<NodeTag, ReadingFilter.Step> {
    var links = SortedMap<NodeTag, ReadingFilter.Step>()
    for (peer, step) in probing.told.prefix(WireLimits.linkCountMax) { links[peer.tag] = step }
    return links
  }

  // MARK: Requests

  mutating func probe(_ site: SiteName, _ id: RequestID, _ turn: inout Turn) {
    guard let peer = directory.view.site(named: site) else {
      return refuse(id, RequestFailure("there is no site \(site)", mend: "see `vine-mesh status peers`"), &turn)
    }
    guard peer != node else {
      return refuse(id, RequestFailure("\(site) is this site", mend: "name another site"), &turn)
    }
    let endpoint = directPaths.path(to: peer)?.endpoint ?? publicEndpoint(of: peer)
    guard let endpoint else {
      let failure = RequestFailure(
        "there is no direct way to \(site), so that no train can measure it",
        mend: "probe its queue-VR instead, see `vine-mesh status peers`")
      return refuse(id, failure, &turn)
    }
    guard peers.isConnected(peer) else {
      connect(to: peer, &turn)
      return refuse(id, RequestFailure("there is no session with \(site) yet", mend: "try again", .unanswered), &turn)
    }
    requests.probes[peer, default: []].append(id)
    run(links: .measure(peer, endpoint), &turn)
  }
}
