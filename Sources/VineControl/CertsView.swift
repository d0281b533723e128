/// Certificates of this VR and of the mesh's authority. `GET /v1/certs`.
public struct CertsView: View {
  public static let name = "certs"

  public var meshId: String
  public var own: CertLine
  public var authority: CertLine
  /// Whether this machine holds the key that signs certificates.
  public var authorityKeyHere: Bool

  public init(meshId: String, own: CertLine, authority: CertLine, authorityKeyHere: Bool) {
    self.meshId = meshId
    self.own = own
    self.authority = authority
    self.authorityKeyHere = authorityKeyHere
  }
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
