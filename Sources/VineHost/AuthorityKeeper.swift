import Foundation
import Synchronization
import VineControl
import VineIdentity
import VineRouter
import VineSession

/// The authority's key on this machine: under a passphrase or not, in the daemon's memory or not. `vine-mesh ca`.
///
/// Whoever has the key can let anybody into the mesh, so it need not lie about: it can be sealed with a passphrase, carried to
/// another VR, or kept offline. VRs whose daemons know it renew certificates by themselves; without any, all certificates run
/// out in the end.
final class AuthorityKeeper: Sendable {
  private let folder: StateFolder
  private let genesis: Genesis
  private let loop: ControlLoop
  private let known: Mutex<AuthorityKeyState>

  init(folder: StateFolder, genesis: Genesis, loop: ControlLoop, state: AuthorityKeyState) {
    (self.folder, self.genesis, self.loop) = (folder, genesis, loop)
    known = Mutex(state)
  }

  var state: AuthorityKeyState { known.withLock { $0 } }

  func carryOut(_ wish: AuthorityWish) throws(HostError) -> AuthorityAnswer {
    var key: String?
    switch wish {
    case .protect(let passphrase): try protect(passphrase)
    case .unlock(let passphrase): try unlock(passphrase)
    case .lock: try lock()
    case .export(let passphrase): key = try export(passphrase)
    case .importKey(let text, let passphrase): try importKey(text, passphrase)
    case .remove: try remove()
    }
    return AuthorityAnswer(authorityKey: state, key: key)
  }

  /// Puts the key under a passphrase on the disk. The daemon goes on using it.
  func protect(_ passphrase: String) throws(HostError) {
    let seed = try usableSeed(passphrase)
    try folder.write(authorityKey: Array(try seal(seed, passphrase).utf8))
    try use(seed, .unlocked)
  }

  func unlock(_ passphrase: String) throws(HostError) { try use(try usableSeed(passphrase), .unlocked) }

  /// The daemon forgets a key that is under a passphrase.
  func lock() throws(HostError) {
    switch state {
    case .elsewhere: throw Self.elsewhere
    case .plain:
      throw HostError(
        "the authority's key lies on the disk as it is", mend: "run `vine-mesh ca protect` first", .failed)
    case .locked, .unlocked:
      known.withLock { $0 = .locked }
      loop.post(.authorityChanged(nil))
    }
  }

  /// - Returns: the key under a passphrase, to be kept elsewhere.
  func export(_ passphrase: String) throws(HostError) -> String { try seal(try usableSeed(passphrase), passphrase) }

  /// Takes over a key that another VR of this mesh exported.
  func importKey(_ text: String, _ passphrase: String) throws(HostError) {
    let seed = try open(text, passphrase)
    guard (try? CertificateAuthority(seed: seed, certificateDER: genesis.caCertificate)) != nil else {
      throw HostError("this is the key of another mesh's authority", mend: "export it at a VR of this mesh", .failed)
    }
    try folder.write(authorityKey: Array(text.filter { !$0.isWhitespace }.utf8))
    try use(seed, .unlocked)
  }

  /// Takes the key off this machine.
  func remove() throws(HostError) {
    guard state != .elsewhere else { throw Self.elsewhere }
    try folder.removeAuthorityKey()
    known.withLock { $0 = .elsewhere }
    loop.post(.authorityChanged(nil))
  }

  // MARK: Parts

  private static let elsewhere = HostError(
    "the authority's key is not on this machine", mend: "see `vine-mesh status certs` for who holds it", .failed)

  /// What the file holds; the passphrase is needed if it is sealed.
  private func usableSeed(_ passphrase: String) throws(HostError) -> [UInt8] {
    guard let stored = try folder.authorityKey() else { throw Self.elsewhere }
    guard SealedAuthorityKey.isSealed(stored) else { return stored }
    return try open(String(decoding: stored, as: UTF8.self), passphrase)
  }

  private func use(_ seed: [UInt8], _ state: AuthorityKeyState) throws(HostError) {
    guard let authority = try? CertificateAuthority(seed: seed, certificateDER: genesis.caCertificate) else {
      throw HostError(
        "the key is not that of this mesh's authority", mend: "restore it with `vine-mesh ca import`", .configuration)
    }
    known.withLock { $0 = state }
    loop.post(.authorityChanged(authority))
  }

  private func seal(_ seed: [UInt8], _ passphrase: String) throws(HostError) -> String {
    do throws(SealedAuthorityKey.Failure) {
      return try SealedAuthorityKey.seal(seed: seed, passphrase: passphrase, random: Sodium.randomBytes(40))
    } catch {
      throw Self.explained(error)
    }
  }

  private func open(_ text: String, _ passphrase: String) throws(HostError) -> [UInt8] {
    do throws(SealedAuthorityKey.Failure) {
      return try SealedAuthorityKey.open(text, passphrase: passphrase)
    } catch {
      throw Self.explained(error)
    }
  }

  static func explained(_ failure: SealedAuthorityKey.Failure) -> HostError {
    switch failure {
    case .shortPassphrase: HostError("\(failure)", mend: "choose a longer one", .usage)
    case .damaged: HostError("\(failure)", mend: "copy the whole line again", .failed)
    case .wrongPassphrase: HostError("\(failure)", mend: "try again", .denied)
    case .noMemory: HostError("\(failure)", mend: "free some memory and try again", .failed)
    }
  }

  // MARK: At the start

  /// What the daemon begins with.
  /// - Parameter passphraseFile: of the configuration; for keys that are to be used without anybody there.
  static func atStart(
    _ contents: StateFolder.Contents, _ folder: StateFolder, passphraseFile: String?
  ) throws(HostError) -> (CertificateAuthority?, AuthorityKeyState) {
    guard contents.isAuthoritySealed else {
      return (contents.authority, contents.authority == nil ? .elsewhere : .plain)
    }
    guard let passphraseFile else { return (nil, .locked) }
    guard let text = try? String(contentsOfFile: passphraseFile, encoding: .utf8) else {
      throw HostError(
        "cannot read \(passphraseFile), which is to hold the passphrase of the authority's key",
        mend: "correct `authorityPassphraseFile`, or leave it out and run `vine-mesh ca unlock`", .configuration)
    }
    let sealed = String(decoding: try folder.authorityKey() ?? [], as: UTF8.self)
    let passphrase = String(text.prefix { !$0.isNewline })
    do throws(SealedAuthorityKey.Failure) {
      let seed = try SealedAuthorityKey.open(sealed, passphrase: passphrase)
      return (try? CertificateAuthority(seed: seed, certificateDER: contents.genesis.caCertificate), .unlocked)
    } catch {
      let why = explained(error)
      throw HostError(why.message, mend: "correct the file that `authorityPassphraseFile` names", .configuration)
    }
  }
}

/// What is to be done with the authority's key.
enum AuthorityWish: Hashable, Sendable {
  case protect(String), unlock(String), export(String)
  case lock, remove
  case importKey(String, passphrase: String)

  /// - Parameter name: of the command: `ca/lock`.
  init(_ name: String, _ body: AuthorityBody) {
    let passphrase = body.passphrase ?? ""
    self =
      switch name {
      case "ca/protect": .protect(passphrase)
      case "ca/unlock": .unlock(passphrase)
      case "ca/lock": .lock
      case "ca/export": .export(passphrase)
      case "ca/import": .importKey(body.key ?? "", passphrase: passphrase)
      default: .remove
      }
  }
}
