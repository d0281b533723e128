import VineBase

/// Finds, keeps and gives up direct ways over UDP between VRs of which at least one is limited.
///
/// A VR behind NAT asks a public VR how it is seen, offers that endpoint to the peer by the way there is (a queue-VR),
/// and both send probes at the same time, so that each opens its own NAT for the other (RFC 5128, 3.3). A probe that is
/// answered from where it went proves the way, and the one who was probed asks back (RFC 8445, 7.3.1.4). Probes are
/// sealed control messages: nobody but the peer can answer. While packets flow a way is asked each second, and given up
/// within 2.5 s; frames go by the queue-VR then, and the search begins again.
public struct DirectPaths: Sendable {
  /// A peer that packets are exchanged with, and where its record says it is reached: nowhere if it is limited.
  public struct Wish: Hashable, Sendable {
    public let node: NodeID
    public let endpoints: [Endpoint]

    public init(node: NodeID, endpoints: [Endpoint]) {
      (self.node, self.endpoints) = (node, endpoints)
    }
  }

  public enum Input: Hashable, Sendable {
    /// Packets flowed; said each second while they do.
    case traffic([Wish])
    /// Public VRs with sessions, which can tell how this VR is seen; best first.
    case anchors([Wish])
    /// How is this VR seen? Asked without a peer to reach.
    case look
    /// Addresses of this machine: a peer behind the same NAT is reached there.
    case localEndpoints([Endpoint])
    /// A peer says where it may be reached.
    case offered(by: NodeID, [Endpoint])
    /// A peer's probe came from `from`.
    case probed(by: NodeID, from: Endpoint, nonce: UInt64)
    /// A peer's answer came from `from`; it sees this VR as `observed`.
    case answered(by: NodeID, from: Endpoint, nonce: UInt64, observed: Endpoint)
    /// Its sessions are gone.
    case disconnected(NodeID)
    case wakeup
  }

  public enum Effect: Hashable, Sendable {
    /// How is this VR seen from there?
    case look(NodeID, Endpoint, nonce: UInt64)
    /// To this endpoint, whatever way the peer's frames go otherwise.
    case probe(NodeID, Endpoint, nonce: UInt64)
    case answer(NodeID, Endpoint, nonce: UInt64)
    /// By the way that the peer's frames go.
    case offer(NodeID, [Endpoint])
    /// The peer's frames are to go there from now on; nil: there is no direct way any more.
    case path(NodeID, Endpoint?)
    /// How public VRs see this one changed.
    case seenAs([Observation])
  }

  /// What a public VR says of this one.
  public struct Observation: Hashable, Sendable {
    public let by: NodeID
    /// Where the one who says so was asked.
    public let at: Endpoint
    public let seenAs: Endpoint

    public init(by: NodeID, at: Endpoint, seenAs: Endpoint) { (self.by, self.at, self.seenAs) = (by, at, seenAs) }
  }

  public struct Settings: Hashable, Sendable {
    /// A way that carries packets is asked so often, one that does not so seldom: below the 30 s after which the most
    /// impatient NATs forget (RFC 4787, REQ-5 has 120 s as the least, and not all keep it).
    public var busyInterval = Duration.seconds(1)
    public var quietInterval = Duration.seconds(15)
    /// After the last packet a way counts as busy, and then it is kept.
    public var busyFor = Duration.seconds(3)
    public var keptFor = Duration.seconds(300)
    /// An answer is waited for so long at least, and a way given up after so many probes without one.
    public var answerMin = Duration.milliseconds(350)
    public var tries = 4
    /// Rounds of probes in one search, and the pause after the first; each pause is longer by as much.
    public var rounds = 6
    public var roundPause = Duration.milliseconds(150)
    /// From one search that found nothing to the next; doubled each time.
    public var rest = Duration.seconds(15)
    public var restMax = Duration.seconds(300)
    /// How long what an anchor said is believed without asking again.
    public var observationMax = Duration.seconds(20)
    /// Offers of one peer closer together than this are the same offer.
    public var offerPause = Duration.seconds(1)
    public var candidatesMax = 8
    public var peersMax = 256

    public init() {}
  }

  /// A direct way in use, for people.
  public struct Path: Hashable, Sendable {
    public let endpoint: Endpoint
    public let since: Instant
    public var roundTrip: Duration
    public var answered: Instant
  }

