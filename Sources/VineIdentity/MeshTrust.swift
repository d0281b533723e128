import Crypto
import FoundationEssentials
import SwiftASN1
import VineBase
import X509

/// Judges VRs' certificates by the CA in the mesh's genesis. It asks no clock and no network; whether a key is
/// revoked the registry knows.
public struct MeshTrust: Sendable {
  public let mesh: MeshID
  private let authority: Certificate
  private let authorityKeyID: ArraySlice<UInt8>

  /// Longer bytes are not even looked at. A VR's certificate has about 350 bytes, with the longest names 550.
  public static let certificateByteCountMax = 800

  /// - Throws: `.badAuthority` unless the genesis holds a self-signed Ed25519 CA.
  public init(genesis: Genesis) throws(CertificateError) {
    guard let certificate = try? decode(genesis.caCertificate),
      certificate.subject == certificate.issuer,
      Curve25519.Signing.PublicKey(certificate.publicKey) != nil,
      certificate.signatureAlgorithm == .ed25519,
      certificate.publicKey.isValidSignature(certificate.signature, for: certificate),
      case .isCertificateAuthority? = try? certificate.extensions.basicConstraints,
      let keyID = try? certificate.extensions.subjectKeyIdentifier?.keyIdentifier
    else { throw .badAuthority }
    (mesh, authority, authorityKeyID) = (genesis.meshID, certificate, keyID)
  }

  /// - Parameters:
  ///   - certificateDER: any bytes.
  ///   - now: the time of day.
  /// - Throws: the first thing that is wrong, of what concerns people most: issuer, signature, mesh, dates, use.
  public func verify(certificateDER: [UInt8], at now: WallTime) throws(CertificateError) -> CertifiedVR {
    let certificate = try decode(certificateDER)
    let keyID = try? certificate.extensions.authorityKeyIdentifier?.keyIdentifier
    guard certificate.issuer == authority.subject, keyID == authorityKeyID else { throw .foreignIssuer }
    guard certificate.signatureAlgorithm == .ed25519,
      authority.publicKey.isValidSignature(certificate.signature, for: certificate)
    else { throw .badSignature }
    let name = try name(in: certificate)
    guard name.meshPrefix == VRName.prefix(of: mesh) else { throw .wrongMesh }
    let (notBefore, notAfter) = (wallTime(certificate.notValidBefore), wallTime(certificate.notValidAfter))
    guard notBefore <= now else { throw .notYetValid(notBefore) }
    guard now <= notAfter else { throw .expired(notAfter) }
    let end = wallTime(authority.notValidAfter)
    guard now <= end else { throw .authorityExpired(end) }
    guard let key = Curve25519.Signing.PublicKey(certificate.publicKey), let node = NodeID(Array(key.rawRepresentation))
    else { throw .wrongKeyType }
    return CertifiedVR(node: node, site: name.site, notBefore: notBefore, notAfter: notAfter)
  }

  /// When the mesh's own certificate begins and ends.
  public var authorityValidity: (notBefore: WallTime, notAfter: WallTime) {
    (wallTime(authority.notValidBefore), wallTime(authority.notValidAfter))
  }

  /// The key in a certificate that nobody has checked: what a joiner knows of its peer before it has the genesis.
  public static func unverifiedNode(certificateDER: [UInt8]) -> NodeID? {
    guard let certificate = try? decode(certificateDER), let key = Curve25519.Signing.PublicKey(certificate.publicKey)
    else { return nil }
    return NodeID(Array(key.rawRepresentation))
  }

  /// Exactly one name, in a certificate that may sign for itself and for nobody else.
  private func name(in certificate: Certificate) throws(CertificateError) -> VRName {
    let extensions = certificate.extensions
    guard extensions.allSatisfy({ !$0.critical || Self.understood.contains($0.oid) }),
      case .notCertificateAuthority? = try? extensions.basicConstraints,
      (try? extensions.keyUsage)?.digitalSignature == true,
      let names = try? extensions.subjectAlternativeNames, names.count == 1,
      case .uniformResourceIdentifier(let text)? = names.first, let name = VRName(text)
    else { throw .notOfAVR }
    return name
  }

  private static let understood: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.subjectAlternativeName,
  ]
}

/// What a certificate of this mesh says.
public struct CertifiedVR: Hashable, Sendable {
  public let node: NodeID
  public let site: String
  public let notBefore: WallTime
  public let notAfter: WallTime

  public init(node: NodeID, site: String, notBefore: WallTime, notAfter: WallTime) {
    (self.node, self.site, self.notBefore, self.notAfter) = (node, site, notBefore, notAfter)
  }

  /// When to ask for the next certificate: after two thirds of the lifetime, up to a sixth of it earlier for some
  /// VRs than for others, so that VRs certified together do not all come back together.
  public var renewal: WallTime {
    let lifetime = max(0, notAfter.secondsSince1970 - notBefore.secondsSince1970)
    let early = Int64(node.tag.rawValue % UInt64(lifetime / 6 + 1))
    return WallTime(secondsSince1970: notAfter.secondsSince1970 - lifetime / 3 - early)
  }

  public func isExpiringSoon(at now: WallTime) -> Bool { renewal <= now }
}
