import VineBase

/// A VR as this one sees it.
public struct Member: Hashable, Sendable {
  public let node: NodeID
  public internal(set) var state: MemberState
  public internal(set) var incarnation: UInt64
  /// Since when in this state.
  public internal(set) var since: Instant
}

/// Who is alive: SWIM's member list, its rumours and its failure detector (Das, Gupta, Motivala 2002).
struct Membership: Sendable {
  enum Effect: Sendable {
    case send(GossipMessage, to: NodeID)
    case changed(Member)
    case refuted(incarnation: UInt64)
  }

  private struct Probe: Sendable {
    let sequence: UInt32
    let target: NodeID
    let indirectAt: Instant
    let deadline: Instant
    var isIndirect = false
  }

  /// A probe made for somebody else.
  private struct Errand: Sendable {
    let requester: NodeID
    let sequence: UInt32
    let deadline: Instant
  }

  private struct Rumour: Sendable {
    let update: MemberUpdate
    var sendsLeft: Int
  }

  static let errandsMax = 64

  let node: NodeID
  let settings: GossipSettings
  private(set) var incarnation: UInt64
  private(set) var members: SortedMap<NodeID, Member> = [:]
  private var rumours: SortedMap<NodeID, Rumour> = [:]
  private var suspicions: SortedMap<NodeID, Instant> = [:]
  private var order: [NodeID] = []
  private var probe: Probe?
  private var errands: SortedMap<UInt32, Errand> = [:]
  private var nextSequence: UInt32
  private var nextProbe: Instant?

  init(node: NodeID, incarnation: UInt64, settings: GossipSettings, random: inout RandomSource) {
    self.node = node
    self.incarnation = incarnation
    self.settings = settings
    nextSequence = UInt32(truncatingIfNeeded: random.next())
  }

  var nextWakeup: Wakeup? {
    var wakeup = nextProbe.map { Wakeup(at: $0, reason: "probe a member") }
    if let probe {
      let at = probe.isIndirect ? probe.deadline : probe.indirectAt
      wakeup = Wakeup.earliest(wakeup, Wakeup(at: at, reason: "probe times out"))
    }
    let suspicion = suspicions.values.min().map { Wakeup(at: $0, reason: "suspicion ends") }
    return Wakeup.earliest(wakeup, suspicion)
  }

  /// A VR exists, as its signed record shows; a higher incarnation than known shows that it is alive.
  mutating func learned(_ other: NodeID, incarnation: UInt64, at now: Instant) -> [Effect] {
    guard other != node else { return [] }
    if nextProbe == nil { nextProbe = now + settings.probeInterval }
    return take(MemberUpdate(node: other, state: .alive, incarnation: incarnation), at: now)
  }

  mutating func received(_ updates: [MemberUpdate], at now: Instant) -> [Effect] {
    updates.flatMap { take($0, at: now) }
  }

  mutating func pinged(_ sequence: UInt32, _ target: NodeID, from peer: NodeID) -> [Effect] {
    guard target == node else { return [] }
    return [.send(.ack(sequence: sequence, updates: ride(to: peer)), to: peer)]
  }

  mutating func acked(_ sequence: UInt32, at now: Instant) -> [Effect] {
    if let errand = errands.removeValue(forKey: sequence) {
      return [.send(.ack(sequence: errand.sequence, updates: ride(to: errand.requester)), to: errand.requester)]
    }
    guard let current = probe, current.sequence == sequence else { return [] }
    probe = nil
    return []
  }

  mutating func requested(
    _ sequence: UInt32, _ target: NodeID, from peer: NodeID, connected: [NodeID], at now: Instant
  ) -> [Effect] {
    guard target != node, connected.contains(target), errands.count < Self.errandsMax else { return [] }
    let own = takeSequence()
    errands[own] = Errand(requester: peer, sequence: sequence, deadline: now + settings.probeInterval)
    return [.send(.ping(sequence: own, target: target, updates: ride(to: target)), to: target)]
  }

  mutating func wakeup(connected: [NodeID], random: inout RandomSource, at now: Instant) -> [Effect] {
    for (sequence, errand) in errands where errand.deadline <= now { errands[sequence] = nil }
    var effects = endSuspicions(at: now)
    if let current = probe { effects += advance(current, connected, &random, at: now) }
    if let due = nextProbe, due <= now {
      nextProbe = now + settings.probeInterval
      if probe == nil { effects += startProbe(connected, &random, at: now) }
    }
    return effects
  }

  // MARK: Probing

