import Foundation
import GRDB
import VineBase
import VineRegistry
import VineRouter
import VineWire

/// What the store holds of a delegate: its reserve, and the grants it gave out.
extension Store {
  /// A reserve begins without grants; nil: there is none.
  public func setLedger(_ ledger: GrantLedger?) throws(HostError) {
    try write { database in
      try database.execute(sql: "DELETE FROM issued")
      guard let ledger else { return try database.execute(sql: "DELETE FROM value WHERE name = 'reserve'") }
      try Self.set(database, "reserve", ReserveRecord.encode(ledger.reserve, ledger.delegation))
    }
  }

  /// One sync: a grant that anybody was told of is never given out again.
  public func persist(_ grant: SignedGrant) throws(HostError) {
    try write { database in
      try database.execute(
        sql: "INSERT INTO issued (sequence, signed) VALUES (?, ?)",
        arguments: [Int64(grant.grant.sequence), Data(GrantRecord.encode(grant))])
    }
  }

  func ledger() throws(HostError) -> GrantLedger? {
    guard let bytes = try value("reserve") else { return nil }
    guard let (reserve, delegation) = try? ReserveRecord.decode(bytes) else { throw Self.damaged("reserve") }
    var ledger = GrantLedger(reserve: reserve, delegation: delegation)
    for row in try read({ try Data.fetchAll($0, sql: "SELECT signed FROM issued ORDER BY sequence") }) {
      guard let grant = try? GrantRecord.decode([UInt8](row)) else { throw Self.damaged("list of grants") }
      ledger.grants.append(grant)
    }
    return ledger
  }
}
