import VineBase

/// The log of one voter behind its snapshot, and how much of it is durable and committed.
struct RaftLog: Sendable {
  private(set) var snapshot: Snapshot
  /// The entry before the first one that is held; at or before the snapshot's.
  private(set) var baseIndex: LogIndex
  private var baseTerm: Term
  private var entries: [LogEntry]
  private(set) var configurations: ConfigurationHistory
  /// On disk, as the shell has confirmed.
  private(set) var durable: LogIndex
  private(set) var committed: LogIndex
  /// Writes under way, and the last entry that each makes durable; cut with the log.
  private var writes: [Write] = []

  private struct Write: Sendable {
    let number: WriteNumber
    var through: LogIndex
  }

  init(snapshot: Snapshot, entries: [LogEntry]) {
    self.snapshot = snapshot
    (baseIndex, baseTerm, committed) = (snapshot.index, snapshot.term, snapshot.index)
    self.entries = entries.filter { $0.index > snapshot.index }
    configurations = ConfigurationHistory(snapshot.configuration, at: snapshot.index)
    durable = self.entries.last?.index ?? snapshot.index
    var expected = snapshot.index.next
    for entry in self.entries {
      precondition(entry.index == expected, "the log has a gap before \(entry.index)")
      expected = expected.next
      configurations.append(entry)
    }
  }

  var lastIndex: LogIndex { baseIndex.advanced(by: entries.count) }
  var lastTerm: Term { entries.last?.term ?? baseTerm }

  /// nil before the base and past the end.
  func term(at index: LogIndex) -> Term? {
    if index == baseIndex { return baseTerm }
    return index > baseIndex && index <= lastIndex ? entries[position(of: index)].term : nil
  }

  /// Entries from `index` on, at least one if there is one, and no more than `byteCountMax` allows.
  func slice(from index: LogIndex, byteCountMax: Int) -> [LogEntry] {
    guard index <= lastIndex, index > baseIndex else { return [] }
    var (slice, byteCount): ([LogEntry], Int) = ([], 0)
    for entry in entries[position(of: index)...] {
      byteCount += entry.byteCount
      guard slice.isEmpty || byteCount <= byteCountMax else { break }
      slice.append(entry)
    }
    return slice
  }

  /// Whether a log that ends so is at least as up to date as this one (Raft paper 5.4.1).
  func isUpToDate(lastIndex: LogIndex, lastTerm: Term) -> Bool {
    (lastTerm, lastIndex) >= (self.lastTerm, self.lastIndex)
  }

  /// The last entry at or before `index` with at most `term`: where two logs may still agree.
  func lastAgreeable(notAfter index: LogIndex, _ term: Term) -> (index: LogIndex, term: Term) {
    var index = min(index, lastIndex)
    while index > baseIndex, let held = self.term(at: index), held > term { index = index.previous }
    return (max(index, baseIndex), self.term(at: max(index, baseIndex)) ?? baseTerm)
  }

  /// What is proposed and not committed, in bytes.
  var uncommittedByteCount: Int {
    entries[(position(of: max(committed, baseIndex).next))...].reduce(0) { $0 + $1.byteCount }
  }

  mutating func append(_ entry: LogEntry) {
    precondition(entry.index == lastIndex.next, "an entry follows the last one")
    entries.append(entry)
    configurations.append(entry)
  }

  /// Takes a leader's entries behind a place where both logs agree.
  /// - Returns: what is new, and from where old entries had to go; nil if the entries contradict what is committed,
  ///   which no leader's do.
  mutating func merge(
    _ incoming: [LogEntry], keepingCutConfigurations: Bool
  ) -> (new: [LogEntry], truncatedFrom: LogIndex?)? {
    guard let position = incoming.firstIndex(where: { $0.index > baseIndex && term(at: $0.index) != $0.term })
    else { return ([], nil) }
    let new = Array(incoming[position...])
    let from = new[0].index
    guard from > committed else { return nil }
    let truncates = from <= lastIndex
    if truncates {
      entries.removeLast(entries.count - self.position(of: from))
      if !keepingCutConfigurations { configurations.cut(from: from) }
      durable = min(durable, lastIndex)
      writes = writes.map { Write(number: $0.number, through: min($0.through, lastIndex)) }
    }
    for entry in new { append(entry) }
    return (new, truncates ? from : nil)
  }

