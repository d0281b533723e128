import VineBase
import VineRegistry
import VineWire

/// Which proposals of limited-VRs came straight, and so where their answers go besides.
struct StraightWays: Sendable {
  /// Proposals remembered; those of more wait for the answer through their queue-VR.
  static let countMax = 256

  private var ways: SortedMap<ProposalID, Carrier> = [:]
  private var order = BoundedQueue<ProposalID>(capacity: StraightWays.countMax)

  mutating func note(_ id: ProposalID, _ carrier: Carrier) {
    if ways[id] == nil, let forgotten = order.append(id) { ways[forgotten] = nil }
    ways[id] = carrier
  }

  mutating func take(_ id: ProposalID) -> Carrier? { ways.removeValue(forKey: id) }
}

/// A limited-VR's command goes to a public voter twice: through its queue-VR, and straight by UDP, which most firewalls
/// let out and which is sooner there. The answer comes back both ways. Neither says which way other frames should take.
extension Router {
  /// Who leads, as the voters' own records say: the newest term counts. In a mesh so large that not all VRs keep a
  /// session with one voter, commands are spread over all.
  mutating func learnLeader() {
    let isSmall = directory.view.sites.count <= Self.sitesPerVoterMax
    registrar.proposals.leader = isSmall ? leaderTold?.node : nil
  }

  /// Who leads in which term, as far as voters' records tell.
  public var leaderTold: (node: NodeID, term: UInt64)? {
    registrar.voters.compactMap { voter in directory.records[voter]?.ledTerm.map { (voter, $0) } }
      .max { $0.1 < $1.1 }
  }

  /// The second copy of a proposal to a public voter, or of an answer to one that came straight.
  mutating func sendStraight(_ message: ControlMessage, to peer: NodeID, _ turn: inout Turn) {
    switch message {
    case .proposal(let proposal):
      guard proposal.author == node, placement.usesDirectPaths, reachability.role == .limited,
        peers.isConnected(peer), !goesByDatagram(peer), let endpoint = publicEndpoint(of: peer),
        message.encode().count <= Self.controlByteCountMax
      else { return }
      send(message, to: peer, via: .datagram(endpoint), &turn)
    case .proposalAnswer(let id, _):
      guard let way = commands.straightWays.take(id) else { return }
      send(message, to: peer, via: way, &turn)
    default: return
    }
  }

  /// Whether this copy came beside the way that the peer's frames take.
  func isStraight(_ message: ControlMessage, from peer: NodeID, via carrier: Carrier) -> Bool {
    guard case .proposal = message, case .datagram = carrier else { return false }
    return directory.records[peer]?.role == .limited && !goesByDatagram(peer)
  }

  mutating func noteStraightWay(of proposal: Proposal, from peer: NodeID, _ carrier: Carrier) {
    guard proposal.author == peer, isStraight(.proposal(proposal), from: peer, via: carrier) else { return }
    commands.straightWays.note(proposal.id, carrier)
  }

  private func goesByDatagram(_ peer: NodeID) -> Bool {
    if case .datagram? = peers.all[peer]?.carrier { true } else { false }
  }
}
