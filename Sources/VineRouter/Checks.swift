import VineBase
import VineGossip
import VineIdentity
import VineRegistry
import VineSession

/// The two checks of signatures that a router makes, and the reading of records. They depend on their arguments alone,
/// so a simulation of thousands of VRs may remember what each came to.
public struct Checks: Sendable {
  /// Whether `signature` is the VR's over `bytes`.
  public let signature: @Sendable (_ signature: [UInt8], _ bytes: [UInt8], _ author: NodeID) -> Bool
  /// What a certificate (DER) says, if it is one of this mesh.
  public let certificate: @Sendable (_ der: [UInt8], _ now: WallTime) -> Result<CertifiedVR, CertificateError>

  /// What a record says.
  public let content: @Sendable (SignedRecord) -> RecordContent
  /// The record itself, or an equal one that is in memory already: thousands of VRs of a simulation keep one copy.
  public let kept: @Sendable (SignedRecord) -> SignedRecord

  public init(
    signature: @escaping @Sendable ([UInt8], [UInt8], NodeID) -> Bool,
    certificate: @escaping @Sendable ([UInt8], WallTime) -> Result<CertifiedVR, CertificateError>,
    content: @escaping @Sendable (SignedRecord) -> RecordContent = { RecordContent($0) },
    kept: @escaping @Sendable (SignedRecord) -> SignedRecord = { $0 }
  ) {
    self.signature = signature
    self.certificate = certificate
    self.content = content
    self.kept = kept
  }

  /// How the registry checks grants of cut-off delegates.
  public var grants: GrantTrust { .mesh(isValid: signature) }

  /// By Ed25519, and by the authority in the mesh's genesis.
  public init(trust: MeshTrust) {
    self.init(
      signature: { Signature.isValid($0, of: $1, by: $2) },
      certificate: { der, now in
        do throws(CertificateError) {
          return .success(try trust.verify(certificateDER: der, at: now))
        } catch {
          return .failure(error)
        }
      })
  }
}

extension GrantTrust {
  /// By the hash that names a mesh, and whatever checks signatures.
  public static func mesh(isValid: @escaping @Sendable ([UInt8], [UInt8], NodeID) -> Bool) -> GrantTrust {
    GrantTrust(hash: { Genesis.hash(of: $0) }, isValid: isValid)
  }
}
