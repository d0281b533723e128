import Foundation
import GRDB
import VineBase
import VineRouter

@testable import VineHost

extension Door {
  /// Rows of the database that are not what this program wrote: they are refused or left out.
  /// `[table u8][type u8][length u16][value]` each.
  static let storedState = Door(name: "StoredState") { bytes in
    do {
      return try StateBench.shared.complaint(Script(bytes))
    } catch { return error is HostError ? nil : "a damaged database fails in another way: \(error)" }
  }

  /// The database's file with damaged bytes: `[place u32][byte u8]` each, or `[0xFFFFFFFF][length u32]` to cut it.
  static let databaseFile = Door(name: "DatabaseFile") { bytes in
    var (script, file) = (Script(bytes), StateBench.file)
    while !script.isEmpty {
      let place = Int(script.long())
      if place == Int(UInt32.max) {
        file = file.prefix(Int(script.long()) % (file.count + 1))
      } else if !file.isEmpty {
        file[place % file.count] = script.byte()
      }
    }
    let path = StateBench.folder + "/damaged.sqlite"
    for end in ["", "-wal", "-shm", "-journal"] { unlink(path + end) }
    guard FileManager.default.createFile(atPath: path, contents: file) else { return "no file" }
    // Whatever is wrong is said in one way.
    do throws(HostError) {
      let store = try Store(path: path, node: StateBench.node)
      _ = try store.memory()
    } catch {
      return error.mend.isEmpty ? "no mend is said" : nil
    }
    return nil
  }
}

/// A store in memory, filled with rows of any kind and read as at a start.
private final class StateBench: Sendable {
  static let shared = StateBench()
  static let node: NodeID = {
    guard let node = NodeID([UInt8](repeating: 3, count: NodeID.byteCount)) else { fatalError("32 bytes are 32") }
    return node
  }()
  /// In memory, not on a disk.
  static let folder: String = {
    let path = "/dev/shm/vine-fuzz-\(getpid())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()
  /// A database as a VR leaves it.
  static let file: Data = {
    let path = folder + "/whole.sqlite"
    do {
      let store = try Store(path: path, node: node)
      try store.found(by: node)
      _ = try store.memory()
      try store.write { try $0.execute(sql: "INSERT INTO host (address, network) VALUES (2886729738, 1)") }
      return try store.wholeFile(path)
    } catch { fatalError("no database: \(error)") }
  }()

  private let store: Store

  private init() {
    do { store = try Store(path: ":memory:", node: Self.node) } catch { fatalError("no database: \(error)") }
  }

  func complaint(_ start: Script) throws -> String? {
    var script = start
    try store.write { database in
      for table in ["value", "log", "record", "host", "dead", "issued"] {
        try database.execute(sql: "DELETE FROM \(table)")
      }
      var row: Int64 = 0
      while !script.isEmpty {
        row += 1
        let table = script.choice(6)
        let value = Self.value(&script)
        switch table {
        case 0:
          let names = ["incarnation", "epoch", "termAndVote", "snapshot", "reserve", "pin", "node", "store"]
          try? database.execute(
            sql: "INSERT OR REPLACE INTO value (name, bytes) VALUES (?, ?)",
            arguments: [names[script.choice(names.count)], value])
        case 1: try? database.execute(sql: "INSERT INTO log (position, entry) VALUES (?, ?)", arguments: [row, value])
        case 2: try? database.execute(sql: "INSERT INTO record (key, record) VALUES (?, ?)", arguments: [row, value])
        case 3:
          try? database.execute(
            sql: "INSERT INTO host (address, network) VALUES (?, ?)", arguments: [value, Self.value(&script)])
        case 4: try? database.execute(sql: "INSERT INTO dead (node) VALUES (?)", arguments: [value])
        default:
          try? database.execute(sql: "INSERT INTO issued (sequence, signed) VALUES (?, ?)", arguments: [row, value])
        }
      }
    }
    _ = try store.memory()
    return nil
  }

  private static func value(_ script: inout Script) -> DatabaseValue {
    switch script.choice(6) {
    case 0, 1, 2: return Data(script.chunk()).databaseValue
    case 3: return String(decoding: script.bytes(script.choice(32)), as: UTF8.self).databaseValue
    case 4: return Int64(bitPattern: script.quad()).databaseValue
    default: return Double(bitPattern: script.quad()).databaseValue
    }
  }
}

extension Store {
  /// All of the database in its one file.
  fileprivate func wholeFile(_ path: String) throws -> Data {
    let copy = path + ".copy"
    unlink(copy)
    try write { try $0.execute(sql: "DELETE FROM dead") }
    let whole = try DatabaseQueue(path: copy)
    defer { try? whole.close() }
    let own = try DatabaseQueue(path: path)
    defer { try? own.close() }
    try own.backup(to: whole)
    return try Data(contentsOf: URL(fileURLWithPath: copy))
  }
}
