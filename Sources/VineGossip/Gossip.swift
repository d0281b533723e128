import VineBase

/// Spreads signed records to every VR and finds out who is alive.
///
/// Fresh records are pushed to a few peers at a time; whatever pushing misses, anti-entropy finds: two VRs compare
/// one hash, and only if it differs the digests, and exchange only what differs. Signatures are checked before
/// records come in here.
public struct Gossip: Sendable {
  public enum Input: Sendable {
    case received(GossipMessage, from: NodeID)
    /// A record of this VR's own making: its own record, or a fact it attests.
    case publish(SignedRecord)
    /// Known before: from the store, or from the VR that let this one join. Not news to anybody.
    case learned([SignedRecord])
    /// A session came up.
    case connected(NodeID)
    case disconnected(NodeID)
    case wakeup
  }

  public enum Effect: Sendable {
    case send(GossipMessage, to: NodeID)
    /// New or newer: to be persisted and used.
    case accepted(SignedRecord)
    case member(Member)
    /// Somebody suspected this VR, which refutes: to be persisted, and the own record published with it.
    case incarnation(UInt64)
  }

  private struct Rumour: Sendable {
    var roundsLeft: Int
    /// Whoever sent it has it.
    let source: NodeID?
  }

  public let node: NodeID
  private let settings: GossipSettings
  private var random: RandomSource
  public private(set) var store = RecordStore()
  private var membership: Membership
  private var connected: SortedMap<NodeID, Bool> = [:]
  private var rumours: SortedMap<RecordKey, Rumour> = [:]
  private var nextPush: Instant?
  private var nextSync: Instant?

  public init(self node: NodeID, incarnation: UInt64, settings: GossipSettings, random: RandomSource) {
    self.node = node
    self.settings = settings
    var random = random
    membership = Membership(node: node, incarnation: incarnation, settings: settings, random: &random)
    self.random = random
  }

  /// By NodeID; this VR is not among them.
  public var members: [Member] { membership.members.values }
  public var records: [SignedRecord] { store.all }
  public var incarnation: UInt64 { membership.incarnation }

  public var nextWakeup: Wakeup? {
    var wakeup = membership.nextWakeup
    if let nextPush { wakeup = Wakeup.earliest(wakeup, Wakeup(at: nextPush, reason: "push fresh records")) }
    if let nextSync { wakeup = Wakeup.earliest(wakeup, Wakeup(at: nextSync, reason: "compare records with a peer")) }
    return wakeup
  }