  // MARK: Durability

  mutating func wrote(_ number: WriteNumber, through index: LogIndex) {
    writes.append(Write(number: number, through: index))
  }

  /// The shell has carried out all writes up to `number`.
  mutating func persisted(_ number: WriteNumber) {
    for write in writes where write.number <= number { durable = max(durable, min(write.through, lastIndex)) }
    writes.removeAll { $0.number <= number }
  }

  // MARK: Commitment

  /// - Returns: the entries that are now committed and were not, in order.
  mutating func commit(through index: LogIndex) -> [LogEntry] {
    let target = min(index, lastIndex)
    guard target > committed else { return [] }
    defer { committed = target }
    return Array(entries[position(of: committed.next)...position(of: target)])
  }

  // MARK: Snapshots

  /// Puts a snapshot of the applied state in the place of the entries that it has, but for the last `kept` of them.
  /// - Returns: the new snapshot.
  mutating func compact(through index: LogIndex, state: [UInt8], keeping kept: Int) -> Snapshot? {
    precondition(index <= committed, "only what is committed has a state")
    guard index > snapshot.index, let term = term(at: index) else { return nil }
    snapshot = Snapshot(index: index, term: term, configuration: configurations.inForce(at: index), state: state)
    let first = Int64(clamping: index.rawValue) - Int64(kept)
    if first > Int64(clamping: baseIndex.rawValue) {
      let newBase = LogIndex(rawValue: UInt64(first))
      let newTerm = entries[position(of: newBase)].term
      entries.removeFirst(position(of: newBase) + 1)
      (baseIndex, baseTerm) = (newBase, newTerm)
    }
    configurations.forget(before: snapshot.index)
    return snapshot
  }

  /// Puts a leader's snapshot in the place of everything.
  mutating func install(_ new: Snapshot) {
    snapshot = new
    (baseIndex, baseTerm, committed, durable) = (new.index, new.term, new.index, new.index)
    (entries, writes) = ([], [])
    configurations = ConfigurationHistory(new.configuration, at: new.index)
  }

  private func position(of index: LogIndex) -> Int { Int(index.rawValue - baseIndex.rawValue) - 1 }
}

/// The configurations in a log. In force is the last, committed or not (thesis 4.1), so that cutting the log takes a
/// configuration back.
struct ConfigurationHistory: Sendable {
  /// The first is in force at the snapshot, the others came after it.
  private var known: [(index: LogIndex, configuration: Configuration)]

  init(_ configuration: Configuration, at index: LogIndex) { known = [(index, configuration)] }

  var last: (index: LogIndex, configuration: Configuration) { known[known.count - 1] }
  /// Before the last one; the last itself if it is the only one.
  var previous: Configuration { known[max(0, known.count - 2)].configuration }

  func inForce(at index: LogIndex) -> Configuration { lastKnown { $0 <= index }.configuration }

  /// The last whose index satisfies a condition, or the first of all.
  func lastKnown(where holds: (LogIndex) -> Bool) -> (index: LogIndex, configuration: Configuration) {
    known.last { holds($0.index) } ?? known[0]
  }

  mutating func append(_ entry: LogEntry) {
    if case .configuration(let configuration) = entry.payload { known.append((entry.index, configuration)) }
  }

  mutating func cut(from index: LogIndex) {
    while known.count > 1, known[known.count - 1].index >= index { known.removeLast() }
  }

  mutating func forget(before index: LogIndex) {
    while known.count > 1, known[1].index <= index { known.removeFirst() }
  }
}
