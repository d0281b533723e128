import Crypto
import SwiftASN1
import VineBase

@testable import VineIdentity

extension Door {
  /// `[choice u8]` and bytes, or damages of a good one.
  static let genesis = Door(name: "Genesis") { input in
    let bytes = given(input, [HandshakeMesh.genesis.encode()])
    guard let genesis = try? Genesis(decoding: bytes) else { return nil }
    _ = try? MeshTrust(genesis: genesis)
    guard genesis.encode() == bytes else { return "one genesis has two encodings" }
    return complaint(genesis, { $0.encode() }, { try? Genesis(decoding: $0) })
  }

  static let credential = Door(name: "Credential") { bytes in
    guard let credential = try? Credential(decoding: bytes) else { return nil }
    guard credential.encode() == bytes else { return "one credential has two encodings" }
    return complaint(credential, { $0.encode() }, { try? Credential(decoding: $0) })
  }

  /// A certificate as it came, or a good one that was damaged; and, if it is one, with the authority's signature, so
  /// that what lies behind the check of the signature gets any bytes, too. `[choice u8]` and bytes, or damages.
  static let certificate = Door(name: "Certificate") { input in
    let bytes = given(input, [HandshakeMesh.certificates[0], HandshakeMesh.authority.certificateDER])
    for der in [bytes, signed(bytes)].compactMap({ $0 }) {
      let node = MeshTrust.unverifiedNode(certificateDER: der)
      _ = try? CertificateAuthority(seed: HandshakeMesh.authority.seed, certificateDER: der)
      if let genesis = try? Genesis(
        meshName: "fuzz", space: "172.16.0.0/12", founder: HandshakeMesh.keys[0].node, caCertificate: der,
        nonce: [UInt8](repeating: 4, count: 16))
      {
        _ = try? MeshTrust(genesis: genesis).verify(
          certificateDER: HandshakeMesh.certificates[0], at: HandshakeMesh.wall)
      }
      guard let vr = try? HandshakeMesh.trust.verify(certificateDER: der, at: HandshakeMesh.wall) else { continue }
      guard vr.node == node, VRName.isSite(vr.site), vr.notBefore <= HandshakeMesh.wall,
        HandshakeMesh.wall <= vr.notAfter
      else { return "a certificate is believed that says something else" }
      guard vr.renewal <= vr.notAfter else { return "a certificate is renewed after its end" }
    }
    return nil
  }

  /// What follows the first byte, or, as that chooses, one of `good` with as many damages as it says.
  private static func given(_ input: [UInt8], _ good: [[UInt8]]) -> [UInt8] {
    var script = Script(input)
    let choice = script.byte()
    guard choice != 0 else { return script.rest() }
    return (0..<(choice >> 1 & 3)).reduce(into: good[Int(choice & 1) % good.count]) { bytes, _ in
      bytes = script.damaged(bytes)
    }
  }

  /// The same contents, signed by the authority.
  private static func signed(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count <= MeshTrust.certificateByteCountMax, let node = try? DER.parse(bytes),
      case .constructed(let parts) = node.content, let contents = parts.first(where: { _ in true }),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: HandshakeMesh.authority.seed),
      let signature = try? key.signature(for: contents.encodedBytes)
    else { return nil }
    let algorithm: [UInt8] = [0x30, 5, 6, 3, 0x2B, 0x65, 0x70]
    let content = Array(contents.encodedBytes) + algorithm + [3, 65, 0] + Array(signature)
    return [0x30, 0x82, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
  }

  /// `[choice u8]` and a token as text, or what is inside one, or damages of what is inside a good one, with the
  /// checksum made right.
  static let invitationToken = Door(name: "InvitationToken") { bytes in
    var script = Script(bytes)
    let choice = script.byte()
    var text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    if choice & 1 != 0 {
      let payload = choice & 4 == 0 ? Array(bytes.dropFirst()) : given(Array(bytes.dropFirst()), [goodToken])
      let sum = Array(SHA256.hash(data: Array("vine1".utf8) + payload)).prefix(4)
      text = "vine1" + Base32.encode(payload + sum)
      if choice & 2 != 0 { text = text.uppercased() + " \n" }
    }
    guard let token = try? InvitationToken.parse(text) else { return nil }
    guard let again = try? InvitationToken.parse(token.text), again == token else {
      return "a token changes by its text"
    }
    return token.text == text || choice & 1 == 0 || choice & 2 != 0 ? nil : "one token has two texts"
  }

  private static let goodToken: [UInt8] = {
    let token = InvitationToken(
      mesh: HandshakeMesh.genesis.meshID, id: [UInt8](repeating: 1, count: 16),
      secret: [UInt8](repeating: 2, count: 32),
      site: "nwu", expires: HandshakeMesh.wall, endpoints: [Endpoint(address: IPv4Address(rawValue: 0xC612_0001))])
    return Base32.decode(String(token.text.dropFirst(5)))?.dropLast(4) ?? []
  }()
}
