import Foundation
import GRDB
import Testing
import VineBase

@testable import VineHost

@Suite struct DamagedStoreTests {
  private func memory(after sql: String, _ arguments: StatementArguments = []) throws -> Int {
    let node = try #require(NodeID([UInt8](repeating: 3, count: NodeID.byteCount)))
    do {
      let store = try Store(path: ":memory:", node: node)
      try store.write { try $0.execute(sql: sql, arguments: arguments) }
      return try store.memory().hosts.hosts.count
    } catch { throw error }
  }

  @Test func `a host whose address is a text is left out`() throws {
    let rows = "INSERT INTO host (address, network) VALUES ('here', 1), (2886729738, 'there'), (-1, 1), (2886729739, 7)"
    #expect(try memory(after: rows) == 1)
  }

  @Test(arguments: [[], [1], [UInt8](repeating: 0xFF, count: 8)] as [[UInt8]])
  func `an incarnation that cannot be raised is damage`(bytes: [UInt8]) {
    let error = #expect(throws: HostError.self) {
      try memory(after: "INSERT INTO value (name, bytes) VALUES ('incarnation', ?)", [Data(bytes)])
    }
    #expect(error?.message == "the incarnation in the database is damaged")
  }
}
