import VineBase

/// Measures how fast the ways to some public VRs are, both directions, with trains of frames; and sends trains for VRs
/// that measure their way to this one.
///
/// One train at a time, in or out: two would measure each other. Requests go by the very way that is measured, which
/// also opens a NAT for the train that comes back.
public struct LinkProbing: Sendable {
  /// What a train was found to say, or why nothing.
  public struct Outcome: Hashable, Sendable {
    public let reading: TrainReading?
    public let received: Int
    public let sent: Int

    public init(reading: TrainReading?, received: Int, sent: Int) {
      (self.reading, self.received, self.sent) = (reading, received, sent)
    }
  }

  public enum Input: Hashable, Sendable {
    /// Links to keep measured, with the endpoint that each VR is reached at.
    case targets(SortedMap<NodeID, Endpoint>)
    /// Somebody wants to know of this link now.
    case measure(NodeID, Endpoint)
    /// A peer asks for a train, or that one of its own be expected; its request came from `from`.
    case requested(UInt64, by: NodeID, from: Endpoint, packets: Int, isWanted: Bool)
    /// The train may go.
    case ready(UInt64, by: NodeID)
    /// What arrived of an expected train.
    case arrived(UInt64, from: NodeID, [TrainArrival], sent: Int)
    /// What the peer says of this VR's train.
    case result(UInt64, by: NodeID, Outcome)
    /// Packets for hosts went to the peer, or came, at this rate while the way was busy.
    case delivered(NodeID, to: BitRate?, from: BitRate?)
    case disconnected(NodeID)
    case wakeup
  }

  public enum Effect: Hashable, Sendable {
    case request(UInt64, of: NodeID, at: Endpoint, packets: Int, isWanted: Bool)
    case expect(UInt64, from: NodeID)
    case ready(UInt64, to: NodeID, at: Endpoint)
    case send(UInt64, to: NodeID, at: Endpoint, packets: Int)
    case result(UInt64, to: NodeID, at: Endpoint, Outcome)
    /// What the mesh is told of the links changed.
    case told
    /// What somebody wanted to know of this link is known, as well as it will be.
    case measured(NodeID)
  }

  public struct Settings: Hashable, Sendable {
    /// The first answer, and then the train with all that waits before it.
    public var answerMax = Duration.seconds(3)
    public var trainMax = Duration.seconds(12)
    /// From the beginning of one train to that of the next, whoever measures.
    public var rest = Duration.milliseconds(700)
    /// After a train that did not come about.
    public var retry = Duration.seconds(5)
    public var retryMax = Duration.seconds(600)
    /// While packets of hosts go at most of the rate, trains wait; but not longer than `provenMax` after the last.
    public var provenFor = Duration.seconds(3)
    public var provenMax = Duration.seconds(60)
    /// Links that are kept measured.
    public var linksMax = 16

    public init() {}
  }

  public enum Direction: Hashable, Sendable { case out, `in` }

  /// What is known of one link.
  public struct Link: Sendable {
    public internal(set) var out = LinkEstimate()
    public internal(set) var `in` = LinkEstimate()
    /// Why the last train failed, and when.
    public internal(set) var failure: (what: String, at: Instant)?
    var endpoint: Endpoint
    var next: Instant
    var failures = 0
    var filter = ReadingFilter()
    var isWanted = false

    /// The last train in either direction.
    var trained: Instant? { [out.measured, self.in.measured].compactMap { $0 }.max() }

    /// Packets go at more than half of what is believed.
    func isProven(_ rate: BitRate?, _ estimate: LinkEstimate) -> Bool {
      guard let rate, let believed = estimate.rate else { return false }
      return rate.bitsPerSecond > believed.bitsPerSecond / 2
    }

    /// Bits a second of the slower direction; nil until one is known.
    public var rate: BitRate? {
      guard let out = out.rate else { return self.in.rate }
      guard let back = self.in.rate else { return out }
      return min(out, back)
    }
  }

  private struct Train: Sendable {
    let id: UInt64
    let node: NodeID
    let direction: Direction
    let packets: Int
    /// Of another VR that measures.
    let isForeign: Bool
    let endpoint: Endpoint
    var deadline: Instant
  }

  private let settings: Settings
  private var random: RandomSource
  public private(set) var links = SortedMap<NodeID, Link>()
  private var targets = SortedMap<NodeID, Endpoint>()
  private var train: Train?
  /// After each train the lines have a rest, so that they do not follow one another.
  private var restUntil = Instant.zero

