import CSodium

/// CipherState of the Noise framework (revision 34, section 5.1) with ChaCha20-Poly1305.
struct NoiseCipher: Sendable {
  /// 32 bytes; nil before the first key: then texts pass as they are.
  private(set) var key: [UInt8]?
  private(set) var nonce: UInt64 = 0

  init(key: [UInt8]? = nil) { self.key = key }

  mutating func encrypt(_ text: [UInt8], associated: [UInt8]) -> [UInt8] {
    guard let key else { return text }
    var sealed = [UInt8](repeating: 0, count: text.count + FrameSize.tag)
    crypto_aead_chacha20poly1305_ietf_encrypt(
      &sealed, nil, text, UInt64(text.count), associated, UInt64(associated.count), nil, nonceBytes, key)
    nonce += 1
    return sealed
  }

  /// - Returns: nil if the text is not authentic; nothing has changed then.
  mutating func decrypt(_ sealed: [UInt8], associated: [UInt8]) -> [UInt8]? {
    guard let key else { return sealed }
    guard sealed.count >= FrameSize.tag else { return nil }
    var text = [UInt8](repeating: 0, count: sealed.count - FrameSize.tag)
    guard
      crypto_aead_chacha20poly1305_ietf_decrypt(
        &text, nil, nil, sealed, UInt64(sealed.count), associated, UInt64(associated.count), nonceBytes, key) == 0
    else { return nil }
    nonce += 1
    return text
  }

  /// Four zero bytes and the counter, little-endian (section 12.3); transport frames of this project differ.
  private var nonceBytes: [UInt8] {
    [0, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: nonce >> (8 * $0)) }
  }
}

/// SymmetricState of the Noise framework (section 5.2) with SHA-256.
struct NoiseSymmetric: Sendable {
  private var chainingKey: [UInt8]
  /// The running hash of all that both sides have seen.
  private(set) var hash: [UInt8]
  private var cipher = NoiseCipher()

  init(protocolName: String) {
    let name = Array(protocolName.utf8)
    hash = name.count <= 32 ? name + [UInt8](repeating: 0, count: 32 - name.count) : Sodium.sha256(name)
    chainingKey = hash
  }

  /// Bytes that a key or a text grows by when it is encrypted in the present state.
  var expansion: Int { cipher.key == nil ? 0 : FrameSize.tag }

  mutating func mixHash(_ data: [UInt8]) { hash = Sodium.sha256(hash + data) }

  mutating func mixKey(_ input: [UInt8]) {
    let (first, second) = derive(input)
    chainingKey = first
    cipher = NoiseCipher(key: second)
  }

  mutating func encryptAndHash(_ text: [UInt8]) -> [UInt8] {
    let sealed = cipher.encrypt(text, associated: hash)
    mixHash(sealed)
    return sealed
  }

  mutating func decryptAndHash(_ sealed: [UInt8]) -> [UInt8]? {
    guard let text = cipher.decrypt(sealed, associated: hash) else { return nil }
    mixHash(sealed)
    return text
  }

  /// The two transport keys: initiator to responder, and back.
  func split() -> (toResponder: [UInt8], toInitiator: [UInt8]) {
    let (first, second) = derive([])
    return (first, second)
  }

  /// HKDF with two outputs (section 4.3).
  private func derive(_ input: [UInt8]) -> ([UInt8], [UInt8]) {
    let temporary = hmac(chainingKey, input)
    let first = hmac(temporary, [1])
    return (first, hmac(temporary, first + [2]))
  }

  /// HMAC-SHA-256 with a key of 32 bytes.
  private func hmac(_ key: [UInt8], _ data: [UInt8]) -> [UInt8] {
    precondition(key.count == 32, "a chaining key has 32 bytes")
    var result = [UInt8](repeating: 0, count: 32)
    crypto_auth_hmacsha256(&result, data, UInt64(data.count), key)
    return result
  }
}
