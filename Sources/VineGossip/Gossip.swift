import VineBase

/// Spreads signed records to every VR and finds out who is alive.
///
/// Everything goes between neighbours: the VRs beside this one in a few rings that all VRs compute alike (`Rings`), and
/// those that have this one beside them. Fresh records are pushed whole to two neighbours and announced to others,
/// which ask for what does not come; what that misses, anti-entropy finds by comparing hash trees. Neighbours probe one
/// another (SWIM with Lifeguard); a VR is dead when its time to refute is over, which independent accusers shorten.
///
/// Signatures are checked before records come in here. Extensions by role: `Gossip+Detector`, `Gossip+Suspicion`,
/// `Gossip+Spread`, `Gossip+Sync`.
public struct Gossip: Sendable {
  public enum Input: Sendable {
    case received(GossipMessage, from: NodeID)
    /// A record of this VR's own making: its own record, or a fact it attests.
    case publish(SignedRecord)
    /// Records that some VRs wait for: those with sessions get them now, beside what gossip does.
    case tell([SignedRecord], [NodeID])
    /// Known from the VR that let this one join. Not news to anybody.
    case learned([SignedRecord])
    /// Whether others can begin sessions with this VR: only public VRs stand in the rings.
    case reach(NodeID, isPublic: Bool)
    /// A session came up.
    case connected(NodeID)
    case disconnected(NodeID)
    /// The registry revoked the VR: its record goes, and none of its records is taken any more.
    case removed(NodeID)
    case wakeup
  }

  public enum Effect: Sendable {
    case send(GossipMessage, to: NodeID)
    /// New or newer: to be persisted and used.
    case accepted(SignedRecord)
    /// A VR's state changed.
    case member(Member)
    /// Somebody accused this VR, which refutes: to be persisted, and the own record published with it.
    case incarnation(UInt64)
    /// A session with this VR is to be tried: it was dead and may be back, or it is to help with a probe.
    case contact(NodeID)
    /// What came of a probe's first try: the round trip, or nil for no answer in time.
    case probed(NodeID, roundTrip: Duration?)
  }

  public let node: NodeID
  let settings: GossipSettings
  var random: RandomSource
  public internal(set) var store: RecordStore
  var members: Members
  let place: RecordPlace
  public internal(set) var incarnation: UInt64

  // Neighbours.
  var rings: Rings
  private(set) var connected: SortedMap<NodeID, Bool> = [:]
  var probedBy: SortedMap<NodeID, Instant> = [:]
  /// Connected, and beside this VR in a ring or the other way round; sorted.
  public private(set) var neighbours: [NodeID] = []
  private var removed: SortedMap<RecordPlace, Bool> = [:]
  var nextContact: Instant?

  // Who is alive.
  var prober: Prober
  var suspicions: SortedMap<RecordPlace, Suspicion> = [:]
  /// Ends of suspicions, earliest first; some are out of date and checked when they come up.
  var suspicionEnds: SortedMap<SuspicionEnd, Bool> = [:]
  var rumours: [Rumour] = []
  var nextRumours: Instant?

  // Records.
  var fresh = Freshness()
  var wants = Wants()
  var comparison: Comparison?
  var nextSync: Instant?
  var lastSync: Instant?
  /// Since it found its first peer; a young VR has much to catch up with.
  var firstConnected: Instant?
  /// When a record or a verdict last came in.
  var lastChange = Instant.zero
  /// Stores differed a moment ago: neighbours are probed more often until then.
  var restlessUntil = Instant.zero
  /// This VR has just come and is still filling its store: what it learns is news to nobody else.
  public internal(set) var isFilling = false

  /// - Parameter knowledge: what the store held.
  public init(
    self node: NodeID, incarnation: UInt64, settings: GossipSettings, random: RandomSource,
    knowledge: GossipKnowledge = GossipKnowledge()
  ) {
    self.node = node
    self.incarnation = incarnation
    self.settings = settings
    var random = random
    place = RecordPlace(of: node)
    store = knowledge.store
    members = knowledge.members
    rings = Rings(own: place, count: settings.rings)
    prober = Prober(sequence: UInt32(truncatingIfNeeded: random.next()))
    self.random = random
    fillRings()
  }

  /// Decisions that do not stand any more; as if they had never come.
  public mutating func forget(_ keys: [RecordKey]) {
    for key in keys { store.remove(key) }
  }