  public init(settings: Settings = Settings(), random: RandomSource) {
    (self.settings, self.random) = (settings, random)
  }

  /// What the mesh is told: the slower direction of each link.
  public var told: SortedMap<NodeID, ReadingFilter.Step> {
    var told = SortedMap<NodeID, ReadingFilter.Step>()
    for (node, link) in links { told[node] = link.filter.told }
    return told
  }

  public func isMeasuring(_ node: NodeID) -> Bool { links[node]?.isWanted ?? false }

  public var nextWakeup: Wakeup? {
    if let train { return Wakeup(at: train.deadline, reason: "train") }
    return links.values.map(\.next).min().map { Wakeup(at: max($0, restUntil), reason: "measure a link") }
  }

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .targets(let targets): return changed(targets, at: now)
    case .measure(let node, let endpoint): return measure(node, endpoint, at: now)
    case .requested(let id, let node, let from, let packets, let isWanted):
      return requested(id, node, from, packets, isWanted, at: now)
    case .ready(let id, let node): return ready(id, node, at: now)
    case .arrived(let id, let node, let arrivals, let sent): return arrived(id, node, arrivals, sent, at: now)
    case .result(let id, let node, let outcome): return finished(id, node, outcome, at: now)
    case .delivered(let node, let to, let from): return delivered(node, to, from, at: now)
    case .disconnected(let node):
      if train?.node == node { train = nil }
      guard let link = links.removeValue(forKey: node) else { return [] }
      return link.isWanted ? [.told, .measured(node)] : [.told]
    case .wakeup: return wakeup(at: now)
    }
  }

  // MARK: This VR measures

  private mutating func changed(_ targets: SortedMap<NodeID, Endpoint>, at now: Instant) -> [Effect] {
    guard targets != self.targets else { return [] }
    self.targets = targets
    for (node, endpoint) in targets where links[node]?.endpoint != endpoint {
      if links[node] == nil, links.count >= settings.linksMax { continue }
      // Not all at once, when a mesh starts.
      let next = now + random.jitter(.seconds(1))
      var link = Link(endpoint: endpoint, next: next)
      link.isWanted = links[node]?.isWanted ?? false
      links[node] = link
    }
    var effects: [Effect] = []
    for (node, link) in links where targets[node] == nil && !link.isWanted {
      links[node] = nil
      effects = [.told]
    }
    return effects
  }

  private mutating func measure(_ node: NodeID, _ endpoint: Endpoint, at now: Instant) -> [Effect] {
    if links[node] == nil { links[node] = Link(endpoint: endpoint, next: now) }
    _ = links.update(node) { link in
      link.isWanted = true
      link.next = now
    }
    return wakeup(at: now)
  }

  private mutating func wakeup(at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    if let late = train, now >= late.deadline {
      train = nil
      if !late.isForeign { effects += failed(late.node, "no train came through", at: now) }
    }
    guard train == nil, now >= restUntil,
      let due = links.filter({ $0.1.next <= now }).min(by: { $0.1.next < $1.1.next })
    else {
      return effects
    }
    return effects + begin(due.0, due.1, at: now)
  }

  /// The direction of which less is known goes first.
  private mutating func begin(_ node: NodeID, _ link: Link, at now: Instant) -> [Effect] {
    let isOut = link.out.isInDoubt || !link.in.isInDoubt && (link.out.measured ?? .zero) <= (link.in.measured ?? .zero)
    let direction: Direction = isOut ? .out : .in
    let estimate = isOut ? link.out : link.in
    let packets = TrainPlan.packets(expecting: estimate.last ?? estimate.rate)
    let id = random.next()
    rest(after: now)
    train = Train(
      id: id, node: node, direction: direction, packets: packets, isForeign: false, endpoint: link.endpoint,
      deadline: now + settings.answerMax)
    let request = Effect.request(id, of: node, at: link.endpoint, packets: packets, isWanted: direction == .in)
    return direction == .in ? [.expect(id, from: node), request] : [request]
  }

  private mutating func rest(after now: Instant) { restUntil = now + settings.rest }

  private mutating func ready(_ id: UInt64, _ node: NodeID, at now: Instant) -> [Effect] {
    guard var train, train.id == id, train.node == node, !train.isForeign, train.direction == .out else { return [] }
    train.deadline = now + settings.trainMax
    self.train = train
    return [.send(id, to: node, at: train.endpoint, packets: train.packets)]
  }

  /// What became of a train of this VR's own.
  private mutating func finished(_ id: UInt64, _ node: NodeID, _ outcome: Outcome, at now: Instant) -> [Effect] {
    guard let train, train.id == id, train.node == node, !train.isForeign else { return [] }
    self.train = nil
    guard let reading = outcome.reading else {
      return failed(node, "\(outcome.received) of \(train.packets) frames arrived, too few to tell", at: now)
    }
    var effects: [Effect] = []
    let interval = TrainPlan.pause(after: train.packets, at: reading.rate)
    var isSettled = false
    let step = links.update(node) { link -> ReadingFilter.Step? in
      let isFirst = train.direction == .out ? link.out.rate == nil : link.in.rate == nil
      if train.direction == .out { link.out.add(reading, at: now) } else { link.in.add(reading, at: now) }
      link.failures = 0
      // A first, short train only tells the magnitude; and the other direction is wanted, too.
      let isHalf = (link.out.measured == nil) != (link.in.measured == nil)
      let isDue = isFirst && train.packets < TrainPlan.fullCount || isHalf
      let isInDoubt = train.direction == .out ? link.out.isInDoubt : link.in.isInDoubt
      // Each direction has its turn: together they take twice as many trains.
      let pause = Duration.nanoseconds(interval.inNanoseconds / 2)
      link.next = now + (isDue ? .milliseconds(300) : isInDoubt ? min(.milliseconds(500), pause) : pause)
      isSettled = !isDue
      // The magnitude alone is nothing to tell.
      return isDue ? nil : link.rate.flatMap { link.filter.read($0, at: now) }
    }
    if case .some(.some) = step { effects.append(.told) }
    if isSettled, links[node]?.isWanted == true { effects.append(.measured(node)) }
    if isSettled { _ = links.update(node) { $0.isWanted = false } }
    return effects
  }

  private mutating func failed(_ node: NodeID, _ what: String, at now: Instant) -> [Effect] {
    let settings = settings
    let isWanted = links.update(node) { link -> Bool in
      link.failures += 1
      link.failure = (what, now)
      link.next = now + min(settings.retry * (1 << min(link.failures - 1, 10)), settings.retryMax)
      defer { if link.failures >= 3 { link.isWanted = false } }
      if link.isWanted, link.failures < 3 { link.next = now + .milliseconds(500) }
      return link.isWanted && link.failures >= 3
    }
    return isWanted == true ? [.measured(node)] : []
  }

  private mutating func delivered(
    _ node: NodeID, _ to: BitRate?, _ from: BitRate?, at now: Instant
  ) -> [Effect] {
    let settings = settings
    let step = links.update(node) { link -> ReadingFilter.Step? in
      if let to { link.out.deliver(to, at: now) }
      if let from { link.in.deliver(from, at: now) }
      // Packets of hosts fill the link and prove its rate: a train would only be in their way, for a while.
      if link.isProven(to, link.out) || link.isProven(from, link.in), let last = link.trained,
        now - last < settings.provenMax
      {
        link.next = max(link.next, now + settings.provenFor)
      }
      return link.rate.flatMap { link.filter.read($0, at: now) }
    }
    return step == nil || step == .some(nil) ? [] : [.told]
  }

  // MARK: Another VR measures

  private mutating func requested(
    _ id: UInt64, _ node: NodeID, _ from: Endpoint, _ packets: Int, _ isWanted: Bool, at now: Instant
  ) -> [Effect] {
    // Whoever asks in vain asks again, at another time.
    guard train == nil, now >= restUntil, packets > 0 else { return [] }
    rest(after: now)
    train = Train(
      id: id, node: node, direction: isWanted ? .out : .in, packets: packets, isForeign: true, endpoint: from,
      deadline: now + (isWanted ? .seconds(1) : settings.trainMax))
    if isWanted { return [.send(id, to: node, at: from, packets: min(packets, TrainPlan.fullCount * 2))] }
    return [.expect(id, from: node), .ready(id, to: node, at: from)]
  }

  private mutating func arrived(
    _ id: UInt64, _ node: NodeID, _ arrivals: [TrainArrival], _ sent: Int, at now: Instant
  ) -> [Effect] {
    guard let train, train.id == id, train.node == node else { return [] }
    let outcome = Outcome(
      reading: TrainReading(arrivals, sent: sent), received: arrivals.count, sent: sent)
    guard train.isForeign else { return finished(id, node, outcome, at: now) }
    self.train = nil
    return [.result(id, to: node, at: train.endpoint, outcome)]
  }
}
