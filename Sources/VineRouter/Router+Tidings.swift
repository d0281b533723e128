import VineBase
import VineGossip
import VineRegistry

/// How many decisions a voter passes on itself; of more, gossip alone brings the news.
struct Tidings: Sendable {
  static let decisionsPerSecond = 64
  /// VRs that are told of one decision.
  static let hearersMax = 128
  /// Log entries that a decision may be behind: older ones come from comparing stores, and are news to nobody else.
  static let entriesBehindMax: UInt64 = 256

  private var since = Instant.zero
  private var count = 0

  mutating func mayTell(at now: Instant) -> Bool {
    if now - since >= .seconds(1) { (since, count) = (now, 0) }
    count += 1
    return count <= Self.decisionsPerSecond
  }
}

/// What a decision or a host is news to, told at once and beside gossip, which brings it to all.
extension Router {
  /// A voter that hears of a decision tells those whom it concerns and who have sessions with it; the leader tells the
  /// other voters, which do the same.
  mutating func tell(_ record: SignedRecord, on key: FactKey, _ turn: inout Turn) {
    guard registrar.isVoter, record.version.sequence + Tidings.entriesBehindMax >= registrar.appliedIndex else {
      return
    }
    var hearers: [NodeID]
    switch key {
    // Who takes part next has to know the name.
    case .vine: hearers = peers.connected
    case .participation(let network, let part): hearers = [part] + directory.view.participants(of: network)
    case .block, .scopedBlock: hearers = key.holding.flatMap(directory.view.owner(of:)).map { [$0] } ?? []
    case .mesh, .site, .revocation, .reserve, .quarantine, .voter: return
    }
    if registrar.raft.isLeader { hearers = registrar.voters + hearers }
    var others: [NodeID] = []
    for hearer in hearers.prefix(Tidings.hearersMax) where hearer != node && !others.contains(hearer) {
      others.append(hearer)
    }
    if !others.isEmpty, tidings.mayTell(at: turn.now) { run(gossip: .tell([record], others), &turn) }
  }

  // MARK: Companions

  /// Others in these ViNes, the first few of many.
  func companions(in networks: [NetworkID]) -> [NodeID] {
    var companions: SortedMap<NodeID, Bool> = [:]
    for network in networks {
      for peer in directory.view.participants(of: network).prefix(Self.eagerPeersMax) where peer != node {
        companions[peer] = true
      }
    }
    return Array(companions.keys.prefix(Self.eagerPeersMax))
  }

  /// Begins sessions with others in these ViNes, before there is a host or a packet.
  /// - Parameter isFirst: the others cannot know of it yet, so this VR begins whoever has the lower NodeID.
  mutating func meet(_ networks: [NetworkID], isFirst: Bool = false, _ turn: inout Turn) {
    var others = companions(in: networks)
    // Of a ViNe made a moment ago the name may be all that has come.
    if isFirst { others += networks.compactMap { directory.view.vines[$0]?.creator }.filter { !others.contains($0) } }
    for peer in others where !peers.isConnected(peer) && peers.mayTry(peer, at: turn.now) {
      if isFirst || !yields(to: peer), gossip.member(peer)?.state == .alive { connect(to: peer, &turn) }
    }
  }

  /// The VR's record goes straight to those who forward packets by it.
  mutating func tellHosts(to others: [NodeID], _ turn: inout Turn) {
    guard let record = gossip.store[RecordKey(kind: .vr, id: node.bytes)] else { return }
    run(gossip: .tell([record], others), &turn)
  }

  /// How long a VR that a session came up with gets the own record if it is of that age: others have it from gossip.
  static let newsAge = Duration.seconds(10)

  /// A session came up: its VR hears of hosts that are new, if they concern it.
  mutating func tellHosts(to peer: NodeID, _ turn: inout Turn) {
    guard let changed = own.claimsChanged, turn.now - changed < Self.newsAge else { return }
    let shared = directory.view.networks(of: node).contains { directory.view.takesPart(peer, in: $0) }
    if shared { tellHosts(to: [peer], &turn) }
  }
}