  /// By place; this VR is not among them.
  public var allMembers: [Member] { members.table.values.filter { $0.node != node } }
  /// VRs that are known, this one among them.
  public var allCount: Int { members.count }
  public func member(_ node: NodeID) -> Member? { members[RecordPlace(of: node)] }
  public var records: [SignedRecord] { store.all }

  /// VRs that sessions are wanted with: those beside this one in the rings.
  public private(set) var wanted: [NodeID] = []

  /// Gives another run of the same VR other luck.
  public mutating func reseed(_ random: RandomSource) { self.random = random }

  public var nextWakeup: Wakeup? {
    var wakeup: Wakeup?
    func consider(_ at: Instant?, _ reason: Wakeup.StaticReason) {
      guard let at else { return }
      wakeup = Wakeup.earliest(wakeup, Wakeup(at: at, reason: reason))
    }
    consider(prober.due, "probe a neighbour")
    consider(suspicionEnds.firstKey?.at, "suspicion ends")
    consider(nextRumours, "pass rumours on")
    consider(fresh.nextPush, "push fresh records")
    consider(wants.due(window: settings.pullWindow), "ask for records")
    consider(comparison?.due, "compare records with a neighbour")
    consider(nextSync, "compare records with a neighbour")
    consider(members.deadCount > 0 ? nextContact : nil, "try a dead VR")
    return wakeup
  }

