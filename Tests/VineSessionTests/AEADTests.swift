import Testing
import VineBase

@testable import VineSession

/// Two VRs with different implementations of one suite understand each other.
@Suite struct AEADTests {
  private static let all: [AEADImplementation] = [.libsodium, .boringSSL]

  /// One suite of one implementation.
  struct Kind: CustomTestStringConvertible {
    let suite: CipherSuite
    let implementation: AEADImplementation
    var testDescription: String { "\(suite) by \(implementation.rawValue)" }

    static let all = CipherSuite.available.flatMap { suite in
      AEADTests.all.map { Kind(suite: suite, implementation: $0) }
    }

    func seal(_ key: [UInt8], _ counter: UInt64, _ header: [UInt8], _ text: [UInt8]) -> [UInt8] {
      let state = AEADState(suite: suite, key: key, implementation: implementation)
      var bytes = text + [UInt8](repeating: 0, count: FrameSize.tag)
      header.withUnsafeBytes { header in
        bytes.withUnsafeMutableBufferPointer { body in
          guard let header = header.baseAddress, let body = body.baseAddress else { return }
          state.seal(header, 16, counter, body, text.count)
        }
      }
      return bytes
    }

    func open(_ key: [UInt8], _ counter: UInt64, _ header: [UInt8], _ sealed: [UInt8]) -> [UInt8]? {
      let state = AEADState(suite: suite, key: key, implementation: implementation)
      var bytes = sealed
      let isOpen = header.withUnsafeBytes { header in
        bytes.withUnsafeMutableBufferPointer { body in
          guard let header = header.baseAddress, let start = body.baseAddress else { return false }
          return state.open(header, 16, counter, start, body.count)
        }
      }
      return isOpen ? Array(bytes.dropLast(FrameSize.tag)) : nil
    }
  }

  @Test(arguments: CipherSuite.available, 1...4 as ClosedRange<UInt64>)
  func `what one implementation sealed every other opens, for every length`(suite: CipherSuite, seed: UInt64) {
    var random = RandomSource(seed: seed)
    let key = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let header = (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let kinds = Self.all.map { Kind(suite: suite, implementation: $0) }
    for count in Array(0..<200) + [1000, 1436, 1437, 2000] {
      let counter = random.next() >> 1
      let text = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let sealed = kinds.map { $0.seal(key, counter, header, text) }
      #expect(sealed[0] == sealed[1], "\(count) bytes")
      for kind in kinds { #expect(kind.open(key, counter, header, sealed[0]) == text) }
    }
  }

  @Test(arguments: Kind.all) func `one changed bit, another counter or another header: closed`(kind: Kind) {
    let (key, header) = ([UInt8](repeating: 3, count: 32), [UInt8](repeating: 4, count: 16))
    let sealed = kind.seal(key, 9, header, [1, 2, 3, 4, 5])
    for bit in 0..<(sealed.count * 8) {
      var changed = sealed
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(kind.open(key, 9, header, changed) == nil)
    }
    #expect(kind.open(key, 8, header, sealed) == nil)
    #expect(kind.open(key, 9, [UInt8](repeating: 5, count: 16), sealed) == nil)
    #expect(kind.open(key, 9, header, Array(sealed.prefix(15))) == nil)
    #expect(kind.open(key, 9, header, sealed) == [1, 2, 3, 4, 5])
  }

  @Test(arguments: CipherSuite.available) func `BoringSSL's is in use, for it agrees with libsodium's`(
    suite: CipherSuite
  ) {
    #expect(AEADImplementation.best(for: suite) == .boringSSL)
  }
}
