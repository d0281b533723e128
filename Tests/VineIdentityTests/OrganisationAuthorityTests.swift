import Foundation
import Testing
import VineBase

@testable import VineIdentity

/// What decision 0037 leans on: an authority that openssl made can stand in a genesis, and what it issues is believed.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: OpenSSL.path), "there is no openssl"))
struct OrganisationAuthorityTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "vine-openssl-\(UUID())")
  private let now = WallTime(secondsSince1970: Int64(Date().timeIntervalSince1970))

  /// A root, and a genesis with it in the place of the mesh's own authority.
  private func genesis() throws -> Genesis {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try OpenSSL.run(
      """
      openssl genpkey -algorithm ed25519 -out root.key
      printf '[req]\\ndistinguished_name=dn\\n[dn]\\n[ca]\\n%s\\n%s\\n' \
        basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign > root.conf
      openssl req -x509 -new -key root.key -subj '/O=Example University/CN=Root' -days 3650 \
        -config root.conf -extensions ca -outform DER -out root.der
      """, in: folder)
    return try Genesis(
      meshName: "campus", space: "172.16.0.0/12", founder: .named("u"), caCertificate: read("root.der"),
      nonce: [UInt8](repeating: 9, count: 16))
  }

  /// A VR's key, its request, and what the root makes of it.
  private func issue(_ name: String) throws -> [UInt8] {
    try OpenSSL.run(
      """
      openssl genpkey -algorithm ed25519 -out vr.key
      openssl req -new -key vr.key -subj /CN=nwu -out vr.csr
      printf '%s\\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature subjectAltName=URI:\(name) > vr.conf
      openssl x509 -req -in vr.csr -CA root.der -CAkey root.key -CAserial root.srl -CAcreateserial -days 90 \
        -extfile vr.conf -outform DER -out vr.der
      openssl pkey -in vr.key -pubout -outform DER -out vr.pub
      """, in: folder)
    return try read("vr.der")
  }

  private func read(_ file: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: file))) }

  @Test func `a VR that openssl certified under an organisation's root is believed`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let genesis = try genesis()
    let der = try issue(VRName(mesh: genesis.meshID, site: "nwu").text)
    let vr = try MeshTrust(genesis: genesis).verify(certificateDER: der, at: now)
    let key = try read("vr.pub").suffix(32)
    #expect(vr.site == "nwu" && vr.node.bytes == Array(key))
    #expect((89...91).contains((vr.notAfter.secondsSince1970 - now.secondsSince1970) / 86_400))
  }

  @Test func `the same organisation's certificate for another mesh is not`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let genesis = try genesis()
    let der = try issue("vine://0123456789abcdef/nwu")
    #expect(throws: VineIdentity.CertificateError.wrongMesh) {
      try MeshTrust(genesis: genesis).verify(certificateDER: der, at: now)
    }
  }
}

private enum OpenSSL {
  static let path = "/usr/bin/openssl"

  static func run(_ script: String, in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-ec", script]
    process.currentDirectoryURL = folder
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "openssl refused")
  }
}