  public let settings: Settings
  public private(set) var observations: [Observation] = []
  private var observedAt: Instant?
  private var anchors: [Wish] = []
  private var locals: [Endpoint] = []
  private var peers = SortedMap<NodeID, Peer>()
  /// Asked and not answered.
  private var looks: [Look] = []
  private var random: RandomSource

  public init(settings: Settings = Settings(), random: RandomSource) {
    (self.settings, self.random) = (settings, random)
  }

  // MARK: Facts

  /// The direct way to a peer, if there is one.
  public func path(to node: NodeID) -> Path? { peers[node]?.path }

  /// Why there is none, and since when, if a search found nothing.
  public func failure(to node: NodeID) -> (what: String, at: Instant)? { peers[node]?.failure }

  public var nextWakeup: Wakeup? {
    peers.values.compactMap(\.next).min().map { Wakeup(at: $0, reason: "probe direct ways") }
  }

  // MARK: The one door

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .traffic(let wishes): return wishes.flatMap { wish in flows(wish, at: now) }
    case .anchors(let anchors):
      self.anchors = anchors
      return []
    case .localEndpoints(let endpoints):
      locals = endpoints
      return []
    case .look: return look(besides: nil, at: now)
    case .offered(let node, let endpoints): return offered(node, endpoints, at: now)
    case .probed(let node, let endpoint, let nonce): return probed(node, endpoint, nonce, at: now)
    case .answered(let node, let endpoint, let nonce, let observed):
      return answered(node, endpoint, nonce, observed, at: now)
    case .disconnected(let node):
      return peers.removeValue(forKey: node)?.path == nil ? [] : [.path(node, nil)]
    case .wakeup:
      return peers.keys.flatMap { node in wakeup(node, at: now) }
    }
  }
}

// MARK: Searching

extension DirectPaths {
  private struct Probe: Sendable {
    let endpoint: Endpoint
    let nonce: UInt64
    let sent: Instant
  }

  private struct Look: Sendable {
    let node: NodeID
    let endpoint: Endpoint
    let nonce: UInt64
  }

  private struct Search: Sendable {
    var round = 0
    var next: Instant
  }

  private struct Peer: Sendable {
    var candidates: [Endpoint] = []
    var path: Path?
    /// Probes of the way in use that were not answered, and when the next is due.
    var unanswered = 0
    var nextProbe = Instant.zero
    var search: Search?
    /// Until then no search begins by itself.
    var restUntil = Instant.zero
    var failures = 0
    var failure: (what: String, at: Instant)?
    var lastTraffic: Instant?
    /// When anything was last heard of it or done for it.
    var touched: Instant
    var offered: Instant?
    var heardOffer: Instant?
    var probes: [Probe] = []

    var next: Instant? {
      [search?.next, path.map { _ in nextProbe }].compactMap { $0 }.min()
    }

    init(touched: Instant) { self.touched = touched }
  }

  /// Probes whose answers are still of use; older ones are forgotten.
  private static let probesMax = 64

  private mutating func flows(_ wish: Wish, at now: Instant) -> [Effect] {
    makeRoom(at: now)
    guard peers[wish.node] != nil || peers.count < settings.peersMax else { return [] }
    var peer = peers[wish.node] ?? Peer(touched: now)
    peer.touched = now
    let wasQuiet = !isBusy(peer, at: now)
    peer.lastTraffic = now
    if !wish.endpoints.isEmpty { peer.candidates = Array(wish.endpoints.prefix(settings.candidatesMax)) }
    // A way that was asked seldom is asked at once: who begins to send waits for nobody's keepalive.
    if peer.path != nil, wasQuiet { peer.nextProbe = now }
    let begins = peer.path == nil && peer.search == nil && now >= peer.restUntil
    if begins { peer.search = Search(next: now) }
    peers[wish.node] = peer
    return begins || wasQuiet ? wakeup(wish.node, at: now) : []
  }

  /// Forgets peers that nothing is known of and nothing is held with.
  private mutating func makeRoom(at now: Instant) {
    guard peers.count >= settings.peersMax else { return }
    for (node, peer) in peers where peer.path == nil && peer.search == nil && now >= peer.restUntil {
      peers[node] = nil
    }
  }

  private func isBusy(_ peer: Peer, at now: Instant) -> Bool {
    peer.lastTraffic.map { now - $0 < settings.busyFor } ?? false
  }