  /// The one door. Effects are in order.
  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .received(let message, let peer): received(message, from: peer, at: now)
    case .publish(let record): take(record, from: nil, at: now)
    case .learned(let records):
      records.flatMap { record -> [Effect] in
        guard store.insert(record) else { return [] }
        return noted(record, at: now)
      }
    case .connected(let peer): connected(peer, at: now)
    case .disconnected(let peer): disconnected(peer)
    case .wakeup: wakeup(at: now)
    }
  }

  private mutating func connected(_ peer: NodeID, at now: Instant) -> [Effect] {
    guard peer != node else { return [] }
    connected[peer] = true
    if nextSync == nil { nextSync = now + settings.syncInterval }
    return [.send(root, to: peer)]
  }

  private mutating func disconnected(_ peer: NodeID) -> [Effect] {
    connected[peer] = nil
    if connected.isEmpty { nextSync = nil }
    return []
  }

  private mutating func received(_ message: GossipMessage, from peer: NodeID, at now: Instant) -> [Effect] {
    switch message {
    case .ping(let sequence, let target, let updates):
      return relay(membership.received(updates, at: now) + membership.pinged(sequence, target, from: peer))
    case .ack(let sequence, let updates):
      return relay(membership.received(updates, at: now) + membership.acked(sequence, at: now))
    case .pingRequest(let sequence, let target, let updates):
      return relay(
        membership.received(updates, at: now)
          + membership.requested(sequence, target, from: peer, connected: connected.keys, at: now))
    case .push(let records): return records.flatMap { take($0, from: peer, at: now) }
    case .root(let hash, let count):
      return hash == store.root && count == UInt64(store.count) ? [] : digests.map { .send($0, to: peer) }
    case .digest(let first, let last, let theirs): return compare(first, last, theirs, with: peer)
    case .pull(let keys):
      return pushes(of: keys.prefix(256).compactMap { store[$0] }).map { .send($0, to: peer) }
    }
  }

  private mutating func take(_ record: SignedRecord, from peer: NodeID?, at now: Instant) -> [Effect] {
    guard store.insert(record) else { return [] }
    let rounds = max(1, settings.pushFactor * Membership.log2(connected.count + 2) / 2)
    rumours[record.key] = Rumour(roundsLeft: rounds, source: peer)
    if nextPush == nil { nextPush = now }
    return [.accepted(record)] + noted(record, at: now)
  }

  private mutating func noted(_ record: SignedRecord, at now: Instant) -> [Effect] {
    guard record.key.kind == .vr else { return [] }
    return relay(membership.learned(record.author, incarnation: record.version.epoch, at: now))
  }

  private mutating func wakeup(at now: Instant) -> [Effect] {
    var effects = relay(membership.wakeup(connected: connected.keys, random: &random, at: now))
    if let due = nextPush, due <= now { effects += push(at: now) }
    if let due = nextSync, due <= now {
      nextSync = now + settings.syncInterval + random.jitter(settings.syncInterval)
      if let peer = random.element(of: connected.keys) { effects.append(.send(root, to: peer)) }
    }
    return effects
  }

  // MARK: Push

  private mutating func push(at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    for peer in random.shuffled(connected.keys).prefix(settings.fanOut) {
      let news = rumours.compactMap { $0.1.source == peer ? nil : store[$0.0] }
      effects += pushes(of: news).map { .send($0, to: peer) }
    }
    for (key, rumour) in rumours {
      rumours[key] = rumour.roundsLeft > 1 ? Rumour(roundsLeft: rumour.roundsLeft - 1, source: rumour.source) : nil
    }
    nextPush = rumours.isEmpty ? nil : now + settings.pushInterval
    return effects
  }

  private func pushes(of records: [SignedRecord]) -> [GossipMessage] {
    batches(records, weight: \.weight).map { .push($0) }
  }

  // MARK: Anti-entropy

  private var root: GossipMessage { .root(hash: store.root, count: UInt64(store.count)) }

  /// The whole store in parts, each of which speaks of its own range of keys; together of all keys.
  private var digests: [GossipMessage] {
    let all = store.all.map { RecordDigest(key: $0.key, version: $0.version) }
    let parts = batches(all) { $0.key.id.count + 28 }
    guard !parts.isEmpty else { return [.digest(first: nil, last: nil, records: [])] }
    return parts.enumerated().map { position, part in
      .digest(
        first: position == 0 ? nil : part.first?.key,
        last: position == parts.count - 1 ? nil : part.last?.key, records: part)
    }
  }

  private func compare(
    _ first: RecordKey?, _ last: RecordKey?, _ theirs: [RecordDigest], with peer: NodeID
  ) -> [Effect] {
    var (news, wanted): ([SignedRecord], [RecordKey]) = ([], [])
    var known: SortedMap<RecordKey, RecordVersion> = [:]
    for digest in theirs {
      known[digest.key] = digest.version
      if store[digest.key].map({ $0.version < digest.version }) ?? true { wanted.append(digest.key) }
    }
    for record in store.all {
      if let first, record.key < first { continue }
      if let last, last < record.key { continue }
      if known[record.key].map({ $0 < record.version }) ?? true { news.append(record) }
    }
    let pulls = batches(wanted) { $0.id.count + 8 }.map { Effect.send(.pull($0), to: peer) }
    return pushes(of: news).map { .send($0, to: peer) } + pulls
  }

  // MARK: Helpers

  private func relay(_ effects: [Membership.Effect]) -> [Effect] {
    effects.map {
      switch $0 {
      case .send(let message, let peer): .send(message, to: peer)
      case .changed(let member): .member(member)
      case .refuted(let incarnation): .incarnation(incarnation)
      }
    }
  }

  /// Cuts a list so that each part stays below the limit of a message.
  private func batches<Element>(_ elements: [Element], weight: (Element) -> Int) -> [[Element]] {
    var (parts, sum): ([[Element]], Int) = ([], 0)
    for element in elements {
      let added = weight(element)
      if parts.isEmpty || sum + added > settings.messageByteCountMax {
        parts.append([])
        sum = 0
      }
      parts[parts.count - 1].append(element)
      sum += added
    }
    return parts
  }
}
