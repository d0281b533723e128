import Foundation
import GRDB
import VineBase
import VineControl
import VineGossip
import VineRaft
import VineRouter
import VineRouting
import VineWire

/// What outlives the process: the Raft log, the signed records, the VR's own incarnation and its LNDT.
///
/// SQLite through GRDB, one connection, WAL, synchronous=FULL: a commit that returned is on the disk. An error
/// of the disk stops the VR; it is never retried, because after a failed fsync nobody knows what is there.
public final class Store: Sendable {
  private let queue: DatabaseQueue
  /// Made with the file: whoever lost it is another voter.
  public let id: StoreID

  /// - Throws: `HostError` if the file cannot be opened, is damaged or belongs to another VR.
  public init(path: String, node: NodeID) throws(HostError) {
    let queue: DatabaseQueue
    do {
      var configuration = GRDB.Configuration()
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
      }
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try Self.migrator.migrate(queue)
    } catch {
      throw HostError(
        "cannot open the database \(path): \(Self.short(error))",
        mend: "check space and permissions, or restore the state folder from a backup", .permission)
    }
    self.queue = queue
    id = try Self.identity(in: queue)
    let owner = try value("node")
    if let owner, owner != node.bytes {
      throw HostError(
        "the state folder belongs to another VR: key and database do not match",
        mend: "restore the whole folder from one backup, or point --state to this VR's own", .configuration)
    }
    if owner == nil { try setValue("node", node.bytes) }
    try updateConsensus(of: node)
  }

  private static func identity(in queue: DatabaseQueue) throws(HostError) -> StoreID {
    do {
      return try queue.write { database in
        let known = try Data.fetchOne(database, sql: "SELECT bytes FROM value WHERE name = 'store'")
        if let known {
          guard let id = StoreID(known) else { throw damaged("identity of the store") }
          return id
        }
        var generator = SystemRandomNumberGenerator()
        let id = StoreID(high: generator.next(), low: generator.next())
        try set(database, "store", id.bytes)
        return id
      }
    } catch let error as HostError {
      throw error
    } catch {
      throw failed(error)
    }
  }

  /// Everything a router starts with; raises the incarnation first, so that no two runs share one.
  public func memory() throws(HostError) -> RouterMemory {
    let last = try incarnation()
    try setIncarnation(last + 1)
    let (consensus, records, dead, hosts) = (try consensus(), try records(), try dead(), try hosts())
    let ledger = try ledger()
    do throws(WireError) {
      return try RouterMemory(
        store: id, consensus: consensus, knowledge: Knowledge(records: records, dead: dead), incarnation: last + 1,
        hosts: hosts, ledger: ledger, pinned: try? pin())
    } catch {
      throw Self.damaged("\(error)")
    }
  }

  /// Of the last start; 0 before the first.
  private func incarnation() throws(HostError) -> UInt64 {
    guard let bytes = try value("incarnation") else { return 0 }
    guard let last = try? ByteReader.integer(of: bytes), last < WireLimits.counterMax else {
      throw Self.damaged("incarnation")
    }
    return last
  }

  public func setIncarnation(_ incarnation: UInt64) throws(HostError) {
    try setValue("incarnation", bytes(of: incarnation))
  }

  /// The queue-VR that the operator chose.
  public func setPin(_ peer: NodeID?) throws(HostError) {
    guard let peer else {
      return try write { database in try database.execute(sql: "DELETE FROM value WHERE name = 'pin'") }
    }
    try setValue("pin", peer.bytes)
  }

  func pin() throws(HostError) -> NodeID? { try value("pin").flatMap { NodeID($0) } }

  // MARK: Records

  /// All of them, or none.
  public func persist(_ records: [SignedRecord]) throws(HostError) {
    try write { database in
      for record in records { try Self.insert(record, database) }
    }
  }

  static func insert(_ record: SignedRecord, _ database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO record (key, record) VALUES (?, ?)",
      arguments: [Data([record.key.kind.rawValue] + record.key.id), Data(StoredRecord.encode(record))])
  }

  public func remove(_ keys: [RecordKey]) throws(HostError) {
    try write { database in
      for key in keys {
        try database.execute(sql: "DELETE FROM record WHERE key = ?", arguments: [Data([key.kind.rawValue] + key.id)])
      }
    }
  }

  public func persist(_ peer: NodeID, isDead: Bool) throws(HostError) {
    try write { database in
      try database.execute(
        sql: isDead ? "INSERT OR IGNORE INTO dead (node) VALUES (?)" : "DELETE FROM dead WHERE node = ?",
        arguments: [Data(peer.bytes)])
    }
  }

  private func dead() throws(HostError) -> [NodeID] {
    try read { try Data.fetchAll($0, sql: "SELECT node FROM dead ORDER BY node") }.compactMap { NodeID($0) }
  }

  /// Records that no longer decode are left out and come back through gossip.
  func records() throws(HostError) -> [SignedRecord] {
    try read { try Data.fetchAll($0, sql: "SELECT record FROM record ORDER BY key") }
      .compactMap { try? StoredRecord.decode([UInt8]($0)) }
  }

  // MARK: LNDT

  public func persist(_ hosts: LNDT) throws(HostError) {
    try write { database in
      try database.execute(sql: "DELETE FROM host")
      for (address, networks) in hosts.hosts {
        for network in networks {
          try database.execute(
            sql: "INSERT INTO host (address, network) VALUES (?, ?)",
            arguments: [Int64(address.rawValue), Int64(network.rawValue)])
        }
      }
    }
  }

  private func hosts() throws(HostError) -> LNDT {
    var result = LNDT()
    for row in try read({ try Row.fetchAll($0, sql: "SELECT address, network FROM host") }) {
      // Columns of SQLite hold any type.
      let columns: (DatabaseValue, DatabaseValue) = (row["address"], row["network"])
      guard let address = UInt32.fromDatabaseValue(columns.0), let network = UInt32.fromDatabaseValue(columns.1)
      else { continue }
      result.add(IPv4Address(rawValue: address), to: NetworkID(rawValue: network))
    }
    return result
  }

  // MARK: Plumbing

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE value (name TEXT PRIMARY KEY, bytes BLOB NOT NULL);
          CREATE TABLE log (position INTEGER PRIMARY KEY, entry BLOB NOT NULL);
          CREATE TABLE record (key BLOB PRIMARY KEY, record BLOB NOT NULL);
          CREATE TABLE host (address INTEGER NOT NULL, network INTEGER NOT NULL, PRIMARY KEY (address, network));
          """)
    }
    migrator.registerMigration("2") { database in
      try database.execute(sql: "CREATE TABLE dead (node BLOB PRIMARY KEY)")
    }
    migrator.registerMigration("3") { database in
      try database.execute(sql: "CREATE TABLE issued (sequence INTEGER PRIMARY KEY, signed BLOB NOT NULL)")
    }
    return migrator
  }

  static func set(_ database: Database, _ name: String, _ bytes: [UInt8]) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO value (name, bytes) VALUES (?, ?)", arguments: [name, Data(bytes)])
  }

  func setValue(_ name: String, _ bytes: [UInt8]) throws(HostError) {
    try write { try Self.set($0, name, bytes) }
  }

  func value(_ name: String) throws(HostError) -> [UInt8]? {
    try read { try Data.fetchOne($0, sql: "SELECT bytes FROM value WHERE name = ?", arguments: [name]) }
      .map { [UInt8]($0) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(HostError) -> Value {
    do { return try queue.read(body) } catch { throw Self.failed(error) }
  }

  func write(_ body: (Database) throws -> Void) throws(HostError) {
    do { try queue.write(body) } catch { throw Self.failed(error) }
  }

  private func bytes(of value: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(value)
    return writer.bytes
  }

  private static func failed(_ error: any Error) -> HostError {
    HostError("the database failed: \(short(error))", mend: "check the disk, then start vine-meshd again", .failed)
  }

  static func damaged(_ what: String) -> HostError {
    HostError("the \(what) in the database is damaged", mend: "restore the state folder from a backup", .failed)
  }

  private static func short(_ error: any Error) -> String {
    (error as? DatabaseError)?.message ?? String(describing: error)
  }
}

extension ByteReader {
  fileprivate static func integer(of bytes: [UInt8]) throws(ByteError) -> UInt64 {
    var reader = ByteReader(bytes)
    return try reader.integer()
  }
}
