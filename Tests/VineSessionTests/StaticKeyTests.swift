import Testing
import VineBase

@testable import VineSession

@Suite struct StaticKeyTests {
  /// RFC 8032, section 7.1, tests 1 and 2.
  @Test(arguments: [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
  ])
  func `seeds give the keys and signatures of RFC 8032`(
    vector: (seed: String, node: String, message: String, signature: String)
  ) throws {
    let key = try #require(StaticKey(seed: hex(vector.seed)))
    let message = try hex(vector.message)
    #expect(Hex.encode(key.node.bytes) == vector.node)
    #expect(Hex.encode(key.sign(message)) == vector.signature)
    #expect(Signature.isValid(key.sign(message), of: message, by: key.node))
  }

  @Test func `the session key of a VR follows from its identifier`() throws {
    for seed in UInt8(0)..<20 {
      let key = try #require(StaticKey(seed: [UInt8](repeating: seed, count: 32)))
      #expect(StaticKey.noiseKey(of: key.node) == key.noisePublic)
    }
  }

  @Test func `an identifier that is no key has no session key`() throws {
    #expect(StaticKey.noiseKey(of: try #require(NodeID([UInt8](repeating: 0, count: 32)))) == nil)
    #expect(StaticKey.noiseKey(of: try #require(NodeID([UInt8](repeating: 0xFF, count: 32)))) == nil)
  }

  @Test func `a changed message, signature or signer is not valid`() throws {
    let key = try #require(StaticKey(seed: [UInt8](repeating: 1, count: 32)))
    let other = try #require(StaticKey(seed: [UInt8](repeating: 2, count: 32)))
    let signature = key.sign([1, 2, 3])
    #expect(!Signature.isValid(signature, of: [1, 2, 4], by: key.node))
    #expect(!Signature.isValid(signature, of: [1, 2, 3], by: other.node))
    #expect(!Signature.isValid(Array(signature.dropLast()), of: [1, 2, 3], by: key.node))
    #expect(!Signature.isValid([], of: [], by: key.node))
    for bit in stride(from: 0, to: 512, by: 7) {
      var bad = signature
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(!Signature.isValid(bad, of: [1, 2, 3], by: key.node))
    }
  }

  @Test func `a seed of another length is no key and generated keys differ`() {
    #expect(StaticKey(seed: []) == nil)
    #expect(StaticKey(seed: [UInt8](repeating: 0, count: 33)) == nil)
    #expect(StaticKey.generate().node != StaticKey.generate().node)
  }
}
