import VineBase
import VineRaft

/// A disk that loses what was not synced, fails a sync, is slow, or goes altogether.
struct SimulatedDisk: Sendable {
  /// What is there after a crash.
  private(set) var durable: RaftMemory
  /// What the process has written; the log as its core sees it.
  private(set) var written: RaftMemory
  /// An earlier state of the disk.
  private(set) var backup: RaftMemory?
  /// Syncs write nothing, and say so or not.
  var isFailing = false
  /// A sync takes as long, at most.
  var syncMax = Duration.milliseconds(8)

  init(_ memory: RaftMemory) { (durable, written) = (memory, memory) }

  mutating func write(_ write: Persistence) { written.perform(write) }

  /// - Returns: whether it is durable.
  mutating func sync(_ write: Persistence) -> Bool {
    guard !isFailing else { return false }
    durable.perform(write)
    return true
  }

  mutating func keepBackup() { backup = durable }

  /// - Parameters:
  ///   - underWay: the write that was being synced; it is all there or not at all.
  ///   - tears: the write is there in part: its last entry has half of its bytes.
  mutating func crash(_ underWay: Persistence?, tears: Bool, _ random: inout RandomSource) {
    defer { written = durable }
    guard let underWay, !isFailing else { return }
    if tears {
      durable.perform(underWay.torn)
    } else if random.below(2) == 0 {
      durable.perform(underWay)
    }
  }

  /// A new disk.
  mutating func replace(with memory: RaftMemory) {
    (durable, written, backup, isFailing) = (memory, memory, nil, false)
  }
}

extension Persistence {
  fileprivate var torn: Persistence {
    var torn = self
    guard let last = entries.last, case .command(let bytes) = last.payload else { return torn }
    torn.entries.removeLast()
    torn.entries.append(
      LogEntry(index: last.index, term: last.term, payload: .command(Array(bytes.prefix(bytes.count / 2)))))
    return torn
  }
}
