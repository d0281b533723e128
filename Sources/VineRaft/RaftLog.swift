import VineBase

/// The log of one voter, and how much of it is durable and committed.
struct RaftLog: Sendable {
  private(set) var entries: [LogEntry]
  /// On disk, as the shell has confirmed.
  private(set) var durable: LogIndex
  private(set) var committed = LogIndex.zero
  /// Configurations in the log, oldest first, behind the one that holds before the log begins.
  private(set) var configurations: [(index: LogIndex, configuration: RaftConfiguration)]

  /// The last in the log, committed or not.
  var configuration: RaftConfiguration { configurations[configurations.count - 1].configuration }
  var configurationIndex: LogIndex { configurations[configurations.count - 1].index }

  /// - Parameters:
  ///   - base: who decides before the log says anything else.
  ///   - entries: from index 1 without a gap.
  init(base: RaftConfiguration, _ entries: [LogEntry]) {
    configurations = [(.zero, base)]
    for (position, entry) in entries.enumerated() {
      precondition(entry.index.rawValue == UInt64(position) + 1, "the log has a gap before \(entry.index)")
    }
    self.entries = entries
    durable = LogIndex(rawValue: UInt64(entries.count))
    for entry in entries { noteConfiguration(in: entry) }
  }

  private mutating func noteConfiguration(in entry: LogEntry) {
    if case .configuration(let configuration) = entry.payload { configurations.append((entry.index, configuration)) }
  }

  var lastIndex: LogIndex { LogIndex(rawValue: UInt64(entries.count)) }
  var lastTerm: Term { entries.last?.term ?? .zero }

  /// nil past the end; zero before the first.
  func term(at index: LogIndex) -> Term? {
    if index == .zero { return .zero }
    return index <= lastIndex ? entries[Int(index.rawValue) - 1].term : nil
  }

  func slice(from index: LogIndex, max count: Int) -> [LogEntry] {
    guard index <= lastIndex, index > .zero else { return [] }
    return Array(entries[(Int(index.rawValue) - 1)...].prefix(count))
  }

  /// Whether a log that ends so is at least as up to date as this one (Raft paper 5.4.1).
  func isUpToDate(lastIndex: LogIndex, lastTerm: Term) -> Bool {
    (lastTerm, lastIndex) >= (self.lastTerm, self.lastIndex)
  }

  mutating func append(_ entry: LogEntry) {
    precondition(entry.index == lastIndex.next, "an entry follows the last one")
    entries.append(entry)
    noteConfiguration(in: entry)
  }

  /// Takes a leader's entries behind a place where both logs agree.
  /// - Returns: what is new, and from where old entries had to go.
  mutating func merge(_ incoming: [LogEntry]) -> (new: [LogEntry], truncatedFrom: LogIndex?) {
    guard let position = incoming.firstIndex(where: { term(at: $0.index) != $0.term }) else { return ([], nil) }
    let new = Array(incoming[position...])
    let from = new[0].index
    precondition(from > committed, "a leader contradicts committed entry \(from)")
    let truncates = from <= lastIndex
    entries.removeLast(entries.count - Int(from.rawValue) + 1)
    durable = min(durable, lastIndex)
    // A change that did not come about is taken back with its entry.
    while configurationIndex >= from { configurations.removeLast() }
    entries += new
    for entry in new { noteConfiguration(in: entry) }
    return (new, truncates ? from : nil)
  }

  mutating func persisted(through index: LogIndex) { durable = max(durable, min(index, lastIndex)) }

  /// - Returns: the entries that are now committed and were not, in order.
  mutating func commit(through index: LogIndex) -> [LogEntry] {
    let target = min(index, lastIndex)
    guard target > committed else { return [] }
    defer { committed = target }
    return Array(entries[Int(committed.rawValue)..<Int(target.rawValue)])
  }
}
