import VineBase
import VinePath
import VineSession

/// The sessions with other VRs: which are live, how they came, and when a new one is due.
public struct Peers: Sendable {
  public struct Session: Hashable, Sendable {
    public let localIndex: UInt32
    public let established: Instant
    public let isGuest: Bool
    public let carrier: Carrier
    public let suite: CipherSuite
    /// Of the wire format.
    public let version: UInt8
  }

  public struct Peer: Hashable, Sendable {
    /// Newest last.
    public internal(set) var sessions: [Session] = []
    public internal(set) var heard: Instant
    public internal(set) var keepaliveSent: Instant?
    /// Round trip and loss by the questions whether it is there.
    public internal(set) var asks = AskHistory()
    public internal(set) var tried: Instant?
    /// How its last control frame came: the way back that certainly works.
    public internal(set) var heardVia: Carrier?
    /// Why the last handshake came to nothing, if one of the two refused the other.
    public internal(set) var refusal: RefusalReason?
    /// The carrier that the data plane was told.
    public internal(set) var carrier: Carrier?
  }

  /// Receiving sessions kept for a peer: the newest, the one it replaces, and one of a simultaneous open.
  static let sessionsMax = 3
  /// A session is replaced after this long.
  static let rekeyAfter = Duration.seconds(30 * 60)
  /// How long a peer may be silent. Peers that carry traffic are watched closely, so that it finds another way soon;
  /// gossip looks after its neighbours itself, with a probe each ten seconds or so.
  struct Silence: Hashable, Sendable {
    /// A peer silent for this long is asked for a sign of life.
    let beforeKeepalive: Duration
    /// One silent for this long gets a new handshake: it may have restarted and lost its keys.
    let beforeHandshake: Duration
    /// One silent for this long is taken for gone: its sessions are released.
    let beforeRelease: Duration

    static let close = Silence(
      beforeKeepalive: .seconds(3), beforeHandshake: .seconds(6), beforeRelease: .seconds(15))
    static let distant = Silence(
      beforeKeepalive: .seconds(14), beforeHandshake: .seconds(20), beforeRelease: .seconds(45))
  }

  /// For how long the way that a limited-VR's last frame came is taken back to it.
  static let wayBackMax = Duration.seconds(10)
  /// Between two attempts at one peer.
  static let retryAfter = Duration.seconds(2)
  /// Of two VRs that want a session with each other the one with the lower NodeID begins; the other one waits as long.
  static let courtesy = Duration.seconds(2)
  /// Guests at a time; the oldest goes. A thousand sites may join at once; a guest costs a few hundred bytes.
  static let guestsMax = 1024

  public private(set) var all: SortedMap<NodeID, Peer> = [:]
  /// Since when a session is wanted with peers that have none.
  private var wishes: SortedMap<NodeID, Instant> = [:]

  public init() {}

  public func isConnected(_ node: NodeID) -> Bool {
    all[node].map { $0.sessions.contains { !$0.isGuest } } ?? false
  }

  public var connected: [NodeID] { all.keys.filter(isConnected) }

  /// - Returns: indices of older sessions that are to be released.
  mutating func established(_ session: EstablishedSession, at now: Instant) -> [UInt32] {
    let node = session.peer.node
    var peer = all[node] ?? Peer(heard: now)
    peer.sessions.append(
      Session(
        localIndex: session.localIndex, established: now, isGuest: session.peer.isGuest, carrier: session.carrier,
        suite: session.suite, version: session.version))
    peer.refusal = nil
    peer.heard = now
    peer.heardVia = session.carrier
    peer.keepaliveSent = nil
    let surplus = max(0, peer.sessions.count - Self.sessionsMax)
    let released = peer.sessions.prefix(surplus).map(\.localIndex)
    peer.sessions.removeFirst(surplus)
    all[node] = peer
    return released
  }

  /// - Returns: whether it came another way than the one before.
  mutating func heard(_ node: NodeID, via carrier: Carrier, at now: Instant) -> Bool {
    all.update(node) { peer in
      let isNews = peer.heardVia != carrier
      (peer.heard, peer.heardVia, peer.keepaliveSent) = (now, carrier, nil)
      return isNews
    } ?? false
  }

  /// It lives, whatever way it said so.
  mutating func heardBeside(_ node: NodeID, at now: Instant) {
    _ = all.update(node) { ($0.heard, $0.keepaliveSent) = (now, nil) }
  }

  /// One of the two refused the other.
  mutating func refused(_ node: NodeID, _ reason: RefusalReason, at now: Instant) {
    all[node, default: Peer(heard: now)].refusal = reason
  }

