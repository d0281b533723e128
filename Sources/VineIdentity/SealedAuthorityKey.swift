import CSodium
import FoundationEssentials
import VineBase

/// The authority's key under a passphrase: as it lies on a disk, or is carried to another VR. One line of text.
///
/// Argon2id makes a key of the passphrase (RFC 9106), XChaCha20-Poly1305 seals the seed with it; what both were told to do
/// stands before them and is authenticated.
/// ```
/// vine-ca1:base64([operations u32][memory KiB u32][salt 16][nonce 24][seed 32 sealed][tag 16])
/// ```
public enum SealedAuthorityKey {
  static let prefix = "vine-ca1:"
  /// As libsodium has them for what is opened by hand now and then: a guess costs half a second and 64 MiB.
  static let operations: UInt32 = 4
  static let memoryKiB: UInt32 = 64 << 10
  /// A file from elsewhere cannot make this machine work for hours.
  static let operationsMax: UInt32 = 16
  static let memoryKiBMax: UInt32 = 1 << 20
  public static let passphraseByteCountMin = 8

  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case shortPassphrase, damaged, wrongPassphrase, noMemory

    public var description: String {
      switch self {
      case .shortPassphrase: "a passphrase has at least \(SealedAuthorityKey.passphraseByteCountMin) bytes"
      case .damaged: "this is no key of an authority, or part of it is missing"
      case .wrongPassphrase: "the passphrase is not the one that the key was sealed with"
      case .noMemory: "there is no memory to make a key of the passphrase"
      }
    }
  }

  /// Whether a file holds a sealed key; otherwise it is the seed itself.
  public static func isSealed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array(prefix.utf8)) }

  /// - Parameters:
  ///   - seed: 32 bytes.
  ///   - random: 40 bytes that are used for nothing else.
  public static func seal(
    seed: [UInt8], passphrase: String, random: [UInt8]
  ) throws(Failure) -> String {
    precondition(seed.count == 32 && random.count == 40, "a seed has 32 bytes, salt and nonce 40")
    guard passphrase.utf8.count >= passphraseByteCountMin else { throw .shortPassphrase }
    var header = ByteWriter(capacity: 48)
    header.integer(operations)
    header.integer(memoryKiB)
    header.append(random)
    var key = try key(of: passphrase, salt: Array(random.prefix(16)), operations, memoryKiB)
    defer { sodium_memzero(&key, key.count) }
    var sealed = [UInt8](repeating: 0, count: seed.count + 16)
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      &sealed, nil, seed, UInt64(seed.count), header.bytes, UInt64(header.bytes.count), nil,
      Array(random.suffix(24)), key)
    return prefix + Data(header.bytes + sealed).base64EncodedString()
  }

  /// - Returns: the seed of 32 bytes.
  public static func open(_ text: String, passphrase: String) throws(Failure) -> [UInt8] {
    let trimmed = text.filter { !$0.isWhitespace }
    guard trimmed.hasPrefix(prefix), trimmed.utf8.count < 400,
      let data = Data(base64Encoded: String(trimmed.dropFirst(prefix.count))), data.count == 96
    else { throw .damaged }
    let bytes = [UInt8](data)
    let (operations, memory) = (word(bytes[0..<4]), word(bytes[4..<8]))
    guard (1...operationsMax).contains(operations), (8...memoryKiBMax).contains(memory) else { throw .damaged }
    var key = try key(of: passphrase, salt: Array(bytes[8..<24]), operations, memory)
    defer { sodium_memzero(&key, key.count) }
    var seed = [UInt8](repeating: 0, count: 32)
    let code = crypto_aead_xchacha20poly1305_ietf_decrypt(
      &seed, nil, nil, Array(bytes[48...]), 48, bytes, 48, Array(bytes[24..<48]), key)
    guard code == 0 else { throw .wrongPassphrase }
    return seed
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

  private static func key(
    of passphrase: String, salt: [UInt8], _ operations: UInt32, _ memoryKiB: UInt32
  ) throws(Failure) -> [UInt8] {
    guard sodium_init() >= 0 else { throw .noMemory }
    var key = [UInt8](repeating: 0, count: 32)
    let characters = Array(passphrase.utf8).map { CChar(bitPattern: $0) }
    let code = crypto_pwhash(
      &key, 32, characters, UInt64(characters.count), salt, UInt64(operations), Int(memoryKiB) << 10,
      crypto_pwhash_alg_argon2id13())
    guard code == 0 else { throw .noMemory }
    return key
  }
}
