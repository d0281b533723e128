import VineBase

/// Anti-entropy: two neighbours compare the roots of their hash trees, and only if they differ go down the branches
/// that do. The VR that began asks; the other one answers and remembers nothing.
extension Gossip {
  /// Digests in one answer.
  private static let digestsInPart = 38

  mutating func syncSoon(at now: Instant) {
    let soon = now + settings.syncSoon / 4 + random.jitter(settings.syncSoon)
    nextSync = nextSync.map { min($0, soon) } ?? soon
  }

  mutating func sync(at now: Instant, _ effects: inout [Effect]) {
    if comparison != nil { ask(at: now, &effects) }
    guard let due = nextSync, due <= now else { return }
    let interval = isYoung(at: now) ? settings.syncYoung : settings.syncInterval
    nextSync = now + interval + random.jitter(interval)
    // A comparison, or the records it found missing, is under way: the next one later.
    if comparison.map({ !$0.isDone }) ?? false || wants.count > settings.pullWindow { return syncSoon(at: now) }
    guard let peer = random.element(of: neighbours) else { return }
    compare(with: peer, at: now, &effects)
  }

  private mutating func compare(with peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    comparison = Comparison(peer: peer)
    lastSync = now
    effects.append(.send(.compare([BranchHash(branch: .root, hash: store.root)], count: UInt64(store.count)), to: peer))
  }

  /// A neighbour's root came with a probe. Stores that differ are compared once this one has been quiet for a moment:
  /// while records spread, roots differ all the time.
  mutating func noticed(_ root: UInt64, of peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    guard root != store.root, neighbours.contains(peer), comparison?.isDone ?? true, wants.count < settings.pullWindow
    else { return }
    let sinceSync = lastSync.map { now - $0 } ?? .seconds(3600)
    let isQuiet = now - lastChange >= settings.quiet && sinceSync >= settings.quiet
    guard isQuiet || sinceSync >= (isYoung(at: now) ? settings.syncYoung : settings.syncBusy) else { return }
    restlessUntil = now + settings.restlessFor
    compare(with: peer, at: now, &effects)
  }

  func isYoung(at now: Instant) -> Bool { firstConnected.map { now - $0 < settings.youth } ?? true }

  // MARK: Answering

  mutating func compared(
    _ branches: [BranchHash], count: UInt64, with peer: NodeID, at now: Instant, _ effects: inout [Effect]
  ) {
    var differences: [Difference] = []
    for theirs in branches.prefix(64) {
      if store.hash(of: theirs.branch) != theirs.hash {
        differences += self.differences(in: theirs.branch)
      } else if theirs.branch != .root {
        differences.append(Difference(branch: theirs.branch, content: .equal))
      }
    }
    // Silence says that the roots are equal.
    for part in batches(differences, weight: Self.weight) {
      effects.append(.send(.differences(part, count: UInt64(store.count)), to: peer))
    }
    // Whoever knows much more is the one to ask, and at once.
    if branches.first?.branch == .root, count > UInt64(store.count + store.count / 8 + 8), neighbours.contains(peer),
      comparison?.isDone ?? true, wants.count < settings.pullWindow
    {
      compare(with: peer, at: now, &effects)
    }
    // What the other one has and this one has not, this one finds when it asks itself.
    if branches.first?.branch == .root, !differences.isEmpty, neighbours.contains(peer) {
      let soon = now + settings.syncSoon * 2 + random.jitter(settings.syncSoon)
      nextSync = nextSync.map { min($0, soon) } ?? soon
    }
  }

