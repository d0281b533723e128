import VineBase

/// Entries that overtook others on the way, until those before them come: datagrams keep no order, and a follower that
/// dropped what came too early would have most of a long log sent again.
struct EarlyAppends: Sendable {
  /// As many as a leader has on the way.
  static let countMax = 32
  private var source: AppendSource?
  /// By the index of the entry that they follow.
  private var waiting: SortedMap<LogIndex, Append> = [:]

  mutating func keep(_ append: Append, of source: AppendSource) {
    guard !append.entries.isEmpty else { return }
    if self.source != source { (self.source, waiting) = (source, [:]) }
    guard waiting.count < Self.countMax || waiting[append.previousIndex] != nil else { return }
    waiting[append.previousIndex] = append
  }

  /// - Returns: the append with all that follows it without a gap.
  mutating func complete(_ append: Append, of source: AppendSource) -> Append {
    guard !waiting.isEmpty, self.source == source else { return append }
    var entries = append.entries
    var last = (
      index: append.previousIndex.advanced(by: entries.count), term: entries.last?.term ?? append.previousTerm
    )
    while let (previous, next) = waiting.first, previous <= last.index {
      waiting[previous] = nil
      guard previous == last.index, next.previousTerm == last.term, let end = next.entries.last else { continue }
      entries += next.entries
      last = (end.index, end.term)
    }
    return Append(
      session: append.session, round: append.round, previousIndex: append.previousIndex,
      previousTerm: append.previousTerm, commit: append.commit, entries: entries)
  }
}
