import Crypto
import VineBase

/// What a mesh begins with, for ever: its identity is the SHA-256 of these bytes, so whoever knows the identity
/// (an invitation holds it) can check a genesis that a stranger hands over, and with it the mesh's CA.
public struct Genesis: Hashable, Sendable {
  /// What people call the mesh; 1 to 32 bytes.
  public let meshName: String
  /// The virtual address space as text, such as `172.16.0.0/12`; at most 32 bytes. Read by whoever uses it.
  public let space: String
  public let founder: NodeID
  /// The CA's self-signed certificate, DER.
  public let caCertificate: [UInt8]
  /// 16 random bytes: two meshes of one name are two meshes.
  public let nonce: [UInt8]

  public static let nonceByteCount = 16
  /// So that a genesis stays below 600 bytes and fits one control message; certificates repeat the name.
  public static let textByteCountMax = 32
  static let certificateByteCountMax = 600
  /// The first bytes of every genesis; the last of them is the version.
  static let magic = Array("VMG1".utf8)

  /// - Throws: if a field is too long, too short, or the name is empty.
  public init(
    meshName: String, space: String, founder: NodeID, caCertificate: [UInt8], nonce: [UInt8]
  ) throws(GenesisError) {
    guard (1...Self.textByteCountMax).contains(meshName.utf8.count) else { throw .badName }
    guard space.utf8.count <= Self.textByteCountMax, nonce.count == Self.nonceByteCount,
      (1...Self.certificateByteCountMax).contains(caCertificate.count)
    else { throw .undecodable }
    (self.meshName, self.space, self.founder) = (meshName, space, founder)
    (self.caCertificate, self.nonce) = (caCertificate, nonce)
  }

  public var meshID: MeshID {
    guard let mesh = MeshID(Self.hash(of: encode())) else { preconditionFailure("SHA-256 has 32 bytes") }
    return mesh
  }

  /// SHA-256: of a genesis, and of whatever else a mesh names by its hash.
  public static func hash(of bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  /// The canonical encoding: one genesis has one.
  public func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 256 + caCertificate.count)
    writer.append(Self.magic)
    writer.append(text: meshName)
    writer.append(text: space)
    writer.append(founder.bytes)
    writer.integer(UInt16(caCertificate.count))
    writer.append(caCertificate)
    writer.append(nonce)
    return writer.bytes
  }

  /// Reads exactly what `encode` writes.
  public init(decoding bytes: [UInt8]) throws(GenesisError) {
    var reader = ByteReader(bytes)
    do {
      guard try reader.bytes(4) == Self.magic else { throw GenesisError.otherVersion }
      let name = try reader.text()
      let space = try reader.text()
      let founder = try reader.bytes(NodeID.byteCount)
      let certificate = try reader.bytes(Int(reader.integer(UInt16.self)))
      let nonce = try reader.bytes(Self.nonceByteCount)
      try reader.finish()
      guard let name, let space, let founder = NodeID(founder) else { throw GenesisError.undecodable }
      try self.init(meshName: name, space: space, founder: founder, caCertificate: certificate, nonce: nonce)
    } catch let error as GenesisError {
      throw error
    } catch {
      throw .undecodable
    }
  }
}

/// Why bytes are no genesis.
public enum GenesisError: Error, Hashable, Sendable, CustomStringConvertible {
  case badName
  case otherVersion
  case undecodable

  public var description: String {
    switch self {
    case .badName: "a mesh name has 1 to 32 bytes; choose another one"
    case .otherVersion: "the genesis is of another version; use the vine-mesh version that made the mesh"
    case .undecodable: "the genesis is damaged; restore the state folder from a backup or join again"
    }
  }
}

extension ByteWriter {
  /// One byte of length, then UTF-8; the caller has checked the length.
  mutating func append(text: String) {
    integer(UInt8(text.utf8.count))
    append(text.utf8)
  }
}

extension ByteReader {
  /// What `append(text:)` wrote; nil if it is no UTF-8.
  mutating func text() throws(ByteError) -> String? {
    let count = try integer(UInt8.self)
    return String(validating: try bytes(Int(count)), as: UTF8.self)
  }
}
