import VineBase

/// Records that others have and this VR has not: when to ask whom, and how many at a time.
struct Wants: Sendable {
  struct Want: Sendable {
    let version: RecordVersion
    /// Who has it; asked in turn.
    var holders: [NodeID]
    /// Fresh in the mesh, not just missing here: worth passing on.
    var isFresh: Bool
    var tries = 0
    var isAsked = false

    /// Those to be asked with the next try.
    var nextHolders: some Sequence<NodeID> {
      (0..<min(max(1, tries), holders.count)).lazy.map { holders[(tries + $0) % holders.count] }
    }
  }

  static let holdersMax = 4
  /// More than any mesh has records; beyond it announcements are left to anti-entropy.
  static let countMax = 250_000

  private var wants: [RecordPlace: Want] = [:]
  /// Announced, and perhaps on the way: (when to ask, place), in the order of time.
  private var expected = Queue<(at: Instant, place: RecordPlace)>()
  /// To be asked for as soon as the window allows.
  private var ready = Queue<RecordPlace>()
  /// Asked for: (when to give up, place, try), in the order of time.
  private var asked = Queue<(at: Instant, place: RecordPlace, tries: Int)>()
  private var askedCount = 0

  var isEmpty: Bool { wants.isEmpty }
  var count: Int { wants.count }

  /// When something is due, unless the window is full.
  func due(window: Int) -> Instant? {
    if !ready.isEmpty, askedCount < window { return .zero }
    guard let first = expected.first?.at else { return asked.first?.at }
    guard let second = asked.first?.at else { return first }
    return min(first, second)
  }

  /// - Parameter delay: how long to wait for the record to come by itself.
  mutating func add(
    _ digest: RecordDigest, from holder: NodeID, isFresh: Bool, delay: Duration, at now: Instant
  ) {
    if let known = wants[digest.place], !(known.version < digest.version) {
      guard known.holders.count < Self.holdersMax, !known.holders.contains(holder) else { return }
      wants[digest.place]?.holders.append(holder)
      return
    }
    guard wants.count < Self.countMax else { return }
    if wants[digest.place]?.isAsked == true { askedCount -= 1 }
    wants[digest.place] = Want(version: digest.version, holders: [holder], isFresh: isFresh)
    if delay > .zero {
      expected.append((now + delay, digest.place))
    } else {
      ready.append(digest.place)
    }
  }

  /// It came, or something newer. - Returns: what was wanted, if it was.
  mutating func arrived(_ place: RecordPlace, _ version: RecordVersion) -> Want? {
    guard let want = wants[place], !(version < want.version) else { return nil }
    wants[place] = nil
    if want.isAsked { askedCount -= 1 }
    return want
  }

  /// Whom to ask for what now, at most `window` records at a time. From the third try on several holders are asked at
  /// once, one more each time: few records need it, so the copies that come twice are few, and the last VR is not long
  /// the last.
  mutating func ask(window: Int, timeout: Duration, triesMax: Int, at now: Instant) -> SortedMap<NodeID, [RecordPlace]>
  {
    while let next = expected.first, next.at <= now {
      expected.removeFirst()
      if let want = wants[next.place], !want.isAsked, want.tries == 0 { ready.append(next.place) }
    }
    while let next = asked.first, next.at <= now {
      asked.removeFirst()
      guard var want = wants[next.place], want.isAsked, want.tries == next.tries else { continue }
      askedCount -= 1
      want.isAsked = false
      wants[next.place] = want.tries < triesMax ? want : nil
      if want.tries < triesMax { ready.append(next.place) }
    }
    var batches: SortedMap<NodeID, [RecordPlace]> = [:]
    while askedCount < window, let place = ready.first {
      ready.removeFirst()
      guard var want = wants[place], !want.isAsked else { continue }
      for holder in want.nextHolders { batches[holder, default: []].append(place) }
      want.tries += 1
      want.isAsked = true
      askedCount += 1
      wants[place] = want
      asked.append((now + timeout, place, want.tries))
    }
    return batches
  }
}

/// First in, first out.
struct Queue<Element: Sendable>: Sendable {
  private var elements: [Element] = []
  private var head = 0

  var isEmpty: Bool { head == elements.count }
  var first: Element? { head < elements.count ? elements[head] : nil }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func removeFirst() {
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: false)
      head = 0
    } else if head > 256, head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
  }
}
