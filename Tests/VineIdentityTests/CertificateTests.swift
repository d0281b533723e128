import Crypto
import FoundationEssentials
import SwiftASN1
import Testing
import VineBase
import X509

@testable import VineIdentity

private typealias Failure = VineIdentity.CertificateError

@Suite struct CertificateTests {
  // MARK: What is good

  @Test func `an issued certificate says who and where`() throws {
    let mesh = try TestMesh()
    let vr = try mesh.trust.verify(certificateDER: mesh.issue(), at: noon)
    #expect(vr.node == (try .named("n")))
    #expect(vr.site == "nwu")
    #expect(vr.notBefore == noon - .seconds(600))
    #expect(vr.notAfter == noon + CertificateAuthority.certificateLifetime)
  }

  @Test func `the same admission gives the same certificate, another one another serial number`() throws {
    let mesh = try TestMesh()
    #expect(try mesh.issue() == mesh.issue())
    let serials = try [
      mesh.issue(), mesh.issue("p"), mesh.issue(site: "pu"), mesh.issue(at: noon + .seconds(1)),
    ].map { try Certificate(derEncoded: $0).serialNumber }
    #expect(Set(serials).count == 4)
  }

  @Test func `a certificate holds from its first to its last second`() throws {
    let mesh = try TestMesh()
    let der = try mesh.issue()
    let vr = try mesh.trust.verify(certificateDER: der, at: noon)
    _ = try mesh.trust.verify(certificateDER: der, at: vr.notBefore)
    _ = try mesh.trust.verify(certificateDER: der, at: vr.notAfter)
    #expect(throws: Failure.notYetValid(vr.notBefore)) {
      try mesh.trust.verify(certificateDER: der, at: vr.notBefore - .seconds(1))
    }
    #expect(throws: Failure.expired(vr.notAfter)) {
      try mesh.trust.verify(certificateDER: der, at: vr.notAfter + .seconds(1))
    }
  }

  @Test func `an authority comes back from what was stored`() throws {
    let mesh = try TestMesh()
    let again = try CertificateAuthority(seed: mesh.authority.seed, certificateDER: mesh.authority.certificateDER)
    let node = try NodeID.named("n")
    #expect(try again.issue(node: node, site: "nwu", mesh: mesh.genesis.meshID, at: noon) == mesh.issue())
    let other = try TestMesh("x").authority
    #expect(throws: Failure.keyMismatch) {
      try CertificateAuthority(seed: other.seed, certificateDER: mesh.authority.certificateDER)
    }
    #expect(throws: Failure.undecodable) { try CertificateAuthority(seed: other.seed, certificateDER: [1, 2]) }
  }

  @Test func `no certificate outlives its authority`() throws {
    let mesh = try TestMesh()
    let end = noon + CertificateAuthority.lifetime
    let late = try mesh.trust.verify(certificateDER: mesh.issue(at: end - day), at: end)
    #expect(late.notAfter == end)
    #expect(throws: Failure.authorityExpired(end)) { try mesh.issue(at: end) }
  }

  @Test func `the longest names still fit a handshake, and a genesis fits one control message`() throws {
    let long = String(repeating: "m", count: 63)
    let mesh = try TestMesh(name: String(repeating: "m", count: 32), space: String(repeating: "1", count: 32))
    let der = try mesh.issue(site: long)
    #expect(der.count <= MeshTrust.certificateByteCountMax)
    #expect(Credential.certificate(der).encode().count <= Credential.byteCountMax)
    #expect(mesh.genesis.encode().count < 600)
    #expect(try mesh.trust.verify(certificateDER: der, at: noon).site == long)
  }

  @Test(arguments: ["", "NWU", "1a", "-a", "a b", "a/b", "é", String(repeating: "a", count: 64)])
  func `a name that is no site's is not certified`(site: String) throws {
    let mesh = try TestMesh()
    #expect(throws: Failure.badSite(site)) { try mesh.issue(site: site) }
  }

  @Test func `renewal is due in the last third, and not for all VRs at once`() throws {
    let mesh = try TestMesh()
    var renewals: Set<WallTime> = []
    for name in "abcdefgh" {
      let vr = try mesh.trust.verify(certificateDER: mesh.issue(name), at: noon)
      #expect(!vr.isExpiringSoon(at: noon + .seconds(44 * 86_400)))
      #expect(vr.isExpiringSoon(at: noon + .seconds(60 * 86_400)))
      renewals.insert(vr.renewal)
    }
    #expect(renewals.count == 8)
  }

  // MARK: What is not

  @Test func `a foreign authority is told apart, also one of the same name`() throws {
    let (mesh, namesake, foreign) = try (TestMesh(), TestMesh("x"), TestMesh("y", name: "other"))
    for other in [namesake, foreign] {
      #expect(throws: Failure.foreignIssuer) { try mesh.trust.verify(certificateDER: other.issue(), at: noon) }
    }
  }

  @Test func `a certificate for another mesh of the same authority is refused`() throws {
    let mesh = try TestMesh()
    let der = try mesh.authority.issue(node: .named("n"), site: "nwu", mesh: TestMesh("x").genesis.meshID, at: noon)
    #expect(throws: Failure.wrongMesh) { try mesh.trust.verify(certificateDER: der, at: noon) }
  }

  @Test func `the authority's own certificate is not one of a VR`() throws {
    let mesh = try TestMesh()
    #expect(throws: Failure.foreignIssuer) {
      try mesh.trust.verify(certificateDER: mesh.authority.certificateDER, at: noon)
    }
  }

  @Test func `a certificate that could sign others, has another key or no name of a VR is refused`() throws {
    let mesh = try TestMesh()
    let forge = Forge(mesh: mesh)
    let name = VRName(mesh: mesh.genesis.meshID, site: "nwu").text
    #expect(try mesh.trust.verify(certificateDER: forge.certificate(uri: [name]), at: noon).site == "nwu")
    for bad in try [
      forge.certificate(uri: [name], isAuthority: true), forge.certificate(uri: []),
      forge.certificate(uri: [name, name]), forge.certificate(uri: ["https://example.org/nwu"]),
      forge.certificate(uri: [name], canSign: false), forge.certificate(uri: [name], hasUnknownCritical: true),
    ] {
      #expect(throws: Failure.notOfAVR) { try mesh.trust.verify(certificateDER: bad, at: noon) }
    }
    let p256 = try forge.certificate(uri: [name], key: .init(P256.Signing.PrivateKey().publicKey))
    #expect(throws: Failure.wrongKeyType) { try mesh.trust.verify(certificateDER: p256, at: noon) }
  }

  @Test func `an altered certificate is never believed`() throws {
    let mesh = try TestMesh()
    let der = try mesh.issue()
    for bit in 0..<(der.count * 8) {
      var bad = der
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: Failure.self) { try mesh.trust.verify(certificateDER: bad, at: noon) }
    }
    for count in 0..<der.count {
      #expect(throws: Failure.undecodable) {
        try mesh.trust.verify(certificateDER: Array(der.prefix(count)), at: noon)
      }
    }
    #expect(throws: Failure.undecodable) { try mesh.trust.verify(certificateDER: der + [0], at: noon) }
  }

  @Test(arguments: UInt64(0)..<20)
  func `random bytes and changes never trap and are never believed`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let mesh = try TestMesh()
    let der = try mesh.issue()
    for _ in 0..<60 {
      var changed = mutated(der, &random)
      if random.below(2) == 0, !changed.isEmpty { changed = mutated(changed, &random) }
      guard changed != der else { continue }
      #expect(throws: Failure.self) { try mesh.trust.verify(certificateDER: changed, at: noon) }
      #expect(throws: Failure.self) {
        try mesh.trust.verify(certificateDER: [0x30] + randomBytes(random.int(in: 0..<90), &random), at: noon)
      }
    }
  }

  @Test func `a genesis without a proper authority is no trust`() throws {
    let mesh = try TestMesh()
    var altered = mesh.authority.certificateDER
    altered[altered.count - 1] ^= 1
    for bad in [try mesh.issue(), [1, 2, 3], altered] {
      let genesis = try Genesis(
        meshName: "m", space: "", founder: .named("u"), caCertificate: bad, nonce: [UInt8](repeating: 0, count: 16))
      #expect(throws: Failure.badAuthority) { try MeshTrust(genesis: genesis) }
    }
  }

  @Test func `errors are one line with a date that people read`() {
    #expect(Failure.expired(noon).description.contains("2026-11-01T12:00:00Z"))
    #expect(!Failure.expired(noon).description.contains("\n"))
  }
}

