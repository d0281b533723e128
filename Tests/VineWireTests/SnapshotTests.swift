import Testing
import VineAddress
import VineBase
import VineRegistry

@testable import VineWire

@Suite struct SnapshotTests {
  /// A mesh of `count` sites in one ViNe, as commands made it.
  private func registry(of count: Int) throws -> Registry {
    var (registry, samples, index) = (Registry(), Samples(seed: 1), UInt64(0))
    let founder = samples.node()
    let now = WallTime(secondsSince1970: 1_800_000_000)
    func run(_ author: NodeID, _ command: RegistryCommand) throws {
      index += 1
      _ = try registry.apply(Proposal(id: samples.id(), author: author, at: now, command: command), at: index)
        .outcome.get()
    }
    try run(founder, .found(site: try #require(SiteName("s0")), hosts: 5, space: .standardSpace))
    try run(founder, .createVine(try #require(VineName("physics"))))
    for number in 1..<count {
      let (node, invitation, hash) = (samples.node(), samples.id(), samples.bytes(32))
      let site = try #require(SiteName("s\(number)"))
      let expires = WallTime(secondsSince1970: now.secondsSince1970 + 60)
      try run(founder, .invite(invitation, secretHash: hash, site: site, hosts: 5, expires: expires))
      try run(founder, .admit(node: node, invitation: invitation, secretHash: hash))
      try run(node, .takePart(NetworkID(rawValue: 1)))
    }
    return registry
  }

  @Test func `a registry comes back from its snapshot as it was, and a site takes less than 600 bytes`() throws {
    let registry = try registry(of: 300)
    let bytes = registry.snapshot.encode()
    let back = try RegistrySnapshot.decode(bytes)
    #expect(back == registry.snapshot && back.encode() == bytes)
    let again = try Registry(back)
    #expect(again.snapshot == registry.snapshot && again.view.digest == registry.view.digest)
    #expect(bytes.count < 300 * 600)
  }

  @Test func `a snapshot that was cut or changed is an error or another registry that holds together`() throws {
    let bytes = try registry(of: 6).snapshot.encode()
    var random = RandomSource(seed: 7)
    for length in 0..<bytes.count {
      guard let parts = try? RegistrySnapshot.decode(Array(bytes.prefix(length))), let cut = try? Registry(parts) else {
        continue
      }
      #expect(cut.fault == nil)
    }
    for _ in 0..<3000 {
      var changed = bytes
      changed[random.int(in: 0..<changed.count)] = UInt8(truncatingIfNeeded: random.next())
      guard let parts = try? RegistrySnapshot.decode(changed), let registry = try? Registry(parts) else { continue }
      #expect(registry.fault == nil)
    }
  }
}
