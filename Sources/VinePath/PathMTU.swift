import VineBase

/// Finds how long a packet may be on the direct way to each peer that packets are exchanged with, without trusting ICMP:
/// packetization layer path MTU discovery for datagrams (RFC 8899).
///
/// Probes of some size go with "don't fragment"; who gets one answers. The longest is tried first, for most ways take
/// it; then the base, which nearly all take; then what lies between, by halves. A size in use is confirmed while packets
/// flow: when that fails, long packets vanish on the way (a black hole), and the search begins again from the base.
/// Until something is known, and where nobody answers at all, frames are as long as ever and may be fragmented.
public struct PathMTU: Sendable {
  public enum Input: Hashable, Sendable {
    /// Packets flow on the direct way; said each second while they do.
    case traffic(NodeID, Endpoint, roundTrip: Duration?)
    case answered(NodeID, id: UInt64)
    /// There is no direct way any more.
    case gone(NodeID)
    case wakeup
  }

  public enum Effect: Hashable, Sendable {
    /// - `byteCount`: of the whole IPv4 packet, which must not be fragmented.
    case probe(NodeID, Endpoint, id: UInt64, byteCount: Int)
    /// The longest IPv4 packet that is known to arrive; nil: nothing is known.
    case size(NodeID, Int?)
  }

  public struct Settings: Hashable, Sendable {
    /// The longest frame's packet; and what is tried when that does not arrive (RFC 8899, 5.1.2; RFC 9000, 14).
    public var top = 1500
    public var base = 1200
    /// Between them: common links less their tunnels' headers.
    public var between = [1280, 1320, 1360, 1380, 1400, 1412, 1420, 1436, 1450, 1460, 1472, 1480, 1488, 1492]
    public var tries = 3
    /// A size in use is given up after so many: where one packet in five is lost, hardly ever by mistake.
    public var confirmTries = 6
    /// An answer is waited for so long at least, and three round trips.
    public var answerMin = Duration.milliseconds(350)
    /// A size in use is asked so often while packets flow.
    public var confirm = Duration.seconds(5)
    /// A longer one is tried again after this (RFC 8899, 5.1.1).
    public var raise = Duration.seconds(600)
    /// After nobody answered at all; doubled each time.
    public var rest = Duration.seconds(60)
    public var restMax = Duration.seconds(3600)
    /// After the last packet the way counts as quiet, and nothing is asked.
    public var busyFor = Duration.seconds(3)
    public var peersMax = 256

    public init() {}
  }

  private struct Probe: Sendable {
    let id: UInt64
    let size: Int
    let isConfirmation: Bool
    var tries = 1
    var deadline: Instant
  }

  private struct Way: Sendable {
    let endpoint: Endpoint
    var busyUntil: Instant
    var answerMax: Duration
    /// The longest that arrived, and the shortest that did not.
    var proven: Int?
    var tooLong: Int?
    var told: Int?
    var probe: Probe?
    /// Nil while no packets flow.
    var next: Instant?
    var raiseAt: Instant?
    var failures = 0
  }

  private let settings: Settings
  private var ways = SortedMap<NodeID, Way>()
  private var random: RandomSource

  public init(settings: Settings = Settings(), random: RandomSource) {
    (self.settings, self.random) = (settings, random)
  }

  /// The longest IPv4 packet that is known to arrive at the peer.
  public func size(to node: NodeID) -> Int? { ways[node]?.told }