  /// The peer begins a search, or answers this VR's offer with its own.
  private mutating func offered(_ node: NodeID, _ endpoints: [Endpoint], at now: Instant) -> [Effect] {
    makeRoom(at: now)
    guard peers[node] != nil || peers.count < settings.peersMax else { return [] }
    var peer = peers[node] ?? Peer(touched: now)
    peer.touched = now
    if let last = peer.heardOffer, now - last < settings.offerPause { return [] }
    peer.heardOffer = now
    peer.candidates = Array(endpoints.filter(isUsable).prefix(settings.candidatesMax))
    // From the first round again: both sides have to knock at the same time.
    if peer.path == nil { peer.search = Search(next: now) }
    peers[node] = peer
    return wakeup(node, at: now)
  }

  private func isUsable(_ endpoint: Endpoint) -> Bool {
    let first = endpoint.address.rawValue >> 24
    return endpoint.port > 0 && first > 0 && first < 224 && first != 127
  }

  /// Where this VR may be reached, best first: as public VRs see it, then its own addresses.
  private var ownEndpoints: [Endpoint] {
    var endpoints: [Endpoint] = []
    for endpoint in observations.map(\.seenAs) + locals where !endpoints.contains(endpoint) {
      endpoints.append(endpoint)
    }
    return Array(endpoints.prefix(settings.candidatesMax))
  }

  private mutating func wakeup(_ node: NodeID, at now: Instant) -> [Effect] {
    guard var peer = peers[node] else { return [] }
    var effects: [Effect] = []
    if let next = peer.path.map({ _ in peer.nextProbe }), next <= now { effects += ask(node, &peer, at: now) }
    if let search = peer.search, search.next <= now { effects += knock(node, &peer, search, at: now) }
    // Nothing flows and nothing is held: what is known of it is of no more use.
    let isIdle = peer.path == nil && peer.search == nil && now - peer.touched >= settings.keptFor
    peers[node] = isIdle ? nil : peer
    return effects
  }

  /// One round: an offer first, so that the peer knocks, too; then a probe to each endpoint that may be its own.
  private mutating func knock(_ node: NodeID, _ peer: inout Peer, _ search: Search, at now: Instant) -> [Effect] {
    guard search.round < settings.rounds else {
      peer.search = nil
      peer.failures += 1
      let rest = min(settings.rest * (1 << min(peer.failures - 1, 8)), settings.restMax)
      peer.restUntil = now + rest + random.jitter(.milliseconds(500))
      let tried = peer.candidates.count
      peer.failure = (
        tried == 0 ? "it does not say where it may be reached" : "no answer from \(tried) endpoints", now
      )
      return []
    }
    var effects: [Effect] = []
    let isFresh = observedAt.map { now - $0 < settings.observationMax } ?? false
    if !isFresh, search.round.isMultiple(of: 2) {
      // How this VR is seen has to be known before it can be offered.
      effects += look(besides: node, at: now)
    }
    let mayOffer = peer.offered.map { now - $0 >= settings.offerPause } ?? true
    if mayOffer, isFresh || search.round > 0, !ownEndpoints.isEmpty {
      peer.offered = now
      effects.append(.offer(node, ownEndpoints))
    }
    for endpoint in peer.candidates { effects.append(probe(node, endpoint, in: &peer, at: now)) }
    peer.search = Search(round: search.round + 1, next: now + settings.roundPause * Int64(search.round + 1))
    return effects
  }

  private mutating func look(besides node: NodeID?, at now: Instant) -> [Effect] {
    anchors.prefix(2).compactMap { anchor in
      guard anchor.node != node, let endpoint = anchor.endpoints.first else { return nil }
      let nonce = random.next()
      if looks.count >= 8 { looks.removeFirst() }
      looks.append(Look(node: anchor.node, endpoint: endpoint, nonce: nonce))
      return .look(anchor.node, endpoint, nonce: nonce)
    }
  }

  private mutating func probe(
    _ node: NodeID, _ endpoint: Endpoint, in peer: inout Peer, at now: Instant
  ) -> Effect {
    let nonce = random.next()
    if peer.probes.count >= Self.probesMax { peer.probes.removeFirst(Self.probesMax / 2) }
    peer.probes.append(Probe(endpoint: endpoint, nonce: nonce, sent: now))
    return .probe(node, endpoint, nonce: nonce)
  }
}

// MARK: Holding

