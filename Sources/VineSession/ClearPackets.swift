import CSodium

/// Data frames of the suites that leave packets in clear: the frame as it is, and a tag of 16 bytes behind it.
struct ClearPackets: ~Copyable {
  private let suite: CipherSuite
  /// The state of HMAC after its key, to be copied for each frame; wiped when it goes.
  private let keyed: UnsafeMutablePointer<crypto_auth_hmacsha256_state>?

  /// - Parameter key: of the session's direction; HMAC gets one of its own, derived from it.
  init(suite: CipherSuite, key: [UInt8]) {
    self.suite = suite
    guard suite == .hmacSHA256 else {
      keyed = nil
      return
    }
    let state = UnsafeMutablePointer<crypto_auth_hmacsha256_state>.allocate(capacity: 1)
    state.initialize(to: crypto_auth_hmacsha256_state())
    var own = [UInt8](repeating: 0, count: CipherSuite.keyByteCount)
    let purpose = Array("vine-mesh packets".utf8)
    crypto_generichash(&own, own.count, purpose, UInt64(purpose.count), key, key.count)
    crypto_auth_hmacsha256_init(state, own, own.count)
    sodium_memzero(&own, own.count)
    keyed = state
  }

  deinit {
    guard let keyed else { return }
    sodium_memzero(keyed, MemoryLayout<crypto_auth_hmacsha256_state>.size)
    keyed.deallocate()
  }

  /// - Parameters:
  ///   - frame: `count` bytes; the tag is written behind them.
  ///   - aead: the session's.
  func seal(
    _ frame: UnsafePointer<UInt8>, _ count: Int, _ counter: UInt64, _ tag: UnsafeMutablePointer<UInt8>,
    _ aead: borrowing AEADState
  ) {
    switch suite {
    case .aes256gmac: aead.seal(frame, count, counter, tag, 0)
    case .hmacSHA256: withHMAC(frame, count, counter) { code in tag.update(from: code, count: FrameSize.tag) }
    default: tag.update(repeating: 0, count: FrameSize.tag)
    }
  }

  /// - Returns: false if the frame is not authentic.
  func open(
    _ frame: UnsafePointer<UInt8>, _ count: Int, _ counter: UInt64, _ tag: UnsafeMutablePointer<UInt8>,
    _ aead: borrowing AEADState
  ) -> Bool {
    switch suite {
    case .aes256gmac: aead.open(frame, count, counter, tag, FrameSize.tag)
    case .hmacSHA256: withHMAC(frame, count, counter) { sodium_memcmp($0, tag, FrameSize.tag) == 0 }
    default: true
    }
  }

  private func withHMAC<Result>(
    _ frame: UnsafePointer<UInt8>, _ count: Int, _ counter: UInt64, _ body: (UnsafePointer<UInt8>) -> Result
  ) -> Result {
    guard var state = keyed?.pointee else { preconditionFailure("HMAC without a key") }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: crypto_auth_hmacsha256_bytes()) { code in
      guard let start = code.baseAddress else { preconditionFailure("no place for a code") }
      withUnsafeBytes(of: counter.bigEndian) { bytes in
        _ = crypto_auth_hmacsha256_update(&state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 8)
      }
      crypto_auth_hmacsha256_update(&state, frame, UInt64(count))
      crypto_auth_hmacsha256_final(&state, start)
      return body(start)
    }
  }
}