  public var nextWakeup: Wakeup? {
    ways.values.compactMap { $0.probe?.deadline ?? $0.next }.min().map { Wakeup(at: $0, reason: "path MTU") }
  }

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .traffic(let node, let endpoint, let roundTrip): return flows(node, endpoint, roundTrip, at: now)
    case .answered(let node, let id): return answered(node, id, at: now)
    case .gone(let node):
      let isTold = ways.removeValue(forKey: node)?.told != nil
      return isTold ? [.size(node, nil)] : []
    case .wakeup: return ways.keys.flatMap { wakeup($0, at: now) }
    }
  }

  private mutating func flows(_ node: NodeID, _ endpoint: Endpoint, _ roundTrip: Duration?, at now: Instant) -> [Effect]
  {
    var effects: [Effect] = []
    let (busyUntil, answerMax) = (now + settings.busyFor, max(settings.answerMin, (roundTrip ?? .zero) * 3))
    if ways[node]?.endpoint != endpoint {
      guard ways[node] != nil || ways.count < settings.peersMax else { return [] }
      // Another way: what was known is of no use.
      if ways[node]?.told != nil { effects.append(.size(node, nil)) }
      ways[node] = Way(endpoint: endpoint, busyUntil: busyUntil, answerMax: answerMax, next: now)
    }
    _ = ways.update(node) { way in
      (way.busyUntil, way.answerMax) = (busyUntil, answerMax)
      way.next = way.next ?? now
    }
    return effects + wakeup(node, at: now)
  }

  private mutating func wakeup(_ node: NodeID, at now: Instant) -> [Effect] {
    guard let way = ways[node] else { return [] }
    if let probe = way.probe {
      guard now >= probe.deadline else { return [] }
      let triesMax = probe.isConfirmation ? settings.confirmTries : settings.tries
      guard probe.tries < triesMax else { return lost(node, probe, at: now) }
      _ = ways.update(node) { way in
        way.probe?.tries += 1
        way.probe?.deadline = now + way.answerMax
      }
      return [.probe(node, way.endpoint, id: probe.id, byteCount: probe.size)]
    }
    guard let next = way.next, now >= next else { return [] }
    guard now < way.busyUntil else {
      _ = ways.update(node) { $0.next = nil }
      return []
    }
    return ask(node, at: now)
  }

  /// Sends the probe that is due.
  private mutating func ask(_ node: NodeID, at now: Instant) -> [Effect] {
    guard var way = ways[node] else { return [] }
    if let raiseAt = way.raiseAt, now >= raiseAt, way.proven != settings.top {
      (way.tooLong, way.raiseAt) = (nil, nil)
    }
    let search = candidate(way)
    guard let size = search ?? way.proven else { return [] }
    let probe = Probe(
      id: random.next(), size: size, isConfirmation: search == nil, deadline: now + way.answerMax)
    way.probe = probe
    ways[node] = way
    return [.probe(node, way.endpoint, id: probe.id, byteCount: size)]
  }

  /// What to try next; nil when the search is over.
  private func candidate(_ way: Way) -> Int? {
    guard let tooLong = way.tooLong else { return way.proven == settings.top ? nil : settings.top }
    guard let proven = way.proven else { return tooLong > settings.base ? settings.base : nil }
    let left = settings.between.filter { $0 > proven && $0 < tooLong }
    return left.isEmpty ? nil : left[left.count / 2]
  }

  private mutating func answered(_ node: NodeID, _ id: UInt64, at now: Instant) -> [Effect] {
    guard let probe = ways[node]?.probe, probe.id == id else { return [] }
    _ = ways.update(node) { way in
      (way.probe, way.failures) = (nil, 0)
      way.proven = max(way.proven ?? 0, probe.size)
    }
    return proceed(node, at: now)
  }

  private mutating func lost(_ node: NodeID, _ probe: Probe, at now: Instant) -> [Effect] {
    let base = settings.base
    _ = ways.update(node) { way in
      way.probe = nil
      way.tooLong = min(way.tooLong ?? .max, probe.size)
      // What arrived before does no longer.
      if probe.isConfirmation { (way.proven, way.raiseAt) = (nil, nil) }
      if probe.size <= base { (way.proven, way.tooLong) = (nil, nil) }
    }
    guard probe.size <= base else { return proceed(node, at: now) }
    return unanswered(node, at: now)
  }

  /// Not even the base arrives, or nobody there knows probes.
  private mutating func unanswered(_ node: NodeID, at now: Instant) -> [Effect] {
    guard var way = ways[node] else { return [] }
    let wasTold = way.told != nil
    way.next = now + min(settings.rest * (1 << min(way.failures, 6)), settings.restMax)
    way.failures += 1
    way.told = nil
    ways[node] = way
    return wasTold ? [.size(node, nil)] : []
  }

  /// After an answer, or the lack of one: what is known now, and the next probe.
  private mutating func proceed(_ node: NodeID, at now: Instant) -> [Effect] {
    guard var way = ways[node] else { return [] }
    var effects: [Effect] = []
    let isDone = candidate(way) == nil
    // While a search goes on only what is a way out of a black hole is told.
    if let proven = way.proven, isDone || proven == settings.base, way.told != proven {
      way.told = proven
      effects.append(.size(node, proven))
    }
    way.next = isDone ? now + settings.confirm : now
    if isDone, way.proven != settings.top, way.raiseAt == nil { way.raiseAt = now + settings.raise }
    ways[node] = way
    return isDone ? effects : effects + ask(node, at: now)
  }
}
