import Testing
import VineBase

@testable import VineSession

/// Suites that leave packets in clear: what they still promise, and what nobody gets by accident.
@Suite struct ClearPacketTests {
  private static let authentic = [CipherSuite.aes256gmac, .hmacSHA256].filter(\.isPossible)
  private static let clear = authentic + [.unprotected]
  private let key = (0..<32).map { UInt8($0 * 5) }

  /// A frame as it goes to the network.
  private func frame(_ suite: CipherSuite, _ kind: FrameKind, _ text: [UInt8], counter: UInt64 = 3) -> [UInt8] {
    let sealing = SealingKey(suite: suite, key: key)
    var bytes = [UInt8](repeating: 0, count: FrameSize.header) + text + [UInt8](repeating: 0, count: FrameSize.tag)
    bytes.withUnsafeMutableBytes { bytes in
      FrameHeader(kind: kind, index: 9, counter: counter).write(to: bytes)
      guard let start = bytes.baseAddress else { return }
      let body = (start + FrameSize.header).assumingMemoryBound(to: UInt8.self)
      sealing.seal(header: start, headerCount: FrameSize.header, counter: counter, body: body, count: text.count)
    }
    return bytes
  }

  private func open(_ suite: CipherSuite, _ frame: [UInt8], counter: UInt64 = 3, key: [UInt8]? = nil) -> [UInt8]? {
    let opening = OpeningKey(suite: suite, key: key ?? self.key)
    var bytes = frame
    let isOpen = bytes.withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress else { return false }
      let body = (start + FrameSize.header).assumingMemoryBound(to: UInt8.self)
      return opening.open(
        header: start, headerCount: FrameSize.header, counter: counter, body: body,
        count: bytes.count - FrameSize.header)
    }
    return isOpen ? Array(bytes[FrameSize.header...].dropLast(FrameSize.tag)) : nil
  }

  @Test(arguments: clear) func `packets can be read on the way and arrive as they were`(suite: CipherSuite) {
    for count in [0, 1, 64, 1436] {
      let text = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      let frame = frame(suite, .data, text)
      #expect(Array(frame[FrameSize.header...].dropLast(FrameSize.tag)) == text)
      #expect(open(suite, frame) == text)
    }
  }

  @Test(arguments: authentic) func `one changed bit, another counter or another key: refused`(suite: CipherSuite) {
    let sealed = frame(suite, .data, [1, 2, 3, 4, 5])
    for bit in 0..<(sealed.count * 8) {
      var changed = sealed
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(open(suite, changed) == nil)
    }
    #expect(open(suite, sealed, counter: 4) == nil)
    #expect(open(suite, sealed, key: [UInt8](repeating: 1, count: 32)) == nil)
    for count in 0..<FrameSize.tag { #expect(open(suite, Array(sealed.prefix(FrameSize.header + count))) == nil) }
  }

  @Test(arguments: clear, [FrameKind.control, .train])
  func `everything but packets is secret and authentic all the same`(suite: CipherSuite, kind: FrameKind) {
    let text = [UInt8](repeating: 7, count: 64)
    let sealed = frame(suite, kind, text)
    #expect(!sealed.contains(text.prefix(8)))
    #expect(open(suite, sealed) == text)
    var changed = sealed
    changed[20] ^= 1
    #expect(open(suite, changed) == nil)
    changed = sealed
    changed[0] = FrameKind.data.rawValue
    if suite != .unprotected { #expect(open(suite, changed) == nil, "one kind is never taken for the other") }
  }

  @Test func `a session leaves packets in clear only if both VRs are told so`() throws {
    for suite in Self.clear {
      let told = CipherSuite.offer(preferring: [suite])
      let both = try Exchange(TestVR("a", suites: told), TestVR("b", suites: told))
      #expect(both.begun.suite == suite)
      for (first, second) in [(told, CipherSuite.available), (CipherSuite.available, told)] {
        let one = try Exchange(TestVR("a", suites: first), TestVR("b", suites: second))
        #expect(one.begun.suite.isSecret)
      }
    }
  }

  @Test func `what is offered begins with what is wanted and ends with all that encrypt`() {
    #expect(CipherSuite.offer(preferring: []) == CipherSuite.available)
    #expect(CipherSuite.offer(preferring: [.chacha20poly1305]).first == .chacha20poly1305)
    let offer = CipherSuite.offer(preferring: [.hmacSHA256])
    #expect(offer.first == .hmacSHA256 && CipherSuite.available.allSatisfy(offer.contains))
    #expect(!CipherSuite.available.contains { !$0.isSecret })
  }

  @Test func `every suite has a name of its own that is read back`() {
    for suite in CipherSuite.allCases { #expect(CipherSuite(named: suite.name) == suite) }
    #expect(CipherSuite(named: "none") == nil)
  }
}
