import CBoringAEAD
import CSodium

/// A key of one suite made ready for use, and a place for the nonce; nothing is allocated afterwards.
///
/// For AES-GCM it holds the expanded key (aligned to 16 bytes, as libsodium asks) or BoringSSL's, for ChaCha20 the key
/// itself. Wiped when it goes.
struct AEADState: ~Copyable {
  let suite: CipherSuite
  /// BoringSSL's key, where that is the one in use.
  private let wide: OpaquePointer?
  private let memory: UnsafeMutableRawPointer
  private let memoryByteCount: Int
  private let nonceOffset: Int

  init(suite: CipherSuite, key: [UInt8], implementation: AEADImplementation? = nil) {
    precondition(key.count == CipherSuite.keyByteCount, "a session key has 32 bytes")
    precondition(CipherSuite.available.contains(suite), "\(suite) was negotiated on a machine without it")
    let implementation = implementation ?? AEADImplementation.best(for: suite)
    wide =
      implementation == .boringSSL ? vine_aead_new(Self.algorithm(of: suite), key, key.count, FrameSize.tag) : nil
    self.suite = suite
    nonceOffset = suite == .aes256gcm ? crypto_aead_aes256gcm_statebytes() : CipherSuite.keyByteCount
    memoryByteCount = nonceOffset + 16
    memory = .allocate(byteCount: memoryByteCount, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: memoryByteCount)
    switch suite {
    case .aes256gcm: if wide == nil { crypto_aead_aes256gcm_beforenm(expanded, key) }
    default: memory.copyMemory(from: key, byteCount: key.count)
    }
  }

  deinit {
    if let wide { vine_aead_free(wide) }
    sodium_memzero(memory, memoryByteCount)
    memory.deallocate()
  }

  /// Encrypts `count` bytes in place and writes the tag behind them.
  func seal(
    _ header: UnsafeRawPointer, _ headerCount: Int, _ counter: UInt64, _ body: UnsafeMutablePointer<UInt8>,
    _ count: Int
  ) {
    let associated = header.assumingMemoryBound(to: UInt8.self)
    let nonce = nonce(counter)
    if let wide {
      var length = 0
      let result = vine_aead_seal(
        wide, body, &length, count + FrameSize.tag, nonce, Self.nonceByteCount, body, count, associated, headerCount)
      precondition(result == 1, "BoringSSL refuses to seal \(count) bytes")
      return
    }
    switch suite {
    case .aes256gcm:
      crypto_aead_aes256gcm_encrypt_afternm(
        body, nil, body, UInt64(count), associated, UInt64(headerCount), nil, nonce, expanded)
    default:
      crypto_aead_chacha20poly1305_ietf_encrypt(
        body, nil, body, UInt64(count), associated, UInt64(headerCount), nil, nonce, key)
    }
  }

  /// Checks the tag in the last 16 of `count` bytes and decrypts the others in place.
  func open(
    _ header: UnsafeRawPointer, _ headerCount: Int, _ counter: UInt64, _ body: UnsafeMutablePointer<UInt8>,
    _ count: Int
  ) -> Bool {
    guard count >= FrameSize.tag else { return false }
    let associated = header.assumingMemoryBound(to: UInt8.self)
    let nonce = nonce(counter)
    if let wide {
      var length = 0
      return vine_aead_open(
        wide, body, &length, count, nonce, Self.nonceByteCount, body, count, associated, headerCount) == 1
    }
    switch suite {
    case .aes256gcm:
      return crypto_aead_aes256gcm_decrypt_afternm(
        body, nil, nil, body, UInt64(count), associated, UInt64(headerCount), nonce, expanded) == 0
    default:
      return crypto_aead_chacha20poly1305_ietf_decrypt(
        body, nil, nil, body, UInt64(count), associated, UInt64(headerCount), nonce, key) == 0
    }
  }

  private static func algorithm(of suite: CipherSuite) -> OpaquePointer? {
    suite == .aes256gcm ? vine_aead_aes256gcm() : vine_aead_chacha20poly1305()
  }

  private static let nonceByteCount = 12

  /// Four zero bytes and the counter, big-endian, for both suites.
  private func nonce(_ counter: UInt64) -> UnsafePointer<UInt8> {
    memory.storeBytes(of: counter.bigEndian, toByteOffset: nonceOffset + 4, as: UInt64.self)
    return UnsafePointer((memory + nonceOffset).assumingMemoryBound(to: UInt8.self))
  }

  private var key: UnsafePointer<UInt8> { UnsafePointer(memory.assumingMemoryBound(to: UInt8.self)) }

  private var expanded: UnsafeMutablePointer<crypto_aead_aes256gcm_state> {
    memory.assumingMemoryBound(to: crypto_aead_aes256gcm_state.self)
  }
}
