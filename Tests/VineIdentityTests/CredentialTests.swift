import Testing
import VineBase

@testable import VineIdentity

@Suite struct CredentialTests {
  @Test func `both kinds are read again`() throws {
    let all: [Credential] = [
      .certificate(try TestMesh().issue()), .certificate([]),
      .invitation(node: try .named("g"), id: [UInt8](repeating: 1, count: 16)),
    ]
    for credential in all { #expect(try Credential(decoding: credential.encode()) == credential) }
  }

  @Test func `the format is golden`() throws {
    #expect(Hex.encode(Credential.certificate([0xAA, 0xBB]).encode()) == "01aabb")
    let node = try #require(NodeID([UInt8](repeating: 3, count: 32)))
    let id = [UInt8](repeating: 1, count: 16)
    #expect(Credential.invitation(node: node, id: id).encode() == [2] + node.bytes + id)
  }

  @Test func `nothing, too much, and unknown kinds are no credential`() {
    #expect(throws: CredentialError.none) { try Credential(decoding: []) }
    for bad: [UInt8] in [[0], [2], [2] + [UInt8](repeating: 0, count: 47), [3, 0, 0]] {
      #expect(throws: CredentialError.undecodable) { try Credential(decoding: bad) }
    }
    #expect(throws: CredentialError.undecodable) {
      try Credential(decoding: [2] + [UInt8](repeating: 0, count: 49))
    }
    #expect(throws: CredentialError.undecodable) {
      try Credential(decoding: [1] + [UInt8](repeating: 0, count: Credential.byteCountMax))
    }
  }

  @Test(arguments: UInt64(0)..<20)
  func `random bytes never trap, and what is read has one encoding`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<300 {
      let bytes = [UInt8(random.below(4))] + randomBytes(random.int(in: 0..<100), &random)
      if let credential = try? Credential(decoding: bytes) { #expect(credential.encode() == bytes) }
    }
  }
}
