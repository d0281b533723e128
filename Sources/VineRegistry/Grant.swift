import VineAddress
import VineBase

/// What a delegate gives from its reserve while it is cut off from the majority. Grants of one delegation are a chain:
/// each names the hash of the one before it, so a delegate that says two things at one place proves against itself.
public struct Grant: Hashable, Sendable {
  /// A site that is not admitted yet is so by the grant.
  public struct Admission: Hashable, Sendable {
    public let site: SiteName
    public let invitation: InvitationID
    public let secretHash: [UInt8]

    public init(site: SiteName, invitation: InvitationID, secretHash: [UInt8]) {
      self.site = site
      self.invitation = invitation
      self.secretHash = secretHash
    }
  }

  public let reserve: Block
  /// The decision that made the reserve: what was granted from an earlier delegation of the same block is told apart.
  public let delegation: FactVersion
  public let delegate: NodeID
  /// From 1.
  public let sequence: UInt32
  /// Hash of the grant before this, or of the delegation before the first (`GrantChain.start`).
  public let previous: [UInt8]
  /// Within the reserve.
  public let block: ScopedBlock
  public let grantee: NodeID
  /// nil: the grantee is a site already.
  public let admission: Admission?

  public static let hashByteCount = 32

  public init(
    reserve: Block, delegation: FactVersion, delegate: NodeID, sequence: UInt32, previous: [UInt8], block: ScopedBlock,
    grantee: NodeID, admission: Admission?
  ) {
    self.reserve = reserve
    self.delegation = delegation
    self.delegate = delegate
    self.sequence = sequence
    self.previous = previous
    self.block = block
    self.grantee = grantee
    self.admission = admission
  }

  /// What the delegate signs and what is hashed; different grants have different bytes.
  public var signedBytes: [UInt8] {
    var writer = ByteWriter(capacity: 256)
    writer.append("vine-mesh grant 1".utf8)
    writer.block(reserve)
    writer.integer(delegation.epoch)
    writer.integer(delegation.index)
    writer.append(delegate.bytes)
    writer.integer(sequence)
    writer.integer(UInt8(truncatingIfNeeded: previous.count))
    writer.append(previous)
    writer.integer(block.rawScope)
    writer.block(block.block)
    writer.append(grantee.bytes)
    guard let admission else { return writer.bytes }
    let name = Array(admission.site.description.utf8)
    writer.integer(UInt8(truncatingIfNeeded: name.count))
    writer.append(name)
    writer.append(admission.invitation.bytes)
    writer.append(admission.secretHash)
    return writer.bytes
  }
}

/// A grant as its delegate gave it out.
public struct SignedGrant: Hashable, Sendable {
  public let grant: Grant
  public let signature: [UInt8]

  public init(_ grant: Grant, signature: [UInt8]) {
    self.grant = grant
    self.signature = signature
  }
}

/// Hash and signatures of grants; the registry knows no cryptography. Both depend on their arguments alone, so every
/// voter comes to the same.
public struct GrantTrust: Sendable {
  /// 32 bytes, for which nobody finds a second text.
  public let hash: @Sendable ([UInt8]) -> [UInt8]
  /// Whether `signature` is the VR's over `bytes`.
  public let isValid: @Sendable (_ signature: [UInt8], _ bytes: [UInt8], _ author: NodeID) -> Bool

  public init(
    hash: @escaping @Sendable ([UInt8]) -> [UInt8], isValid: @escaping @Sendable ([UInt8], [UInt8], NodeID) -> Bool
  ) {
    self.hash = hash
    self.isValid = isValid
  }

  /// Believes no grant: for whoever decides nothing.
  public static let none = GrantTrust(hash: { _ in [] }, isValid: { _, _, _ in false })

  func isAuthentic(_ signed: SignedGrant) -> Bool {
    isValid(signed.signature, signed.grant.signedBytes, signed.grant.delegate)
  }
}