extension DirectPaths {
  /// The way in use is asked again, or given up.
  private mutating func ask(_ node: NodeID, _ peer: inout Peer, at now: Instant) -> [Effect] {
    guard let path = peer.path else { return [] }
    let isBusy = isBusy(peer, at: now)
    guard peer.unanswered < settings.tries else {
      peer.path = nil
      peer.unanswered = 0
      // The NAT may have forgotten all: ask again before anything is offered.
      observedAt = nil
      peer.failure = ("no answer from \(path.endpoint) for \(Int((now - path.answered).inSeconds.rounded())) s", now)
      // With traffic it is looked for again at once.
      if isBusy { peer.search = Search(next: now) }
      return [.path(node, nil)]
    }
    if let last = peer.lastTraffic, now - last >= settings.keptFor, peer.unanswered == 0 {
      peer.path = nil
      return [.path(node, nil)]
    }
    peer.unanswered += 1
    // Until the answer: soon again. The answer puts the next one off.
    peer.nextProbe = now + max(settings.answerMin, min(path.roundTrip * 2, settings.busyInterval))
    return [probe(node, path.endpoint, in: &peer, at: now)]
  }

  private mutating func probed(
    _ node: NodeID, _ endpoint: Endpoint, _ nonce: UInt64, at now: Instant
  ) -> [Effect] {
    var effects: [Effect] = [.answer(node, endpoint, nonce: nonce)]
    makeRoom(at: now)
    guard peers[node] != nil || peers.count < settings.peersMax else { return effects }
    var peer = peers[node] ?? Peer(touched: now)
    peer.touched = now
    let isPending = peer.probes.contains { $0.endpoint == endpoint && now - $0.sent < settings.answerMin }
    if peer.path?.endpoint != endpoint, !isPending {
      // It comes from elsewhere, perhaps because its NAT forgot: does the way back work, and does the old one?
      effects.append(probe(node, endpoint, in: &peer, at: now))
      if peer.path != nil, peer.unanswered == 0 { peer.nextProbe = now }
    }
    peers[node] = peer
    return effects + wakeup(node, at: now)
  }

  private mutating func answered(
    _ node: NodeID, _ endpoint: Endpoint, _ nonce: UInt64, _ observed: Endpoint, at now: Instant
  ) -> [Effect] {
    if let look = looks.firstIndex(where: { $0.nonce == nonce && $0.node == node && $0.endpoint == endpoint }) {
      looks.remove(at: look)
      return observe(node, at: endpoint, observed, now)
    }
    guard var peer = peers[node],
      let index = peer.probes.firstIndex(where: { $0.nonce == nonce && $0.endpoint == endpoint })
    else { return [] }
    let probe = peer.probes.remove(at: index)
    let roundTrip = now - probe.sent
    var effects = observe(node, at: endpoint, observed, now)
    if var path = peer.path, path.endpoint == endpoint {
      path.roundTrip = roundTrip
      path.answered = now
      peer.path = path
      peer.unanswered = 0
      peer.nextProbe = now + (isBusy(peer, at: now) ? settings.busyInterval : settings.quietInterval)
    } else if isBetter(roundTrip, than: peer) {
      peer.path = Path(endpoint: endpoint, since: now, roundTrip: roundTrip, answered: now)
      peer.unanswered = 0
      peer.failures = 0
      peer.restUntil = now
      peer.search = nil
      if peer.lastTraffic == nil { peer.lastTraffic = now }
      peer.nextProbe = now + (isBusy(peer, at: now) ? settings.busyInterval : settings.quietInterval)
      effects.append(.path(node, endpoint))
    }
    peers[node] = peer
    return effects
  }

  /// A second way replaces the first if that one is silent, or much slower.
  private func isBetter(_ roundTrip: Duration, than peer: Peer) -> Bool {
    guard let path = peer.path else { return true }
    return peer.unanswered > 0 || roundTrip.inNanoseconds < path.roundTrip.inNanoseconds / 10 * 7
  }

  /// Keeps what the last two anchors said.
  private mutating func observe(
    _ node: NodeID, at endpoint: Endpoint, _ seenAs: Endpoint, _ now: Instant
  ) -> [Effect] {
    guard anchors.contains(where: { $0.node == node && $0.endpoints.contains(endpoint) }) else { return [] }
    observedAt = now
    let observation = Observation(by: node, at: endpoint, seenAs: seenAs)
    guard !observations.contains(observation) else { return [] }
    observations.removeAll { $0.by == node }
    observations.insert(observation, at: 0)
    if observations.count > 2 { observations.removeLast() }
    return [.seenAs(observations)]
  }
}
