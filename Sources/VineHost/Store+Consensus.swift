import Foundation
import GRDB
import VineBase
import VineGossip
import VineRaft
import VineWire

/// What the store holds of the consensus group: epoch, term and vote, the snapshot and the log behind it.
extension Store {
  /// One transaction, one sync.
  public func persist(_ write: Persistence) throws(HostError) {
    try self.write { database in
      if let state = write.hardState { try Self.set(database, "termAndVote", HardStateRecord.encode(state)) }
      if let snapshot = write.snapshot { try Self.set(database, "snapshot", SnapshotRecord.encode(snapshot)) }
      if let from = write.truncatingFrom {
        try database.execute(sql: "DELETE FROM log WHERE position >= ?", arguments: [Int64(from.rawValue)])
      }
      for entry in write.entries { try Self.insert(entry, database) }
      if let through = write.compactingThrough {
        try database.execute(sql: "DELETE FROM log WHERE position <= ?", arguments: [Int64(through.rawValue)])
      }
    }
  }

  /// A group of this VR alone begins.
  public func found(by node: NodeID) throws(HostError) {
    try replaceConsensus(.founding([VoterID(node: node, store: id)]))
  }

  public func consensus() throws(HostError) -> RaftMemory {
    var memory = RaftMemory()
    if let bytes = try value("epoch") {
      var reader = ByteReader(bytes)
      guard let epoch = try? reader.integer(UInt32.self) else { throw Self.damaged("epoch") }
      memory.epoch = Epoch(rawValue: epoch)
    }
    if let bytes = try value("termAndVote") {
      guard let state = try? HardStateRecord.decode(bytes) else { throw Self.damaged("hard state") }
      memory.hardState = state
    }
    if let bytes = try value("snapshot") {
      guard let snapshot = try? SnapshotRecord.decode(bytes) else { throw Self.damaged("snapshot") }
      memory.snapshot = snapshot
    }
    let rows = try read {
      try Data.fetchAll(
        $0, sql: "SELECT entry FROM log WHERE position > ? ORDER BY position",
        arguments: [Int64(memory.snapshot.index.rawValue)])
    }
    for row in rows {
      guard let entry = try? LogRecord.decode([UInt8](row)),
        entry.index == (memory.entries.last?.index ?? memory.snapshot.index).next
      else { throw Self.damaged("log") }
      memory.entries.append(entry)
    }
    return memory
  }

  /// A store from before stores had an identity: its VR founded the mesh and is its only voter, or it has no log.
  func updateConsensus(of node: NodeID) throws(HostError) {
    guard let bytes = try value("hardState") else { return }
    var reader = ByteReader(bytes)
    guard let term = try? reader.integer(UInt64.self) else { throw Self.damaged("hard state") }
    let voter = VoterID(node: node, store: id)
    let state = HardState(term: Term(rawValue: term), votedFor: NodeID(reader.rest()) == node ? voter : nil)
    let founded = RaftMemory.founding([voter]).snapshot
    try write { database in
      try Self.set(database, "termAndVote", HardStateRecord.encode(state))
      try Self.set(database, "snapshot", SnapshotRecord.encode(founded))
      try database.execute(sql: "DELETE FROM value WHERE name = 'hardState'")
    }
  }

  /// Puts another memory in the place of all that is held, and adds records, in one transaction.
  public func replaceConsensus(_ memory: RaftMemory, adding records: [SignedRecord] = []) throws(HostError) {
    var epoch = ByteWriter()
    epoch.integer(memory.epoch.rawValue)
    try write { database in
      try Self.set(database, "epoch", epoch.bytes)
      try Self.set(database, "termAndVote", HardStateRecord.encode(memory.hardState))
      try Self.set(database, "snapshot", SnapshotRecord.encode(memory.snapshot))
      try database.execute(sql: "DELETE FROM log")
      for entry in memory.entries { try Self.insert(entry, database) }
      for record in records { try Self.insert(record, database) }
    }
  }

  private static func insert(_ entry: LogEntry, _ database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO log (position, entry) VALUES (?, ?)",
      arguments: [Int64(entry.index.rawValue), Data(LogRecord.encode(entry))])
  }
}
