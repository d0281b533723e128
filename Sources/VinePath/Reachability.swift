import VineBase

/// Learns by dial-back whether this VR is public or limited, and answers the dial-backs that others ask for.
///
/// A round asks up to three connected peers, one second apart, to send a probe from a fresh socket to the address
/// they see this VR at. The first probe that arrives proves it public; silence makes it limited. Where a NAT is in between,
/// a datagram proves nothing: most let in what comes from an address that was written to. There the peer's TCP connection has
/// to arrive, too, which no NAT lets in unless somebody told it to. The role stays what it is while a round is on its way.
public struct Reachability: Sendable {
  public enum Input: Hashable, Sendable {
    /// Endpoints that the operator vouches for; an empty list takes it back.
    case declaredPublic([Endpoint])
    /// Addresses of this machine's interfaces.
    case localAddresses([IPv4Address])
    /// What a peer says it sees this VR as.
    case observed(Endpoint, by: NodeID)
    /// A peer wants a probe sent to `wanted`; its request came from `observed`.
    case dialBackRequest(from: NodeID, observed: Endpoint, wanted: Endpoint, nonce: [UInt8])
    /// A probe came in, as a datagram or over a connection of its own.
    case dialBackArrived(nonce: [UInt8], overTCP: Bool)
    case connected(NodeID, isPublic: Bool)
    case disconnected(NodeID)
    /// The machine's addresses or its upstream changed: what was learnt may be wrong.
    case addressesChanged
    case wakeup
  }

  public enum Effect: Hashable, Sendable {
    case askDialBack(of: NodeID, wanted: Endpoint, nonce: [UInt8])
    /// Send a probe frame from a fresh socket, and over a fresh connection.
    case answerDialBack(to: Endpoint, nonce: [UInt8])
    /// The role, or the endpoints that go with it, changed: publish them.
    case roleChanged(Role, Evidence)
  }

  public struct Settings: Hashable, Sendable {
    public var tries = 3
    public var answerMax = Duration.seconds(1)
    /// Until a public VR makes sure again.
    public var publicInterval = Duration.seconds(600)
    /// Until a limited VR tries again.
    public var limitedInterval = Duration.seconds(60)
    /// One answer to a peer in this time: three tries of a second pass, a flood does not.
    public var answerInterval = Duration.milliseconds(500)
    /// Peers whose last answer is remembered; beyond it all are forgotten.
    public var askersMax = 1024

    public init() {}
  }

  public static let nonceByteCount = 16

  public private(set) var role = Role.unknown
  public private(set) var evidence = Evidence(.none)
  private let node: NodeID
  private let port: UInt16
  private let settings: Settings
  private var random: RandomSource
  private var declared: [Endpoint] = []
  private var locals: [IPv4Address] = []
  private var proven: Endpoint?
  private var peers = SortedMap<NodeID, Peer>()
  private var schedule = Schedule.due
  private var answered = SortedMap<NodeID, Instant>()

  /// - Parameter port: where this VR listens, UDP and TCP alike.
  public init(node: NodeID, port: UInt16, settings: Settings = Settings(), random: RandomSource) {
    precondition(settings.tries > 0, "a round has one try")
    (self.node, self.port, self.settings, self.random) = (node, port, settings, random)
  }

  /// Where to reach this VR, best first, for its record: empty if it is limited; a guess while nothing is known.
  public var endpoints: [Endpoint] {
    switch role {
    case .public: declared.isEmpty ? proven.map { [$0] } ?? [] : declared
    case .limited: []
    case .unknown: locals.map { Endpoint(address: $0, port: port) }
    }
  }

  /// Addresses of this machine's interfaces.
  public var localAddresses: [IPv4Address] { locals }

  public var nextWakeup: Wakeup? {
    guard declared.isEmpty else { return nil }
    return switch schedule {
    case .due: nil
    case .round(let round): Wakeup(at: round.deadline, reason: "dial-back answer")
    case .resting(let until): Wakeup(at: until, reason: "dial-back again")
    }
  }

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .declaredPublic(let endpoints): return declare(endpoints, at: now)
    case .localAddresses(let addresses):
      guard addresses != locals else { return [] }
      locals = addresses
      return restart(at: now)
    case .observed(let endpoint, let node):
      _ = peers.update(node) { $0.sees = endpoint }
      return startIfDue(at: now)
    case .dialBackRequest(let node, let observed, let wanted, let nonce):
      return answer(node, observed: observed, wanted: wanted, nonce: nonce, at: now)
    case .dialBackArrived(let nonce, let overTCP): return arrived(nonce, overTCP: overTCP, at: now)
    case .connected(let node, let isPublic):
      // A VR that reaches itself learns nothing about the way in.
      guard node != self.node else { return [] }
      peers[node, default: Peer()].isPublic = isPublic
      return startIfDue(at: now)
    case .disconnected(let node):
      peers.removeValue(forKey: node)
      return []
    case .addressesChanged: return restart(at: now)
    case .wakeup: return wakeup(at: now)
    }
  }
}

