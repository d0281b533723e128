import Crypto
import FoundationEssentials
import SwiftASN1
import VineBase
import X509

/// The mesh's CA: an Ed25519 key and its self-signed certificate, kept by the founder.
///
/// The same input gives the same certificate: serial numbers are hashes of what is certified, and Ed25519 needs
/// no randomness. So an admission that is carried out twice makes no second certificate.
public struct CertificateAuthority: Sendable {
  /// 32 bytes, to be kept secret.
  public let seed: [UInt8]
  /// What stands in the genesis.
  public let certificateDER: [UInt8]
  private let certificate: Certificate

  /// Ten years: a mesh cannot change its CA, because the CA is part of its identity.
  static let lifetime: Duration = .seconds(10 * 365 * 86_400)
  /// Certificates begin this much earlier than they are made, for VRs whose clocks are slow.
  static let backdating: Duration = .seconds(600)
  public static let certificateLifetime: Duration = .seconds(90 * 86_400)

  /// A new CA with a key from the operating system's randomness.
  public static func create(meshName: String, at now: WallTime) throws(CertificateError) -> Self {
    try create(meshName: meshName, seed: Array(Curve25519.Signing.PrivateKey().rawRepresentation), at: now)
  }

  /// A new CA with this key of 32 bytes.
  public static func create(meshName: String, seed: [UInt8], at now: WallTime) throws(CertificateError) -> Self {
    let der = try issuing { () throws -> Certificate in
      let key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
      let name = try DistinguishedName { CommonName(meshName) }
      return try Certificate(
        version: .v3, serialNumber: serial(of: [Array(meshName.utf8), bytes(now)], seed),
        publicKey: .init(key.publicKey), notValidBefore: date(now - backdating), notValidAfter: date(now + lifetime),
        issuer: name, subject: name,
        extensions: try .init {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
          Critical(KeyUsage(keyCertSign: true))
          SubjectKeyIdentifier(hash: .init(key.publicKey))
        }, issuerPrivateKey: .init(key))
    }
    return try Self(seed: seed, certificateDER: der)
  }

  /// A CA from what was stored.
  public init(seed: [UInt8], certificateDER: [UInt8]) throws(CertificateError) {
    let certificate = try decode(certificateDER)
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
      Certificate.PublicKey(key.publicKey) == certificate.publicKey
    else { throw .keyMismatch }
    (self.seed, self.certificateDER, self.certificate) = (seed, certificateDER, certificate)
  }

  /// Certifies that `node` is the VR of `site`.
  /// - Parameters:
  ///   - node: its Ed25519 key becomes the certificate's key.
  ///   - lifetime: cut where the CA itself ends.
  /// - Returns: DER, about 350 bytes.
  public func issue(
    node: NodeID, site: String, mesh: MeshID, at now: WallTime,
    validFor lifetime: Duration = CertificateAuthority.certificateLifetime
  ) throws(CertificateError) -> [UInt8] {
    guard VRName.isSite(site) else { throw .badSite(site) }
    let end = wallTime(certificate.notValidAfter)
    guard now < end else { throw .authorityExpired(end) }
    return try Self.issuing { () throws -> Certificate in
      let key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
      let nodeKey = try Curve25519.Signing.PublicKey(rawRepresentation: node.bytes)
      let authority = try certificate.extensions.subjectKeyIdentifier?.keyIdentifier
      return try Certificate(
        version: .v3,
        serialNumber: Self.serial(of: [node.bytes, Array(site.utf8), mesh.bytes, Self.bytes(now)], seed),
        publicKey: .init(nodeKey), notValidBefore: Self.date(now - Self.backdating),
        notValidAfter: Self.date(min(now + lifetime, end)),
        issuer: certificate.subject, subject: try DistinguishedName { CommonName(site) },
        extensions: try .init {
          Critical(BasicConstraints.notCertificateAuthority)
          Critical(KeyUsage(digitalSignature: true))
          SubjectAlternativeNames([.uniformResourceIdentifier(VRName(mesh: mesh, site: site).text)])
          AuthorityKeyIdentifier(keyIdentifier: authority)
        }, issuerPrivateKey: .init(key))
    }
  }

  private static func issuing(_ build: () throws -> Certificate) throws(CertificateError) -> [UInt8] {
    do {
      var serializer = DER.Serializer()
      try serializer.serialize(build())
      return serializer.serializedBytes
    } catch {
      throw .cannotIssue("\(error)")
    }
  }

  /// 16 bytes that differ where anything certified differs; the first bit is clear (RFC 5280, 4.1.2.2).
  private static func serial(of facts: [[UInt8]], _ seed: [UInt8]) -> Certificate.SerialNumber {
    var hash = HMAC<SHA256>(key: SymmetricKey(data: seed))
    for fact in facts {
      hash.update(data: [UInt8(truncatingIfNeeded: fact.count)])
      hash.update(data: fact)
    }
    var bytes = Array(Array(hash.finalize()).prefix(16))
    bytes[0] = bytes[0] & 0x7F | 0x40
    return .init(bytes: bytes)
  }

  private static func bytes(_ time: WallTime) -> [UInt8] {
    var writer = ByteWriter(capacity: 8)
    writer.integer(time.secondsSince1970)
    return writer.bytes
  }

  private static func date(_ time: WallTime) -> Date { Date(timeIntervalSince1970: Double(time.secondsSince1970)) }
}

/// Reads one certificate, of at most the length that any of this project's has.
func decode(_ der: [UInt8]) throws(CertificateError) -> Certificate {
  guard der.count <= MeshTrust.certificateByteCountMax else { throw .undecodable }
  do { return try Certificate(derEncoded: der) } catch { throw .undecodable }
}

/// Certificates date in whole seconds, from year 0 to 9999: every date fits.
func wallTime(_ date: Date) -> WallTime { WallTime(secondsSince1970: Int64(date.timeIntervalSince1970.rounded(.down))) }

extension WallTime {
  static func + (time: WallTime, duration: Duration) -> WallTime {
    WallTime(secondsSince1970: time.secondsSince1970 + duration.components.seconds)
  }

  static func - (time: WallTime, duration: Duration) -> WallTime {
    WallTime(secondsSince1970: time.secondsSince1970 - duration.components.seconds)
  }
}
