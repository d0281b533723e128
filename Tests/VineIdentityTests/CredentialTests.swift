import Testing
import VineBase

@testable import VineIdentity

@Suite struct CredentialTests {
  @Test func `both kinds are read again`() throws {
    let mesh = try TestMesh()
    let all: [Credential] = [
      .certificate(try mesh.issue()), .certificate(try mesh.issue(), genesis: mesh.genesis.bytes),
      .invitation(
        id: [UInt8](repeating: 1, count: 16), secret: [UInt8](repeating: 2, count: 32), node: try .named("g")),
    ]
    for credential in all { #expect(try Credential(decoding: credential.bytes) == credential) }
  }

  @Test func `the format is golden`() throws {
    #expect(Hex.encode(Credential.certificate([0xAA, 0xBB], genesis: [0xCC]).bytes) == "010002aabbcc")
    let node = try #require(NodeID([UInt8](repeating: 3, count: 32)))
    let id = [UInt8](repeating: 1, count: 16)
    let secret = [UInt8](repeating: 2, count: 32)
    let invitation = Credential.invitation(id: id, secret: secret, node: node)
    #expect(invitation.bytes == [2] + id + secret + node.bytes)
  }

  @Test func `nothing, too much, and unknown kinds are no credential`() {
    #expect(throws: CredentialError.none) { try Credential(decoding: []) }
    for bad: [UInt8] in [[0], [1], [1, 0], [1, 0, 9, 1], [2] + [UInt8](repeating: 0, count: 79), [3, 0, 0]] {
      #expect(throws: CredentialError.undecodable) { try Credential(decoding: bad) }
    }
    #expect(throws: CredentialError.undecodable) {
      try Credential(decoding: [2] + [UInt8](repeating: 0, count: 81))
    }
    #expect(throws: CredentialError.undecodable) {
      try Credential(decoding: [1] + [UInt8](repeating: 0, count: Credential.byteCountMax))
    }
  }

  @Test(arguments: UInt64(0)..<20)
  func `random bytes never trap, and what is read has one encoding`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    for _ in 0..<300 {
      let bytes = [UInt8(random.below(4)), 0] + randomBytes(random.int(in: 0..<100), &random)
      if let credential = try? Credential(decoding: bytes) { #expect(credential.bytes == bytes) }
    }
  }
}
