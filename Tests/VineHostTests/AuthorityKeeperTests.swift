import Foundation
import Testing
import VineBase
import VineControl
import VineIdentity
import VineSession

@testable import VineHost

@Suite("The authority's key on a machine")
struct AuthorityKeeperTests {
  private let folder: StateFolder
  private let keeper: AuthorityKeeper
  private let genesis: Genesis
  private let authority: CertificateAuthority

  init() throws {
    folder = StateFolder(FileManager.default.temporaryDirectory.path + "/vine-ca-\(UUID().uuidString)")
    let seed = [UInt8](repeating: 5, count: 32)
    let key = try #require(StaticKey(seed: seed))
    authority = try CertificateAuthority.create(meshName: "demo", at: Clock.wall)
    genesis = try Genesis(
      meshName: "demo", space: "172.16.0.0/12", founder: key.node, caCertificate: authority.certificateDER,
      nonce: [UInt8](repeating: 4, count: 16))
    let certificate = try authority.issue(node: key.node, site: "uf", mesh: genesis.meshID, at: Clock.wall)
    try folder.create()
    try folder.write(seed: seed, certificate: certificate, genesis: genesis, authoritySeed: authority.seed)
    keeper = AuthorityKeeper(folder: folder, genesis: genesis, loop: ControlLoop(), state: .plain)
  }

  private func remove() { try? FileManager.default.removeItem(atPath: folder.path) }

  @Test("under a passphrase it is locked after a restart, and usable again with that passphrase only")
  func protects() throws {
    defer { remove() }
    #expect(try folder.load().authority?.seed == authority.seed)
    try keeper.protect("correct horse")
    #expect(keeper.state == .unlocked)
    let contents = try folder.load()
    #expect(contents.authority == nil)
    #expect(contents.isAuthoritySealed)
    let (none, locked) = try AuthorityKeeper.atStart(contents, folder, passphraseFile: nil)
    #expect(none == nil)
    #expect(locked == .locked)
    let next = AuthorityKeeper(folder: folder, genesis: genesis, loop: ControlLoop(), state: locked)
    let refusal = try #require(throws: HostError.self) { try next.unlock("wrong horse") }
    #expect(refusal.exitCode == ExitStatus.denied.rawValue)
    #expect(next.state == .locked)
    try next.unlock("correct horse")
    #expect(next.state == .unlocked)
    try next.lock()
    #expect(next.state == .locked)
  }

  @Test("a daemon that is to start unattended finds the passphrase in a file, and says so if it is wrong")
  func unattended() throws {
    defer { remove() }
    try keeper.protect("correct horse")
    let file = folder.path + "/passphrase"
    try "correct horse\n".write(toFile: file, atomically: true, encoding: .utf8)
    let (authority, state) = try AuthorityKeeper.atStart(try folder.load(), folder, passphraseFile: file)
    #expect(authority?.seed == self.authority.seed)
    #expect(state == .unlocked)
    for text in ["wrong horse\n", ""] {
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let contents = try folder.load()
      let failure = try #require(throws: HostError.self) {
        try AuthorityKeeper.atStart(contents, folder, passphraseFile: file)
      }
      #expect(failure.exitCode == ExitStatus.configuration.rawValue)
      #expect(failure.line.contains("authorityPassphraseFile"))
    }
  }

  @Test("it is carried to another machine of the mesh, and not to one of another mesh")
  func carried() throws {
    defer { remove() }
    let text = try keeper.export("correct horse")
    #expect(keeper.state == .plain)
    try keeper.remove()
    #expect(keeper.state == .elsewhere)
    #expect(try folder.authorityKey() == nil)
    #expect(throws: HostError.self) { try keeper.unlock("correct horse") }
    let foreign = try SealedAuthorityKey.seal(
      seed: [UInt8](repeating: 9, count: 32), passphrase: "correct horse", random: Sodium.randomBytes(40))
    #expect(throws: HostError.self) { try keeper.importKey(foreign, "correct horse") }
    #expect(keeper.state == .elsewhere)
    try keeper.importKey(text + "\n", "correct horse")
    #expect(keeper.state == .unlocked)
    #expect(try folder.load().isAuthoritySealed)
  }

  @Test("a key that lies there as it is cannot be forgotten: it has to be put under a passphrase first")
  func plainStays() throws {
    defer { remove() }
    let failure = try #require(throws: HostError.self) { try keeper.lock() }
    #expect(failure.mend.contains("ca protect"))
    #expect(keeper.state == .plain)
  }
}
