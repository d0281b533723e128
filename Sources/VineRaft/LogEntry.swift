import VineBase

public enum EntryPayload: Hashable, Sendable {
  case command([UInt8])
  /// The first entry of a leader: what came before is committed with it (Raft paper 8).
  case noop
  /// In force from the moment it is in the log (thesis 4.1).
  case configuration(Configuration)
}

public struct LogEntry: Hashable, Sendable {
  public let index: LogIndex
  public let term: Term
  public let payload: EntryPayload

  public init(index: LogIndex, term: Term, payload: EntryPayload) {
    self.index = index
    self.term = term
    self.payload = payload
  }

  /// An upper bound of what the entry takes of a message: payload, index, term and framing.
  var byteCount: Int {
    switch payload {
    case .command(let bytes): bytes.count + 26
    case .noop: 26
    case .configuration(let configuration):
      26 + 50 * (configuration.voters.count + configuration.outgoing.count + configuration.learners.count)
    }
  }
}

/// What a voter must never forget (Raft paper, figure 2: persistent state).
public struct HardState: Hashable, Sendable {
  public var term: Term
  public var votedFor: VoterID?

  public init(term: Term, votedFor: VoterID?) {
    self.term = term
    self.votedFor = votedFor
  }

  public static let initial = HardState(term: .zero, votedFor: nil)
}

/// All that the log up to `index` came to.
public struct Snapshot: Hashable, Sendable {
  public let index: LogIndex
  public let term: Term
  /// In force at `index`.
  public let configuration: Configuration
  /// The state machine's; opaque here.
  public let state: [UInt8]

  public init(index: LogIndex, term: Term, configuration: Configuration, state: [UInt8]) {
    (self.index, self.term, self.configuration, self.state) = (index, term, configuration, state)
  }

  /// Before the first entry.
  public static let empty = Snapshot(index: .zero, term: .zero, configuration: .none, state: [])
}

/// What a store holds of a group: all of it durable.
public struct RaftMemory: Hashable, Sendable {
  public var epoch: Epoch
  public var hardState: HardState
  public var snapshot: Snapshot
  /// Without a gap; entries that the snapshot has, too, are left out of account.
  public var entries: [LogEntry]

  public init(
    epoch: Epoch = .first, hardState: HardState = .initial, snapshot: Snapshot = .empty, entries: [LogEntry] = []
  ) {
    (self.epoch, self.hardState, self.snapshot, self.entries) = (epoch, hardState, snapshot, entries)
  }

  /// A group of one begins. Everybody else begins empty and is told by a leader; a joiner never founds.
  public static func founding(_ voters: [VoterID], epoch: Epoch = .first) -> RaftMemory {
    let snapshot = Snapshot(
      index: .zero, term: .zero, configuration: Configuration(voters: voters), state: [])
    return RaftMemory(epoch: epoch, snapshot: snapshot)
  }
}

/// Counts the writes that the core asked for.
public struct WriteNumber: Hashable, Comparable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  var next: WriteNumber { WriteNumber(rawValue: rawValue + 1) }
}

/// One write: all of it or nothing, in one transaction with one sync.
///
/// In this order: the hard state; the snapshot, which replaces the one before; removal of entries from
/// `truncatingFrom` on; `entries`; removal of entries up to and with `compactingThrough`.
public struct Persistence: Hashable, Sendable {
  public let number: WriteNumber
  public var hardState: HardState?
  public var snapshot: Snapshot?
  public var truncatingFrom: LogIndex?
  public var entries: [LogEntry] = []
  public var compactingThrough: LogIndex?

  public init(number: WriteNumber) { self.number = number }
}

extension RaftMemory {
  /// Carries out a write on a memory: what a store does in a file.
  public mutating func perform(_ write: Persistence) {
    if let state = write.hardState { hardState = state }
    if let new = write.snapshot { snapshot = new }
    if let from = write.truncatingFrom { entries.removeAll { $0.index >= from } }
    entries += write.entries
    if let through = write.compactingThrough { entries.removeAll { $0.index <= through } }
  }
}
