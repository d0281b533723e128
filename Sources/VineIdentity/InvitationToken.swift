import Crypto
import VineBase

/// All that a new VR needs to join, as one line of text: which mesh, which invitation, and where to knock.
///
/// ```
/// "vine1" base32( mesh 32 | id 16 | secret 32 | expires i64 | site: length u8, text | endpoints: count u8,
///                 each address u32, port u16 | checksum 4 )
/// ```
/// The checksum is the beginning of the SHA-256 of all before it, so that a token cut or changed by a mail
/// program is told apart from a wrong one.
public struct InvitationToken: Hashable, Sendable {
  public let mesh: MeshID
  /// 16 bytes, known to the registry.
  public let id: [UInt8]
  /// 32 bytes; the registry knows only `secretHash`.
  public let secret: [UInt8]
  public let site: String
  public let expires: WallTime
  /// Where VRs of the mesh answered when the token was made; 1 to 4.
  public let endpoints: [Endpoint]

  public static let idByteCount = 16
  public static let secretByteCount = 32
  /// Four keep the token within three lines of a terminal; one that answers is enough.
  public static let endpointsMax = 4
  private static let prefix = "vine1"
  private static let checksumByteCount = 4
  /// The longest token has 314 characters; longer text is not looked at.
  private static let textByteCountMax = 1000

  /// The caller has checked the names and counts: anything else is its mistake.
  public init(mesh: MeshID, id: [UInt8], secret: [UInt8], site: String, expires: WallTime, endpoints: [Endpoint]) {
    precondition(id.count == Self.idByteCount && secret.count == Self.secretByteCount)
    precondition(VRName.isSite(site), "a site name was checked before")
    precondition((1...Self.endpointsMax).contains(endpoints.count), "a token has 1 to 4 endpoints")
    (self.mesh, self.id, self.secret) = (mesh, id, secret)
    (self.site, self.expires, self.endpoints) = (site, expires, endpoints)
  }

  /// What the registry keeps of the secret: its SHA-256.
  public var secretHash: [UInt8] { Self.hash(ofSecret: secret) }

  /// What the registry keeps of a secret: its SHA-256, 32 bytes.
  public static func hash(ofSecret secret: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: secret)) }

  /// By this VR's clock; the registry decides by the proposer's.
  public func isExpired(at now: WallTime) -> Bool { expires <= now }

  /// The token: one line, lower case.
  public var text: String {
    var writer = ByteWriter(capacity: 200)
    writer.append(mesh.bytes)
    writer.append(id)
    writer.append(secret)
    writer.integer(expires.secondsSince1970)
    writer.append(text: site)
    writer.integer(UInt8(endpoints.count))
    for endpoint in endpoints {
      writer.integer(endpoint.address.rawValue)
      writer.integer(endpoint.port)
    }
    return Self.prefix + Base32.encode(writer.bytes + Self.checksum(of: writer.bytes))
  }

  /// Reads a token as people paste it: spaces and line breaks in it do not matter, nor does upper case.
  public static func parse(_ text: String) throws(TokenError) -> InvitationToken {
    guard text.utf8.count <= textByteCountMax else { throw .notAToken }
    let token = String(decoding: text.utf8.filter { $0 > 0x20 }, as: UTF8.self).lowercased()
    guard token.hasPrefix("vine") else { throw .notAToken }
    guard token.hasPrefix(prefix) else {
      guard let version = token.dropFirst(4).first, version.isNumber else { throw .notAToken }
      throw .unknownVersion(String(version))
    }
    guard let bytes = Base32.decode(String(token.dropFirst(prefix.count))), bytes.count > checksumByteCount else {
      throw .cutOrChanged
    }
    let payload = Array(bytes.dropLast(checksumByteCount))
    guard checksum(of: payload) == Array(bytes.suffix(checksumByteCount)) else { throw .cutOrChanged }
    guard let token = try? read(payload) else { throw .cutOrChanged }
    return token
  }

  /// - Returns: nil for fields that no token has.
  private static func read(_ payload: [UInt8]) throws(ByteError) -> InvitationToken? {
    var reader = ByteReader(payload)
    let mesh = MeshID(try reader.bytes(MeshID.byteCount))
    let id = try reader.bytes(idByteCount)
    let secret = try reader.bytes(secretByteCount)
    let expires = WallTime(secondsSince1970: try reader.integer())
    let site = try reader.text()
    let count = Int(try reader.integer(UInt8.self))
    guard let mesh, let site, VRName.isSite(site), (1...endpointsMax).contains(count) else { return nil }
    var endpoints: [Endpoint] = []
    for _ in 0..<count {
      let address = IPv4Address(rawValue: try reader.integer())
      endpoints.append(Endpoint(address: address, port: try reader.integer()))
    }
    try reader.finish()
    guard endpoints.allSatisfy({ $0.port > 0 }) else { return nil }
    return InvitationToken(mesh: mesh, id: id, secret: secret, site: site, expires: expires, endpoints: endpoints)
  }

  private static func checksum(of payload: [UInt8]) -> [UInt8] {
    Array(Array(SHA256.hash(data: Array(prefix.utf8) + payload)).prefix(checksumByteCount))
  }
}

extension InvitationToken: CustomStringConvertible {
  /// Without the secret: fit for logs.
  public var description: String { "invitation of site \(site) to mesh \(mesh)" }
}

/// Why a text is no invitation.
public enum TokenError: Error, Hashable, Sendable, CustomStringConvertible {
  case notAToken
  case cutOrChanged
  case unknownVersion(String)

  /// One line for people, with the mend.
  public var description: String {
    switch self {
    case .notAToken: "this is no invitation; paste the token that `vine-mesh invite` printed, it begins with vine1"
    case .cutOrChanged: "the token was cut or changed on its way; copy the whole line again"
    case .unknownVersion(let version): "the token is of version \(version); update vine-mesh on this VR"
    }
  }
}
