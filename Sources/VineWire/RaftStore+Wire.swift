import VineBase
import VineRaft

/// A log entry as it is kept in the store.
public enum LogRecord {
  public static func encode(_ entry: LogEntry) -> [UInt8] { PBLogEntry(entry).written }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> LogEntry {
    try PBLogEntry.read(bytes, "log entry", max: WireLimits.logEntryByteCountMax).entry()
  }
}

/// A snapshot as it is kept in the store.
public enum SnapshotRecord {
  public static func encode(_ snapshot: Snapshot) -> [UInt8] {
    var wire = PBSnapshot()
    wire.index = snapshot.index.rawValue
    wire.term = snapshot.term.rawValue
    wire.configuration = PBConfiguration(snapshot.configuration)
    wire.state = .init(snapshot.state)
    return wire.written
  }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> Snapshot {
    // Beside the state: a configuration and two numbers.
    let wire = try PBSnapshot.read(
      bytes, "snapshot", max: WireLimits.snapshotByteCountMax + WireLimits.logEntryByteCountMax)
    return Snapshot(
      index: try raftIndex(wire.index), term: try raftTerm(wire.term),
      configuration: try wire.configuration.configuration(), state: Array(wire.state))
  }
}

/// Term and vote as they are kept in the store.
public enum HardStateRecord {
  public static func encode(_ state: HardState) -> [UInt8] {
    var wire = PBHardState()
    wire.term = state.term.rawValue
    if let vote = state.votedFor { wire.votedFor = .init(raftBytes(of: vote)) }
    return wire.written
  }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> HardState {
    let wire = try PBHardState.read(bytes, "hard state", max: WireLimits.logEntryByteCountMax)
    return HardState(
      term: try raftTerm(wire.term), votedFor: wire.votedFor.isEmpty ? nil : try raftVoter(wire.votedFor))
  }
}

extension PBLogEntry {
  init(_ entry: LogEntry) {
    index = entry.index.rawValue
    term = entry.term.rawValue
    switch entry.payload {
    case .command(let bytes): command = .init(bytes)
    case .noop: noop = PBNoop()
    case .configuration(let known): configuration = PBConfiguration(known)
    }
  }

  func entry() throws(WireError) -> LogEntry {
    guard index > 0 else { throw .invalid("log index") }
    return LogEntry(index: try raftIndex(index), term: try raftTerm(term), payload: try entryPayload())
  }

  private func entryPayload() throws(WireError) -> EntryPayload {
    switch payload {
    case nil: throw .missing("payload of the log entry")
    case .command(let bytes)?:
      .command(try Field.bytes(bytes, max: WireLimits.commandByteCountMax, "command"))
    case .noop?: .noop
    case .configuration(let wire)?: .configuration(try wire.configuration())
    }
  }
}

extension PBConfiguration {
  init(_ configuration: Configuration) {
    voters = configuration.voters.map { .init(raftBytes(of: $0)) }
    outgoing = configuration.outgoing.map { .init(raftBytes(of: $0)) }
    learners = configuration.learners.map { .init(raftBytes(of: $0)) }
  }

  /// Members are in order, so that one configuration has one spelling.
  func configuration() throws(WireError) -> Configuration {
    let (incoming, left, next) = (try members(voters), try members(outgoing), try members(learners))
    let configuration = Configuration(voters: incoming, outgoing: left, learners: next)
    let isInOrder =
      configuration.voters == incoming && configuration.outgoing == left && configuration.learners == next
    guard configuration.fault == nil, isInOrder else { throw .invalid("configuration") }
    return configuration
  }

  private func members(_ list: [some Collection<UInt8>]) throws(WireError) -> [VoterID] {
    let list = try Field.count(list, max: Configuration.votersMax, "members")
    var members: [VoterID] = []
    for bytes in list { members.append(try raftVoter(bytes)) }
    return members
  }
}

func raftTerm(_ value: UInt64) throws(WireError) -> Term { Term(rawValue: try Field.counter(value, "term")) }

func raftIndex(_ value: UInt64) throws(WireError) -> LogIndex {
  LogIndex(rawValue: try Field.counter(value, "log index"))
}

func raftStore(_ bytes: some Collection<UInt8>) throws(WireError) -> StoreID {
  guard let store = StoreID(bytes) else { throw .invalid("store") }
  return store
}

private func raftBytes(of voter: VoterID) -> [UInt8] { voter.node.bytes + voter.store.bytes }

private func raftVoter(_ bytes: some Collection<UInt8>) throws(WireError) -> VoterID {
  guard bytes.count == NodeID.byteCount + StoreID.byteCount else { throw .invalid("voter") }
  return VoterID(
    node: try Field.node(bytes.prefix(NodeID.byteCount), "voter"),
    store: try raftStore(bytes.dropFirst(NodeID.byteCount)))
}
