/// Certificates of this VR and of the mesh's authority. `GET /v1/certs`.
public struct CertsView: View {
  public static let name = "certs"

  public var meshId: String
  public var own: CertLine
  public var authority: CertLine
  /// Where the key that signs certificates is on this machine, if it is.
  public var authorityKey: AuthorityKeyState
  public var authorityKeyHere: Bool
  /// From when on this VR asks for its next certificate.
  public var renewsUnixSeconds: Int64
  /// Sites whose VRs hold the key, by their own records.
  public var signers: [String]
  /// Why the last attempt to renew came to nothing.
  public var problem: String?

  public init(
    meshId: String, own: CertLine, authority: CertLine, authorityKey: AuthorityKeyState, renewsUnixSeconds: Int64,
    signers: [String], problem: String? = nil
  ) {
    self.meshId = meshId
    self.own = own
    self.authority = authority
    self.authorityKey = authorityKey
    authorityKeyHere = authorityKey != .elsewhere
    self.renewsUnixSeconds = renewsUnixSeconds
    self.signers = signers
    self.problem = problem
  }
}

/// Where the authority's key is, seen from one machine.
public enum AuthorityKeyState: String, Codable, Sendable {
  /// Not on this machine.
  case elsewhere
  /// On this machine as it is, readable by root.
  case plain
  /// On this machine under a passphrase, and the daemon cannot use it.
  case locked
  /// On this machine under a passphrase, which the daemon was told.
  case unlocked
}

/// One certificate.
public struct CertLine: Codable, Hashable, Sendable {
  public var subject: String
  public var notBeforeUnixSeconds: Int64
  public var expiresUnixSeconds: Int64
  /// Negative once expired.
  public var daysLeft: Double

  public init(subject: String, notBeforeUnixSeconds: Int64, expiresUnixSeconds: Int64, daysLeft: Double) {
    self.subject = subject
    self.notBeforeUnixSeconds = notBeforeUnixSeconds
    self.expiresUnixSeconds = expiresUnixSeconds
    self.daysLeft = daysLeft
  }
}