  /// Nothing goes there any more.
  mutating func forgetWay(to node: NodeID, _ carrier: Carrier) {
    _ = all.update(node) { peer in
      if peer.heardVia == carrier { peer.heardVia = nil }
    }
  }

  /// The way that the peer's last frame came, while that is fresh.
  func wayBack(to node: NodeID, at now: Instant) -> Carrier? {
    guard let peer = all[node], now - peer.heard < Self.wayBackMax else { return nil }
    return peer.heardVia
  }

  /// Peers with sessions that were not heard of for too long, and without any that nobody tries any more.
  /// - Parameter isClose: of each peer in `all`, in that order.
  func gone(at now: Instant, isClose: [Bool]) -> [NodeID] {
    zip(all, isClose).filter { pair, isClose in
      let peer = pair.1
      let last = peer.sessions.isEmpty ? peer.tried ?? peer.heard : peer.heard
      return now - last >= (isClose ? Silence.close : .distant).beforeRelease
    }.map(\.0.0)
  }

  mutating func tried(_ node: NodeID, at now: Instant) { all[node, default: Peer(heard: now)].tried = now }

  mutating func keepaliveSent(to node: NodeID, at now: Instant) {
    _ = all.update(node) { $0.keepaliveSent = now }
    asked(node, at: now)
  }

  mutating func asked(_ node: NodeID, at now: Instant) { _ = all.update(node) { $0.asks.asked(at: now) } }

  mutating func answered(_ node: NodeID, at now: Instant, roundTrip: Duration? = nil) {
    _ = all.update(node) { $0.asks.answered(at: now, roundTrip: roundTrip) }
  }

  /// What came of a question that gossip asked.
  mutating func probed(_ node: NodeID, roundTrip: Duration?, at now: Instant) {
    _ = all.update(node) { $0.asks.settled(roundTrip: roundTrip, at: now) }
  }

  mutating func carries(_ node: NodeID, _ carrier: Carrier?) { _ = all.update(node) { $0.carrier = carrier } }

  /// - Returns: indices of its sessions, to be released.
  mutating func remove(_ node: NodeID) -> [UInt32] {
    all.removeValue(forKey: node).map { $0.sessions.map(\.localIndex) } ?? []
  }

  /// Whether the last attempt is long enough ago.
  func mayTry(_ node: NodeID, at now: Instant) -> Bool {
    all[node]?.tried.map { now - $0 >= Self.retryAfter } ?? true
  }

  /// Whether a handshake is due: no session, an old one, or silence.
  /// - Parameter yields: the peer is expected to begin, and this VR does so if it does not.
  mutating func needsHandshake(_ node: NodeID, yields: Bool, _ silence: Silence, at now: Instant) -> Bool {
    guard mayTry(node, at: now) else { return false }
    guard let newest = all[node]?.sessions.last(where: { !$0.isGuest }), let heard = all[node]?.heard else {
      guard yields else { return true }
      let since = wishes[node] ?? now
      wishes[node] = since
      return now - since >= Self.courtesy
    }
    wishes[node] = nil
    let age = now - newest.established
    return age >= (yields ? Self.rekeyAfter + .seconds(60) : Self.rekeyAfter) || now - heard >= silence.beforeHandshake
  }

  /// Keeps no wish for a session that nobody wants any more.
  mutating func forgetWishes(besides wanted: [NodeID]) {
    for node in wishes.keys where !wanted.contains(node) { wishes[node] = nil }
  }

  func needsKeepalive(_ node: NodeID, _ silence: Silence, at now: Instant) -> Bool {
    guard let peer = all[node], !peer.sessions.isEmpty, now - peer.heard >= silence.beforeKeepalive else {
      return false
    }
    return peer.keepaliveSent.map { now - $0 >= .seconds(1) } ?? true
  }

  /// Guests that came over the channel.
  func guests(on channel: ChannelID) -> [NodeID] {
    all.filter { _, peer in
      !peer.sessions.isEmpty && peer.sessions.allSatisfy { $0.isGuest && $0.carrier == .channel(channel) }
    }.map(\.0)
  }

  /// Guests beyond the limit, oldest first.
  var surplusGuests: [NodeID] {
    let guests = all.filter { !$0.1.sessions.isEmpty && $0.1.sessions.allSatisfy(\.isGuest) }
    guard guests.count > Self.guestsMax else { return [] }
    return guests.sorted { $0.1.heard < $1.1.heard }.prefix(guests.count - Self.guestsMax).map(\.0)
  }
}
