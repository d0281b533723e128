import CBoringAEAD
import CSodium

/// Whose code seals and opens. All make the same bytes of the same suite, so that two VRs need not have the same.
public enum AEADImplementation: String, Sendable {
  case libsodium
  /// The BoringSSL of swift-crypto: AES-256-GCM with 256 and 512 bit vectors, ChaCha20-Poly1305 with 256.
  case boringSSL = "BoringSSL"

  /// What this process uses for `suite`.
  public static func best(for suite: CipherSuite) -> AEADImplementation {
    agreed.contains(suite) ? .boringSSL : .libsodium
  }

  /// BoringSSL is used only after it has sealed and opened what libsodium sealed, byte for byte, in this process:
  /// its functions are no promise of swift-crypto.
  private static let agreed = CipherSuite.available.filter(agrees)

  private static func agrees(on suite: CipherSuite) -> Bool {
    let key = (0..<UInt8(CipherSuite.keyByteCount)).map { $0 &* 7 &+ 1 }
    return [0, 1, 64, 255, 1436].allSatisfy { count in
      let reference = AEADState(suite: suite, key: key, implementation: .libsodium)
      let candidate = AEADState(suite: suite, key: key, implementation: .boringSSL)
      let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0) } + [UInt8](repeating: 0, count: FrameSize.tag)
      var (first, second) = (plain, plain)
      let header = [UInt8](repeating: 9, count: FrameSize.header)
      return header.withUnsafeBytes { header in
        first.withUnsafeMutableBufferPointer { first in
          second.withUnsafeMutableBufferPointer { second in
            guard let header = header.baseAddress, let one = first.baseAddress, let other = second.baseAddress else {
              return false
            }
            let counter = UInt64(count) << 20 | 5
            reference.seal(header, FrameSize.header, counter, one, count)
            candidate.seal(header, FrameSize.header, counter, other, count)
            return first.elementsEqual(second)
              && candidate.open(header, FrameSize.header, counter, one, count + FrameSize.tag)
              && first.prefix(count).elementsEqual(plain.prefix(count))
          }
        }
      }
    }
  }
}
