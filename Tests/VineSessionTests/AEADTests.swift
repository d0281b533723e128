import Testing
import VineBase

@testable import VineSession

/// Two VRs with different implementations of one suite understand each other.
@Suite(.enabled(if: CipherSuite.available.contains(.aes256gcm), "the processor has no AES instructions"))
struct AEADTests {
  private static let all: [AEADImplementation] = [.libsodium, .boringSSL]

  private func seal(
    _ implementation: AEADImplementation, _ key: [UInt8], _ counter: UInt64, _ header: [UInt8], _ text: [UInt8]
  ) -> [UInt8] {
    let state = AEADState(suite: .aes256gcm, key: key, implementation: implementation)
    var bytes = text + [UInt8](repeating: 0, count: FrameSize.tag)
    header.withUnsafeBytes { header in
      bytes.withUnsafeMutableBufferPointer { body in
        guard let header = header.baseAddress, let body = body.baseAddress else { return }
        state.seal(header, 16, counter, body, text.count)
      }
    }
    return bytes
  }

  private func open(
    _ implementation: AEADImplementation, _ key: [UInt8], _ counter: UInt64, _ header: [UInt8], _ sealed: [UInt8]
  ) -> [UInt8]? {
    let state = AEADState(suite: .aes256gcm, key: key, implementation: implementation)
    var bytes = sealed
    let isOpen = header.withUnsafeBytes { header in
      bytes.withUnsafeMutableBufferPointer { body in
        guard let header = header.baseAddress, let start = body.baseAddress else { return false }
        return state.open(header, 16, counter, start, body.count)
      }
    }
    return isOpen ? Array(bytes.dropLast(FrameSize.tag)) : nil
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `what one implementation sealed every other opens, for every length`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let key = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let header = (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for count in Array(0..<200) + [1000, 1436, 1437, 2000] {
      let counter = random.next() >> 1
      let text = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let sealed = Self.all.map { seal($0, key, counter, header, text) }
      #expect(sealed[0] == sealed[1], "\(count) bytes")
      for implementation in Self.all { #expect(open(implementation, key, counter, header, sealed[0]) == text) }
    }
  }

  @Test(arguments: all) func `one changed bit, another counter or another header: closed`(which: AEADImplementation) {
    let (key, header) = ([UInt8](repeating: 3, count: 32), [UInt8](repeating: 4, count: 16))
    let sealed = seal(which, key, 9, header, [1, 2, 3, 4, 5])
    for bit in 0..<(sealed.count * 8) {
      var changed = sealed
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(open(which, key, 9, header, changed) == nil)
    }
    #expect(open(which, key, 8, header, sealed) == nil)
    #expect(open(which, key, 9, [UInt8](repeating: 5, count: 16), sealed) == nil)
    #expect(open(which, key, 9, header, Array(sealed.prefix(15))) == nil)
    #expect(open(which, key, 9, header, sealed) == [1, 2, 3, 4, 5])
  }

  @Test func `BoringSSL's is in use where the processor has AES instructions`() {
    #expect(AEADImplementation.best(for: .aes256gcm) == .boringSSL)
    #expect(AEADImplementation.best(for: .chacha20poly1305) == .libsodium)
  }
}
