import Foundation
import VineBase
import VineControl
import VineIdentity
import VineSession

/// The files of a VR's state folder (0700): its key, its certificate, the genesis, the founder's authority, and
/// the database. One daemon at a time: an advisory lock, gone with the process, however it ends.
public struct StateFolder: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  private enum File: String {
    case key = "identity.key", certificate = "certificate.der", genesis, authority = "authority.key", lock
  }

  public var database: String { path + "/mesh.sqlite" }

  public var exists: Bool { FileManager.default.fileExists(atPath: path + "/" + File.key.rawValue) }

  /// What a VR must have to start.
  public struct Contents: Sendable {
    public let key: StaticKey
    public let certificate: [UInt8]
    public let genesis: Genesis
    public let authority: CertificateAuthority?
    /// The authority's key is here, under a passphrase.
    public let isAuthoritySealed: Bool
  }

  /// Writes a new VR's files; the key last, so that a folder with a key is whole.
  /// - Throws: `HostError` 77 or 1.
  func write(seed: [UInt8], certificate: [UInt8], genesis: Genesis, authoritySeed: [UInt8]?) throws(HostError) {
    try write(certificate, to: .certificate)
    try write(genesis.encode(), to: .genesis)
    if let authoritySeed { try write(authoritySeed, to: .authority) }
    try write(seed, to: .key)
  }

  /// Makes the folder with mode 0700 if it is missing. Folders above it are as usual: a daemon of another user has to get through.
  func create() throws(HostError) {
    do {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw HostError(
        "cannot write the state folder \(path): \(String(cString: strerror(errno)))",
        mend: "run as root, or move it with --state", .permission)
    }
    guard access(path, W_OK) == 0, isWritable else {
      throw HostError(
        "the state folder \(path) cannot be written",
        mend: "give it to the user that runs vine-meshd, or move it with --state",
        .permission)
    }
  }

  /// A read-only file system lets root pass `access` on some kernels; a real file does not lie.
  private var isWritable: Bool {
    let probe = path + "/.writable"
    guard FileManager.default.createFile(atPath: probe, contents: nil) else { return false }
    return unlink(probe) == 0
  }

  func load() throws(HostError) -> Contents {
    guard exists else {
      throw HostError(
        "the state folder \(path) holds no VR", mend: "run `vine-mesh init` or `vine-mesh join` first", .configuration)
    }
    let seed = try read(.key)
    guard let key = StaticKey(seed: seed) else { throw damaged(.key) }
    guard let genesis = try? Genesis(decoding: try read(.genesis)) else { throw damaged(.genesis) }
    let certificate = try read(.certificate)
    let stored = try authorityKey()
    let isSealed = stored.map(SealedAuthorityKey.isSealed) ?? false
    var authority: CertificateAuthority?
    if let stored, !isSealed {
      authority = try? CertificateAuthority(seed: stored, certificateDER: genesis.caCertificate)
      if authority == nil { throw damaged(.authority) }
    }
    return Contents(
      key: key, certificate: certificate, genesis: genesis, authority: authority, isAuthoritySealed: isSealed)
  }

  /// The VR's next certificate.
  func write(certificate: [UInt8]) throws(HostError) { try write(certificate, to: .certificate) }

  // MARK: The authority's key

  /// The seed, or a sealed key; nil where the key is not on this machine.
  func authorityKey() throws(HostError) -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path + "/" + File.authority.rawValue) else { return nil }
    return try read(.authority)
  }

  func write(authorityKey: [UInt8]) throws(HostError) { try write(authorityKey, to: .authority) }

  /// Overwrites the key before its name goes; what the disk keeps elsewhere is out of reach.
  func removeAuthorityKey() throws(HostError) {
    guard let old = try authorityKey() else { return }
    try write([UInt8](repeating: 0, count: old.count), to: .authority)
    guard unlink(path + "/" + File.authority.rawValue) == 0 else {
      throw unwritable(path + "/" + File.authority.rawValue)
    }
  }

  /// Takes the lock for the life of the returned descriptor.
  func lock() throws(HostError) -> Int32 {
    let descriptor = open(path + "/" + File.lock.rawValue, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw HostError(
        "the state folder \(path) cannot be written: \(String(cString: strerror(errno)))",
        mend: "give it to the user that runs vine-meshd, or move it with --state", .permission)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw HostError(
        "another vine-meshd is running on the state folder \(path)", mend: "stop it first, or use another --state",
        .failed)
    }
    return descriptor
  }

  private func write(_ bytes: [UInt8], to file: File) throws(HostError) {
    let target = path + "/" + file.rawValue
    let descriptor = open(target + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw unwritable(target) }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
      rename(target + ".new", target) == 0
    else { throw unwritable(target) }
  }

  private func unwritable(_ file: String) -> HostError {
    HostError(
      "cannot write \(file): \(String(cString: strerror(errno)))", mend: "check space and permissions", .permission)
  }

  private func read(_ file: File) throws(HostError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path + "/" + file.rawValue) else {
      throw HostError(
        "cannot read \(path)/\(file.rawValue)", mend: "run as root, or restore the file from a backup", .permission)
    }
    return [UInt8](data)
  }

  private func damaged(_ file: File) -> HostError {
    HostError(
      "\(path)/\(file.rawValue) is damaged", mend: "restore it from a backup, or join again with a new invitation",
      .configuration)
  }
}
