import Crypto
import Testing
import VineBase

@testable import VineIdentity

/// 1 November 2026, noon UTC.
let noon = WallTime(secondsSince1970: 1_793_534_400)
let day: Duration = .seconds(86_400)

extension NodeID {
  /// The key of a named test VR: a real Ed25519 key.
  static func named(_ name: Character) throws -> NodeID {
    let seed = [UInt8](repeating: try #require(name.asciiValue), count: 32)
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
    return try #require(NodeID(Array(key.publicKey.rawRepresentation)))
  }
}

/// A mesh with its CA; the same letter gives the same mesh.
struct TestMesh {
  let authority: CertificateAuthority
  let genesis: Genesis
  let trust: MeshTrust

  init(
    _ letter: Character = "m", name: String = "campus", space: String = "172.16.0.0/12", at now: WallTime = noon
  ) throws {
    let seed = [UInt8](repeating: try #require(letter.asciiValue), count: 32)
    authority = try CertificateAuthority.create(meshName: name, seed: seed, at: now)
    genesis = try Genesis(
      meshName: name, space: space, founder: .named("u"), caCertificate: authority.certificateDER,
      nonce: [UInt8](repeating: 9, count: 16))
    trust = try MeshTrust(genesis: genesis)
  }

  func issue(_ name: Character = "n", site: String = "nwu", at now: WallTime = noon) throws -> [UInt8] {
    try authority.issue(node: .named(name), site: site, mesh: genesis.meshID, at: now)
  }
}

/// One random change of a kind that files and packets suffer.
func mutated(_ bytes: [UInt8], _ random: inout RandomSource) -> [UInt8] {
  var result = bytes
  let position = random.int(in: 0..<result.count)
  switch random.below(5) {
  case 0: result[position] ^= 1 << UInt8(random.below(8))
  case 1: result[position] = UInt8(truncatingIfNeeded: random.next())
  case 2: result.removeSubrange(position...)
  case 3: result.removeSubrange(position..<min(result.count, position + random.int(in: 1..<9)))
  default: result.insert(contentsOf: (0..<random.int(in: 1..<9)).map { _ in UInt8(random.below(256)) }, at: position)
  }
  return result
}

func randomBytes(_ count: Int, _ random: inout RandomSource) -> [UInt8] {
  (0..<count).map { _ in UInt8(random.below(256)) }
}
