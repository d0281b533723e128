import FoundationEssentials
import VineBase

/// Why a certificate proves nothing about a VR: the scope is the peer that showed it.
public enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
  case undecodable
  /// Signed by another CA than this mesh's.
  case foreignIssuer
  case badSignature
  case expired(WallTime)
  case notYetValid(WallTime)
  /// The mesh's CA itself is past its end.
  case authorityExpired(WallTime)
  /// It names another mesh.
  case wrongMesh
  /// A key that is not Ed25519.
  case wrongKeyType
  /// Of this mesh, but not one of a VR: a CA, without a site, or not for signing.
  case notOfAVR
  /// The CA's certificate in the genesis is none.
  case badAuthority
  /// The stored CA key does not belong to the CA certificate.
  case keyMismatch
  /// A name that no certificate may carry.
  case badSite(String)
  /// The certificate library refused to build it.
  case cannotIssue(String)

  /// One line for people, with the mend.
  public var description: String {
    switch self {
    case .undecodable: "the certificate cannot be read; let the VR join again with a new invitation"
    case .foreignIssuer: "the certificate is signed by another mesh's CA; join with a token of this mesh"
    case .badSignature: "the certificate's signature is wrong; let the VR join again with a new invitation"
    case .expired(let end):
      "the certificate expired on \(Self.date(end)); check the clock, then renew it or join again with a new invitation"
    case .notYetValid(let start): "the certificate is valid from \(Self.date(start)) only; set the clocks of both VRs"
    case .authorityExpired(let end): "the mesh's CA expired on \(Self.date(end)); check the clock, or found a new mesh"
    case .wrongMesh: "the certificate is for another mesh; join with a token of this mesh"
    case .wrongKeyType: "the certificate's key is not Ed25519; let the VR join again with a new invitation"
    case .notOfAVR: "the certificate is not one of a VR; let the VR join with an invitation"
    case .badAuthority: "the genesis holds no valid CA certificate; restore the state folder or join again"
    case .keyMismatch: "the stored CA key and certificate do not belong together; restore the state folder"
    case .badSite(let site): "'\(site)' is no site name; use 1 to 63 letters, digits and hyphens, a letter first"
    case .cannotIssue(let why): "the certificate could not be made: \(why)"
    }
  }

  private static func date(_ time: WallTime) -> String {
    Date(timeIntervalSince1970: Double(time.secondsSince1970)).formatted(.iso8601)
  }
}