  /// The one door. Effects are in order.
  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    switch input {
    case .received(let message, let peer): received(message, from: peer, at: now, &effects)
    case .publish(let record): take(record, from: nil, isFresh: true, at: now, &effects)
    case .tell(let records, let others):
      for peer in others where connected[peer] != nil { push(records, to: peer, &effects) }
    case .learned(let records):
      for record in records where store.insert(record) { noted(record, at: now, &effects) }
    case .reach(let other, let isPublic): reach(other, isPublic: isPublic)
    case .connected(let peer): connected(peer, at: now, &effects)
    case .disconnected(let peer): disconnected(peer)
    case .removed(let other): removed(other)
    case .wakeup: wakeup(at: now, &effects)
    }
    return effects
  }

  private mutating func received(
    _ message: GossipMessage, from peer: NodeID, at now: Instant, _ effects: inout [Effect]
  ) {
    switch message {
    case .ping(let sequence, let root, let rumours):
      pinged(sequence, root: root, rumours, from: peer, at: now, &effects)
      noticed(root, of: peer, at: now, &effects)
    case .ack(let sequence, let root):
      acked(sequence, at: now, &effects)
      if let root { noticed(root, of: peer, at: now, &effects) }
    case .nack(let sequence): _ = prober.probes.update(sequence) { $0.nacks += 1 }
    case .pingRequest(let sequence, let target): requested(sequence, target, from: peer, at: now, &effects)
    case .rumours(let rumours): for rumour in rumours { heard(rumour, at: now, &effects) }
    case .push(let records):
      for record in records { take(record, from: peer, isFresh: false, at: now, &effects) }
      pull(at: now, &effects)
      ask(at: now, &effects)
    case .announce(let digests): announced(digests, from: peer, at: now)
    case .pull(let places): push(places.prefix(256).flatMap { store.records(at: $0) }, to: peer, &effects)
    case .compare(let branches, let count): compared(branches, count: count, with: peer, at: now, &effects)
    case .differences(let differences, let count): differed(differences, count: count, from: peer, at: now, &effects)
    }
  }

  private mutating func wakeup(at now: Instant, _ effects: inout [Effect]) {
    noticeLateness(at: now)
    detect(at: now, &effects)
    endSuspicions(at: now, &effects)
    if let due = nextRumours, due <= now { passRumoursOn(&effects) }
    if let due = fresh.nextPush, due <= now { pushFresh(at: now, &effects) }
    pull(at: now, &effects)
    sync(at: now, &effects)
    contactDead(at: now, &effects)
  }

  // MARK: Members and neighbours

  /// A signed record shows that its VR exists, and a higher incarnation than known that it is alive.
  mutating func noted(_ record: SignedRecord, at now: Instant, _ effects: inout [Effect]) {
    guard record.key.kind == .vr else { return }
    let place = record.place
    guard var member = members[place] else {
      let member = Member(
        node: record.author, state: .alive, incarnation: record.version.epoch, isPublic: false, since: now)
      members.set(place, member)
      if record.author != node { effects.append(.member(member)) }
      return
    }
    guard record.version.epoch > member.incarnation else { return }
    member.incarnation = record.version.epoch
    endSuspicion(of: place)
    let wasDead = member.state == .dead
    if member.state != .alive {
      (member.state, member.since) = (.alive, now)
      if record.author != node { effects.append(.member(member)) }
    }
    members.set(place, member)
    if wasDead, member.isPublic { enter(place) }
  }

  private mutating func reach(_ other: NodeID, isPublic: Bool) {
    let place = RecordPlace(of: other)
    guard var member = members[place], member.isPublic != isPublic else { return }
    member.isPublic = isPublic
    members.set(place, member)
    if isPublic, member.state != .dead { enter(place) } else if !isPublic { leave(place) }
  }

  private mutating func connected(_ peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    guard peer != node else { return }
    connected[peer] = true
    introduce(to: peer, at: now, &effects)
    firstConnected = firstConnected ?? now
    prober.nextProbe = prober.nextProbe ?? now + random.jitter(settings.probeInterval)
    choose()
    if let member = members[RecordPlace(of: peer)], member.state != .alive {
      // It hears what is said of it, and refutes.
      let sequence = prober.takeSequence()
      effects.append(.send(.ping(sequence: sequence, root: store.root, said(of: member)), to: peer))
    }
    guard neighbours.contains(peer) else { return }
    syncSoon(at: now)
  }

  private mutating func disconnected(_ peer: NodeID) {
    connected[peer] = nil
    probedBy[peer] = nil
    choose()
    if comparison?.peer == peer { comparison = nil }
    if connected.isEmpty { (nextSync, prober.nextProbe) = (nil, nil) }
  }

  private mutating func removed(_ other: NodeID) {
    let place = RecordPlace(of: other)
    removed[place] = true
    store.remove(RecordKey(kind: .vr, id: other.bytes))
    endSuspicion(of: place)
    members.remove(place)
    leave(place)
  }

  func isRemoved(_ place: RecordPlace) -> Bool { removed[place] != nil }

  /// A VR may stand in the rings: it is public and not dead.
  mutating func enter(_ place: RecordPlace) {
    guard rings.add(place) else { return }
    want()
    choose()
  }

  mutating func leave(_ place: RecordPlace) {
    guard rings.remove(place) else { return }
    fillRings()
    choose()
  }

  private mutating func fillRings() {
    for (place, member) in members.table where member.isPublic && member.state != .dead { rings.add(place) }
    want()
  }

  private mutating func want() { wanted = rings.neighbours.compactMap { members[$0]?.node } }

  /// Chooses the neighbours anew.
  mutating func choose() {
    let beside = rings.neighbours
    neighbours = connected.keys.filter { probedBy[$0] != nil || beside.contains(RecordPlace(of: $0)) }
  }

  /// Now and then a VR that is held for dead is tried: after a partition the sides find each other.
  private mutating func contactDead(at now: Instant, _ effects: inout [Effect]) {
    guard members.deadCount > 0 else { return nextContact = nil }
    guard let due = nextContact else {
      return nextContact = now + random.jitter(settings.contactInterval)
    }
    guard due <= now else { return }
    nextContact = now + settings.contactInterval / 2 + random.jitter(settings.contactInterval)
    let skipped = random.int(in: 0..<members.deadCount)
    let dead = members.table.lazy.filter { $0.1.state == .dead }.dropFirst(skipped).first { _ in true }
    if let dead, dead.1.node != node { effects.append(.contact(dead.1.node)) }
  }
}

/// What gossip keeps from one run to the next: the records, and who was held for dead.
public struct GossipKnowledge: Sendable {
  public private(set) var store = RecordStore()
  private(set) var members = Members()

  public init() {}

  /// - Parameters:
  ///   - dead: VRs that were held for dead when the process ended.
  ///   - isPublic: what a VR's record says of its reachability.
  public mutating func add(records: [SignedRecord], dead: [NodeID], isPublic: (NodeID) -> Bool) {
    for record in records where store.insert(record) && record.key.kind == .vr {
      members.set(
        record.place,
        Member(
          node: record.author, state: .alive, incarnation: record.version.epoch, isPublic: isPublic(record.author),
          since: .zero))
    }
    for node in dead {
      let place = RecordPlace(of: node)
      guard var member = members[place] else { continue }
      member.state = .dead
      members.set(place, member)
      store.judge(place, isDead: true)
    }
  }
}
