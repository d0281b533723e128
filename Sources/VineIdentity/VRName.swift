import VineBase

/// How a VR is named in its certificate: `vine://<first 16 hexadecimal digits of the mesh>/<site>`.
struct VRName: Hashable, Sendable {
  let meshPrefix: String
  let site: String

  init(mesh: MeshID, site: String) { (meshPrefix, self.site) = (Self.prefix(of: mesh), site) }

  /// - Returns: nil for any other text.
  init?(_ text: String) {
    guard text.utf8.count <= 100, text.hasPrefix(Self.scheme) else { return nil }
    let parts = text.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, Self.isSite(String(parts[1])) else { return nil }
    (meshPrefix, site) = (String(parts[0]), String(parts[1]))
  }

  var text: String { "\(Self.scheme)\(meshPrefix)/\(site)" }

  static func prefix(of mesh: MeshID) -> String { Hex.encode(Array(mesh.bytes.prefix(8))) }

  /// 1 to 63 of a-z, 0-9 and hyphen, a letter first: the registry's rule, so that no certificate carries a name
  /// which could not be a site's.
  static func isSite(_ text: String) -> Bool {
    guard (1...63).contains(text.utf8.count), let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }

  private static let scheme = "vine://"
  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
