import Testing
import VineBase

@testable import VineIdentity

@Suite struct GenesisTests {
  @Test func `the encoding and the identity are golden`() throws {
    let genesis = try Genesis(
      meshName: "uf", space: "172.16.0.0/12", founder: #require(NodeID(0..<32)), caCertificate: [0xCA, 0xFE],
      nonce: [UInt8](16..<32))
    #expect(
      Hex.encode(genesis.encode())
        == "564d47310275660d3137322e31362e302e302f3132000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        + "0002cafe101112131415161718191a1b1c1d1e1f")
    // Made with Python's hashlib.
    #expect(
      Hex.encode(genesis.meshID.bytes) == "54ab3d7fdb1b825a3a2137af7fd6fadc537558c935d9832451fdfd626542e62a")
  }

  @Test func `what was encoded is decoded`() throws {
    let genesis = try TestMesh().genesis
    #expect(try Genesis(decoding: genesis.encode()) == genesis)
    #expect(try Genesis(decoding: genesis.encode()).meshID == genesis.meshID)
  }

  @Test func `meshes of one name are two meshes`() throws {
    #expect(try TestMesh("a").genesis.meshID != TestMesh("b").genesis.meshID)
  }

  @Test func `names and parts of impossible length are refused`() throws {
    let node = try NodeID.named("u")
    let nonce = [UInt8](repeating: 0, count: 16)
    #expect(throws: GenesisError.badName) {
      try Genesis(meshName: "", space: "", founder: node, caCertificate: [1], nonce: nonce)
    }
    #expect(throws: GenesisError.badName) {
      try Genesis(
        meshName: String(repeating: "m", count: 33), space: "", founder: node, caCertificate: [1], nonce: nonce)
    }
    #expect(throws: GenesisError.undecodable) {
      try Genesis(meshName: "m", space: "", founder: node, caCertificate: [], nonce: nonce)
    }
    #expect(throws: GenesisError.undecodable) {
      try Genesis(meshName: "m", space: "", founder: node, caCertificate: [1], nonce: [1])
    }
  }

  @Test func `another version is told apart from damage`() throws {
    let bytes = try TestMesh().genesis.encode()
    #expect(throws: GenesisError.otherVersion) { try Genesis(decoding: Array("VMG2".utf8) + bytes.dropFirst(4)) }
    #expect(throws: GenesisError.undecodable) { try Genesis(decoding: Array(bytes.dropLast())) }
    #expect(throws: GenesisError.undecodable) { try Genesis(decoding: bytes + [0]) }
    #expect(throws: GenesisError.undecodable) { try Genesis(decoding: []) }
  }

  @Test(arguments: UInt64(0)..<20)
  func `changed bytes never trap, and what is read has one encoding`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let original = try TestMesh().genesis
    let bytes = original.encode()
    for _ in 0..<100 {
      let changed = mutated(bytes, &random)
      if let genesis = try? Genesis(decoding: changed) {
        #expect(genesis.encode() == changed)
        #expect((genesis.meshID == original.meshID) == (changed == bytes))
        _ = try? MeshTrust(genesis: genesis)
      }
      _ = try? Genesis(decoding: Genesis.magic + randomBytes(random.int(in: 0..<200), &random))
    }
  }
}