  private mutating func startProbe(
    _ connected: [NodeID], _ random: inout RandomSource, at now: Instant
  ) -> [Effect] {
    // The dead are probed too: a VR that comes back learns what is said of it and refutes (SWIM 4.2).
    if order.isEmpty { order = random.shuffled(members.keys) }
    guard let target = order.popLast(), let member = members[target] else { return [] }
    if member.state == .dead, !connected.contains(target) { return [] }
    let sequence = takeSequence()
    let reach = connected.contains(target)
    probe = Probe(
      sequence: sequence, target: target, indirectAt: reach ? now + settings.probeTimeout : now,
      deadline: now + settings.probeTimeout * 3)
    guard reach, let started = probe else { return probe.map { advance($0, connected, &random, at: now) } ?? [] }
    return [.send(.ping(sequence: started.sequence, target: target, updates: ride(to: target)), to: target)]
  }

  private mutating func advance(
    _ current: Probe, _ connected: [NodeID], _ random: inout RandomSource, at now: Instant
  ) -> [Effect] {
    if current.deadline <= now {
      probe = nil
      guard let member = members[current.target], member.state == .alive else { return [] }
      return take(
        MemberUpdate(node: current.target, state: .suspect, incarnation: member.incarnation), at: now)
    }
    guard !current.isIndirect, current.indirectAt <= now else { return [] }
    probe?.isIndirect = true
    let helpers = random.shuffled(connected.filter { $0 != current.target }).prefix(settings.indirectProbes)
    var effects: [Effect] = helpers.map {
      .send(.pingRequest(sequence: current.sequence, target: current.target, updates: ride(to: $0)), to: $0)
    }
    // A lost ping is likelier than a dead VR: ask again oneself.
    if connected.contains(current.target) {
      effects.append(
        .send(
          .ping(sequence: current.sequence, target: current.target, updates: ride(to: current.target)),
          to: current.target))
    }
    return effects
  }

  private mutating func endSuspicions(at now: Instant) -> [Effect] {
    suspicions.filter { $0.1 <= now }.map(\.0).flatMap { suspect -> [Effect] in
      suspicions[suspect] = nil
      guard let member = members[suspect] else { return [] }
      return take(MemberUpdate(node: suspect, state: .dead, incarnation: member.incarnation), at: now)
    }
  }

  // MARK: Rumours

  private mutating func take(_ update: MemberUpdate, at now: Instant) -> [Effect] {
    guard update.node != node else { return refute(update) }
    guard let known = members[update.node] else {
      // Only a signed record makes a member: rumours alone invent none.
      guard update.state == .alive else { return [] }
      return become(update, at: now)
    }
    let current = MemberUpdate(node: known.node, state: known.state, incarnation: known.incarnation)
    return update.overrides(current) ? become(update, at: now) : []
  }

  private mutating func become(_ update: MemberUpdate, at now: Instant) -> [Effect] {
    let before = members[update.node]
    let member = Member(
      node: update.node, state: update.state, incarnation: update.incarnation,
      since: before?.state == update.state ? before?.since ?? now : now)
    members[update.node] = member
    suspicions[update.node] = update.state == .suspect ? now + suspicionTime : nil
    rumours[update.node] = Rumour(update: update, sendsLeft: rumourSends)
    return before?.state == update.state ? [] : [.changed(member)]
  }

  /// Only the VR itself may raise its incarnation (SWIM 4.2).
  private mutating func refute(_ update: MemberUpdate) -> [Effect] {
    guard update.state != .alive, update.incarnation >= incarnation else { return [] }
    incarnation = update.incarnation &+ 1
    rumours[node] = Rumour(
      update: MemberUpdate(node: node, state: .alive, incarnation: incarnation), sendsLeft: rumourSends)
    return [.refuted(incarnation: incarnation)]
  }

  /// The updates that ride on a message: what is said of the receiver first, then the freshest rumours.
  private mutating func ride(to peer: NodeID) -> [MemberUpdate] {
    var updates: [MemberUpdate] = []
    if let member = members[peer], member.state != .alive {
      updates.append(MemberUpdate(node: peer, state: member.state, incarnation: member.incarnation))
    }
    let fresh = rumours.sorted { ($0.1.sendsLeft, $1.0) > ($1.1.sendsLeft, $0.0) }
    for (about, rumour) in fresh.prefix(settings.updatesMax) where about != peer {
      updates.append(rumour.update)
      rumours[about] = rumour.sendsLeft > 1 ? Rumour(update: rumour.update, sendsLeft: rumour.sendsLeft - 1) : nil
    }
    return updates
  }

  private var rumourSends: Int { 3 * Self.log2(members.count + 2) }

  private var suspicionTime: Duration {
    settings.suspicionBase * max(1, Self.log2(members.count + 10) / 3)
  }

  private mutating func takeSequence() -> UInt32 {
    nextSequence &+= 1
    return nextSequence
  }

  /// Rounded down, at least 1.
  static func log2(_ count: Int) -> Int { max(1, Int.bitWidth - 1 - max(1, count).leadingZeroBitCount) }
}