  private func differences(in branch: TreeBranch) -> [Difference] {
    let isBucket = branch.depth == TreeBranch.depthMax
    guard isBucket || store.count(in: branch, upTo: Self.digestsInPart + 1) <= Self.digestsInPart else {
      return [Difference(branch: branch, content: .children(branch.children.map(store.hash(of:))))]
    }
    var (parts, rest) = ([Difference](), store.digests(in: branch)[...])
    var first = RecordPlace(rawValue: 0)
    repeat {
      // Equal places stay together, so that each part speaks for its range.
      var end = min(rest.startIndex + Self.digestsInPart, rest.endIndex)
      while end < rest.endIndex, end > rest.startIndex + 1, rest[end].place == rest[end - 1].place { end -= 1 }
      let part = rest[rest.startIndex..<end]
      rest = rest[end...]
      let last = rest.isEmpty ? RecordPlace(rawValue: .max) : part.last?.place ?? first
      parts.append(Difference(branch: branch, content: .records(first: first, last: last, Array(part))))
      first = RecordPlace(rawValue: last.rawValue &+ 1)
    } while !rest.isEmpty
    return parts
  }

  private static func weight(_ difference: Difference) -> Int {
    switch difference.content {
    case .equal: 10
    case .children(let hashes): 14 + 8 * hashes.count
    case .records(_, _, let digests): 34 + digestWeight * digests.count
    }
  }

  // MARK: Asking

  mutating func ask(at now: Instant, _ effects: inout [Effect]) {
    guard var current = comparison, wants.count < 4 * settings.pullWindow else { return }
    guard let branches = current.ask(window: settings.compareWindow, timeout: answerTimeout, at: now) else {
      comparison = nil
      return syncSoon(at: now)
    }
    let hashes = branches.map { BranchHash(branch: $0, hash: store.hash(of: $0)) }
    for part in batches(hashes, weight: { _ in 16 }) {
      effects.append(.send(.compare(part, count: UInt64(store.count)), to: current.peer))
    }
    if !branches.isEmpty || current.isDone == false {
      comparison = current
      return
    }
    comparison = nil
    isFilling = false
    if current.foundDifferences { syncSoon(at: now) }
  }

  mutating func differed(
    _ differences: [Difference], count: UInt64, from peer: NodeID, at now: Instant, _ effects: inout [Effect]
  ) {
    guard var current = comparison, current.peer == peer else { return }
    if count / 2 > UInt64(store.count + 4) { isFilling = true }
    var news: [RecordDigest] = []
    for difference in differences {
      current.answered(difference.branch)
      switch difference.content {
      case .equal: break
      case .children(let hashes):
        for (child, hash) in zip(difference.branch.children, hashes) where store.hash(of: child) != hash {
          current.add(child)
        }
      case .records(let first, let last, let theirs):
        current.foundDifferences = true
        learn(theirs, from: peer, at: now, &effects)
        news += lacking(difference.branch, first, last, theirs)
      }
    }
    let announced = news.prefix(max(0, settings.announcedMax - current.announced))
    current.announced += announced.count
    for part in batches(Array(announced), weight: { _ in Self.digestWeight }) {
      effects.append(.send(.announce(part), to: peer))
    }
    comparison = current
    ask(at: now, &effects)
    pull(at: now, &effects)
  }

  private mutating func learn(_ theirs: [RecordDigest], from peer: NodeID, at now: Instant, _ effects: inout [Effect]) {
    for digest in theirs {
      if store.isNews(digest), !isRemoved(digest.place) {
        wants.add(digest, from: peer, isFresh: false, delay: .zero, at: now)
      } else if digest.isDead, !store.isDead(digest.place) {
        // Not dead at once: after a partition both sides hold living VRs for dead.
        heard(
          Rumour(
            subject: digest.place, incarnation: digest.version.epoch, state: .dead, accuser: RecordPlace(of: peer)),
          at: now, &effects)
      }
    }
  }

  /// What this VR has in the range and the other one lacks or has older.
  private func lacking(
    _ branch: TreeBranch, _ first: RecordPlace, _ last: RecordPlace, _ theirs: [RecordDigest]
  ) -> [RecordDigest] {
    var known: SortedMap<RecordPlace, RecordVersion> = [:]
    for digest in theirs { known[digest.place] = digest.version }
    return store.digests(in: branch).filter { own in
      guard first <= own.place, own.place <= last else { return false }
      return known[own.place].map { $0 < own.version } ?? true
    }
  }
}
