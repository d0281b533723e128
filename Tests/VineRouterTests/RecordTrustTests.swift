import Testing
import VineAddress
import VineBase
import VineGossip
import VineRegistry
import VineRouter
import VineSession

private func key(_ byte: UInt8) throws -> StaticKey {
  try #require(StaticKey(seed: [UInt8](repeating: byte, count: 32)))
}

@Suite struct RecordTrustTests {
  private func fact(_ index: UInt64 = 3) -> RegistryFact {
    RegistryFact(key: .mesh, index: index, body: .mesh(space: .standardSpace))
  }

  @Test func `a voter's fact is believed, another VR's is not`() throws {
    let (voter, other) = (try key(1), try key(2))
    let trust = RecordTrust(founder: voter.node)
    #expect(trust.isAuthentic(RecordTrust.attest(fact(), by: voter), knowing: RegistryView()))
    #expect(!trust.isAuthentic(RecordTrust.attest(fact(), by: other), knowing: RegistryView()))
  }

  @Test func `a fact that travels under another key or version is not believed`() throws {
    let voter = try key(1)
    let trust = RecordTrust(founder: voter.node)
    let record = RecordTrust.attest(fact(), by: voter)
    for (id, sequence) in [(FactKey.vine(NetworkID(rawValue: 1)).bytes, UInt64(3)), (record.key.id, 4)] {
      let moved = SignedRecord(
        key: RecordKey(kind: .fact, id: id), version: RecordVersion(epoch: 1, sequence: sequence), author: voter.node,
        payload: record.payload, signature: record.signature)
      let signed = SignedRecord(
        key: moved.key, version: moved.version, author: moved.author, payload: moved.payload,
        signature: voter.sign(moved.signedBytes))
      #expect(!trust.isAuthentic(signed, knowing: RegistryView()))
    }
  }

  @Test func `a changed byte anywhere is noticed`() throws {
    let voter = try key(1)
    let trust = RecordTrust(founder: voter.node)
    let record = RecordTrust.attest(fact(), by: voter)
    for position in record.payload.indices {
      var payload = record.payload
      payload[position] ^= 1
      let changed = SignedRecord(
        key: record.key, version: record.version, author: record.author, payload: payload, signature: record.signature)
      #expect(!trust.isAuthentic(changed, knowing: RegistryView()))
    }
  }

  @Test func `a fact that this version cannot read is kept by a voter's word alone, and says nothing`() throws {
    let (voter, other) = (try key(1), try key(2))
    func newer(by author: StaticKey) -> SignedRecord {
      let bare = SignedRecord(
        key: RecordKey(kind: .fact, id: [99, 1]), version: RecordVersion(epoch: 1, sequence: 5), author: author.node,
        payload: [0xA2, 0x06, 2, 8, 1], signature: [])
      return SignedRecord(
        key: bare.key, version: bare.version, author: author.node, payload: bare.payload,
        signature: author.sign(bare.signedBytes))
    }
    let trust = RecordTrust(founder: voter.node)
    #expect(trust.isAuthentic(newer(by: voter), knowing: RegistryView()))
    #expect(!trust.isAuthentic(newer(by: other), knowing: RegistryView()))
    var directory = Directory()
    #expect(directory.absorb(newer(by: voter)) == .unreadable)
    #expect(directory.unreadable.keys == [newer(by: voter).key])
    #expect(directory.view.sites.isEmpty && directory.view.vines.isEmpty)
    // The same record once this version can read it.
    let readable = RecordTrust.attest(fact(), by: voter)
    let before = SignedRecord(
      key: readable.key, version: readable.version, author: voter.node, payload: [0xA2, 0x06, 2, 8, 1],
      signature: readable.signature)
    _ = directory.absorb(before)
    #expect(directory.unreadable.keys.count == 2)
    _ = directory.absorb(readable)
    #expect(directory.unreadable.keys.count == 1)
  }

  @Test func `nobody writes another VR's record`() throws {
    let (owner, forger) = (try key(3), try key(4))
    let forged = SignedRecord(
      key: RecordKey(kind: .vr, id: owner.node.bytes), version: RecordVersion(epoch: 9, sequence: 9),
      author: forger.node, payload: [], signature: [])
    let signed = SignedRecord(
      key: forged.key, version: forged.version, author: forged.author, payload: [],
      signature: forger.sign(forged.signedBytes))
    #expect(!RecordTrust(founder: owner.node).isAuthentic(signed, knowing: RegistryView()))
  }
}
