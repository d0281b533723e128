import VineBase

/// Records that this VR has just learned and others may not know.
struct Freshness: Sendable {
  struct Record: Sendable {
    let place: RecordPlace
    /// Whoever sent it has it.
    let source: NodeID?
    /// To be pushed whole; others are announced only.
    let isEager: Bool
  }

  var records: [Record] = []
  var nextPush: Instant?
  private var lastPush: Instant?

  mutating func add(_ record: Record, interval: Duration, at now: Instant) {
    records.append(record)
    guard nextPush == nil else { return }
    nextPush = lastPush.map { max(now, $0 + interval) } ?? now
  }

  mutating func take(at now: Instant) -> [Record] {
    (nextPush, lastPush) = (nil, now)
    defer { records = [] }
    return records
  }
}

/// Lazy push: the payload to few, digests to others, which ask for what does not come.
///
/// Source: Leitão, Pereira and Rodrigues, "Epidemic Broadcast Trees", 2007, without the tree: its repair costs more
/// than the second copy.
extension Gossip {
  /// - Parameter isFresh: made here. A record that was pushed counts as fresh unless it was asked for in a comparison.
  mutating func take(
    _ record: SignedRecord, from peer: NodeID?, isFresh: Bool, at now: Instant, _ effects: inout [Effect]
  ) {
    let want = wants.arrived(record.place, record.version)
    if record.key.kind == .vr, isRemoved(record.place) { return }
    guard store.insert(record) else { return }
    lastChange = now
    effects.append(.accepted(record))
    noted(record, at: now, &effects)
    if peer != nil, record.key.kind == .vr, record.author == node { outlive(record, &effects) }
    let isEager = isFresh || (want?.isFresh ?? true)
    if !isEager, isFilling { return }
    fresh.add(
      Freshness.Record(place: record.place, source: peer, isEager: isEager), interval: settings.pushInterval, at: now)
  }

  /// The mesh has a record of this VR that this VR does not know: it lost its store and began to count anew. What it
  /// says now is older than that for all others, who would hold on to where it was, and to its death, for good.
  private mutating func outlive(_ record: SignedRecord, _ effects: inout [Effect]) {
    guard record.version.epoch >= incarnation, record.version.epoch < .max else { return }
    incarnation = record.version.epoch + 1
    effects.append(.incarnation(incarnation))
  }

  mutating func pushFresh(at now: Instant, _ effects: inout [Effect]) {
    let news = fresh.take(at: now)
    let peers = random.shuffled(neighbours)
    let eager = Array(news.filter(\.isEager).prefix(settings.eagerMax))
    let isAuthor = eager.contains { $0.source == nil }
    let eagerCount = settings.eagerFanOut + (isAuthor ? 1 : 0)
    let lazyCount = prober.hasLoss ? peers.count : settings.lazyFanOut
    for (position, peer) in peers.prefix(eagerCount + lazyCount).enumerated() {
      if position < eagerCount {
        push(eager.filter { $0.source != peer }.flatMap { store.records(at: $0.place) }, to: peer, &effects)
      }
      let announced = (position < eagerCount ? others(news, than: eager.count) : news).filter { $0.source != peer }
      announce(announced.flatMap { store.records(at: $0.place) }, to: peer, &effects)
    }
  }

  /// What is not pushed whole: all that is not eager, and the eager beyond the first `count`.
  private func others(_ news: [Freshness.Record], than count: Int) -> [Freshness.Record] {
    var eager = 0
    return news.filter { record in
      guard record.isEager else { return true }
      eager += 1
      return eager > count
    }
  }

  /// When a young VR published its own record there was nobody to push it to, and only a VR whose record is out is looked
  /// for by its neighbours.
  func introduce(to peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    let own = store.records(at: place)
    if firstConnected == nil {
      push(own, to: peer, &effects)
    } else if isYoung(at: now) {
      announce(own, to: peer, &effects)
    }
  }

  func push(_ records: [SignedRecord], to peer: NodeID, _ effects: inout [Effect]) {
    for part in batches(records, weight: \.weight) { effects.append(.send(.push(part), to: peer)) }
  }

  private func announce(_ records: [SignedRecord], to peer: NodeID, _ effects: inout [Effect]) {
    let digests = records.map { RecordDigest(place: $0.place, version: $0.version) }
    for part in batches(digests, weight: { _ in Self.digestWeight }) {
      effects.append(.send(.announce(part), to: peer))
    }
  }

  /// Bytes of a digest on the wire, at most.
  static let digestWeight = 24

  mutating func announced(_ digests: [RecordDigest], from peer: NodeID, at now: Instant) {
    for digest in digests where store.isNews(digest) {
      wants.add(digest, from: peer, isFresh: true, delay: settings.pullDelay, at: now)
    }
  }

  /// Asks for what is wanted and did not come.
  mutating func pull(at now: Instant, _ effects: inout [Effect]) {
    guard let due = wants.due(window: settings.pullWindow), due <= now else { return }
    let batches = wants.ask(
      window: settings.pullWindow, timeout: answerTimeout, triesMax: settings.pullTriesMax, at: now)
    for (holder, places) in batches {
      for part in self.batches(places, weight: { _ in 10 }) { effects.append(.send(.pull(part), to: holder)) }
    }
  }

  /// For questions about records.
  var answerTimeout: Duration {
    prober.roundTrip.timeout(
      least: settings.answerTimeoutMin, most: settings.answerTimeoutMax, unmeasured: settings.answerTimeout)
  }

  /// Cuts a list so that each part stays below the limit of a message.
  func batches<Element>(_ elements: [Element], weight: (Element) -> Int) -> [[Element]] {
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