// MARK: Asking

extension Reachability {
  private struct Peer: Sendable {
    var isPublic = false
    var sees: Endpoint?
  }

  /// One row of asks; every nonce of the round counts until it ends, so that a slow answer is no lost one.
  private struct Round: Sendable {
    struct Ask: Sendable {
      let node: NodeID
      let wanted: Endpoint
      let seenAs: Endpoint
      let nonce: [UInt8]
      var came = false
      var cameOverTCP = false
    }
    var asks: [Ask] = []
    var deadline: Instant
  }

  private enum Schedule: Sendable {
    /// Waits for a peer that can be asked.
    case due
    case round(Round)
    case resting(until: Instant)
  }

  private mutating func declare(_ endpoints: [Endpoint], at now: Instant) -> [Effect] {
    guard endpoints != declared else { return [] }
    declared = endpoints
    schedule = .due
    guard endpoints.isEmpty else { return become(.public, Evidence(.declared(endpoints))) }
    proven = nil
    return become(.unknown, Evidence(.none)) + startIfDue(at: now)
  }

  private mutating func restart(at now: Instant) -> [Effect] {
    schedule = .due
    return startIfDue(at: now)
  }

  private mutating func startIfDue(at now: Instant) -> [Effect] {
    guard case .due = schedule, declared.isEmpty else { return [] }
    return ask(Round(deadline: now), at: now)
  }

  /// Asks the next peer of the round; public ones first, then by `NodeID`.
  private mutating func ask(_ round: Round, at now: Instant) -> [Effect] {
    let seeing = peers.filter { $0.1.sees != nil }
    let order = seeing.filter(\.1.isPublic) + seeing.filter { !$0.1.isPublic }
    guard !order.isEmpty, let seenAs = order[round.asks.count % order.count].1.sees else {
      schedule = .due
      return []
    }
    let node = order[round.asks.count % order.count].0
    let wanted = Endpoint(address: seenAs.address, port: port)
    let nonce = (0..<Self.nonceByteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var round = round
    round.asks.append(Round.Ask(node: node, wanted: wanted, seenAs: seenAs, nonce: nonce))
    round.deadline = now + settings.answerMax
    schedule = .round(round)
    return [.askDialBack(of: node, wanted: wanted, nonce: nonce)]
  }

  private mutating func wakeup(at now: Instant) -> [Effect] {
    guard let nextWakeup, now >= nextWakeup.at else { return [] }
    guard case .round(let round) = schedule else { return restart(at: now) }
    guard round.asks.count >= settings.tries, let last = round.asks.last else { return ask(round, at: now) }
    schedule = .resting(until: now + settings.limitedInterval)
    proven = nil
    if let half = round.asks.first(where: \.came) {
      return become(.limited, Evidence(.datagramsOnly(by: half.node, at: half.wanted)))
    }
    let isOwn = locals.contains(last.seenAs.address)
    return become(
      .limited, Evidence(.silence(tries: settings.tries, by: last.node, seenAs: last.seenAs, isOwnAddress: isOwn)))
  }

  private mutating func arrived(_ nonce: [UInt8], overTCP: Bool, at now: Instant) -> [Effect] {
    guard case .round(var round) = schedule, let index = round.asks.firstIndex(where: { $0.nonce == nonce }) else {
      return []
    }
    if overTCP { round.asks[index].cameOverTCP = true } else { round.asks[index].came = true }
    let ask = round.asks[index]
    guard ask.came, ask.cameOverTCP || locals.contains(ask.seenAs.address) else {
      schedule = .round(round)
      return []
    }
    schedule = .resting(until: now + settings.publicInterval)
    let isNews = proven != ask.wanted
    proven = ask.wanted
    return become(.public, Evidence(.dialBack(by: ask.node, at: ask.wanted)), isNews: isNews)
  }

  private mutating func become(_ role: Role, _ evidence: Evidence, isNews: Bool = false) -> [Effect] {
    let changed = role != self.role || isNews || (role == .public && !declared.isEmpty)
    (self.role, self.evidence) = (role, evidence)
    return changed ? [.roleChanged(role, evidence)] : []
  }
}

// MARK: Answering

extension Reachability {
  /// Answers only to the address that the request came from: nobody can aim probes at a third party.
  private mutating func answer(
    _ node: NodeID, observed: Endpoint, wanted: Endpoint, nonce: [UInt8], at now: Instant
  ) -> [Effect] {
    guard wanted.address == observed.address, wanted.port > 0, nonce.count == Self.nonceByteCount else { return [] }
    if let last = answered[node], now - last < settings.answerInterval { return [] }
    if answered.count >= settings.askersMax { answered.removeAll() }
    answered[node] = now
    return [.answerDialBack(to: wanted, nonce: nonce)]
  }
}