/// Certificates that the mesh's CA would never make, signed with its key.
private struct Forge {
  let mesh: TestMesh

  func certificate(
    uri: [String], isAuthority: Bool = false, canSign: Bool = true, hasUnknownCritical: Bool = false,
    key: Certificate.PublicKey? = nil
  ) throws -> [UInt8] {
    let signer = try Curve25519.Signing.PrivateKey(rawRepresentation: mesh.authority.seed)
    let node = try Curve25519.Signing.PublicKey(rawRepresentation: NodeID.named("n").bytes)
    let authority = try Certificate(derEncoded: mesh.authority.certificateDER)
    let keyID = try authority.extensions.subjectKeyIdentifier?.keyIdentifier
    var extensions = try Certificate.Extensions {
      Critical(isAuthority ? BasicConstraints.isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: canSign, keyCertSign: !canSign))
      AuthorityKeyIdentifier(keyIdentifier: keyID)
    }
    if !uri.isEmpty {
      let names = SubjectAlternativeNames(uri.map { .uniformResourceIdentifier($0) })
      try extensions.append(.init(names, critical: false))
    }
    if hasUnknownCritical { try extensions.append(.init(oid: [1, 2, 3, 4], critical: true, value: [5, 0])) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(7), publicKey: key ?? .init(node),
      notValidBefore: Date(timeIntervalSince1970: Double(noon.secondsSince1970 - 60)),
      notValidAfter: Date(timeIntervalSince1970: Double(noon.secondsSince1970 + 60)), issuer: authority.subject,
      subject: DistinguishedName { CommonName("nwu") }, extensions: extensions, issuerPrivateKey: .init(signer))
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}
