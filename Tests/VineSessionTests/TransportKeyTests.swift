import Testing
import VineBase

@testable import VineSession

@Suite struct TransportKeyTests {
  /// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 and 14 (key and nonce zero).
  @Test(.enabled(if: CipherSuite.available.contains(.aes256gcm)))
  func `AES-256-GCM gives the published tags for counter zero`() {
    let key = [UInt8](repeating: 0, count: 32)
    #expect(
      Hex.encode(sealed(.aes256gcm, key, counter: 0, header: [], [])) == "530f8afbc74536b9a963b4f1c4cb738b")
    #expect(
      Hex.encode(sealed(.aes256gcm, key, counter: 0, header: [], [UInt8](repeating: 0, count: 16)))
        == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
  }

  /// RFC 8439 A.5, whose nonce is four zero bytes and the big-endian number 0x0102030405060708.
  @Test func `ChaCha20-Poly1305 opens and makes the message of RFC 8439`() throws {
    let key = try hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0")
    let header = try hex("f33388860000000000004e91")
    let ciphertext = try hex(rfc8439)
    let plaintext = try #require(
      opened(.chacha20poly1305, key, counter: 0x0102_0304_0506_0708, header: header, ciphertext))
    #expect(String(decoding: plaintext, as: UTF8.self).hasPrefix("Internet-Drafts are draft documents"))
    #expect(sealed(.chacha20poly1305, key, counter: 0x0102_0304_0506_0708, header: header, plaintext) == ciphertext)
  }

  @Test(arguments: CipherSuite.available)
  func `what was sealed opens, with the plaintext behind its header in one buffer`(suite: CipherSuite) {
    var random = RandomSource(seed: 4)
    let key = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let sealing = SealingKey(suite: suite, key: key)
    let opening = OpeningKey(suite: suite, key: key)
    for count in [0, 1, 15, 16, 17, 1400] {
      let text = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let counter = sealing.takeCounter() ?? 0
      let header = FrameHeader(kind: .data, index: 9, counter: counter)
      var frame = [UInt8](repeating: 0, count: 16) + text + [UInt8](repeating: 0, count: 16)
      let isOpen = frame.withUnsafeMutableBytes { bytes in
        header.write(to: bytes)
        guard let base = bytes.baseAddress else { return false }
        let body = (base + 16).assumingMemoryBound(to: UInt8.self)
        sealing.seal(header: base, headerCount: 16, counter: counter, body: body, count: count)
        return opening.open(header: base, headerCount: 16, counter: counter, body: body, count: count + 16)
      }
      #expect(isOpen)
      #expect(Array(frame[16..<(16 + count)]) == text)
    }
    #expect(sealing.nextCounter == 6)
  }

  @Test(arguments: CipherSuite.available)
  func `a flipped bit anywhere, another counter or another key does not open`(suite: CipherSuite) {
    let key = [UInt8](repeating: 3, count: 32)
    let header: [UInt8] = [2, 0, 0, 0]
    let frame = sealed(suite, key, counter: 7, header: header, [1, 2, 3, 4, 5])
    #expect(opened(suite, key, counter: 7, header: header, frame) == [1, 2, 3, 4, 5])
    for bit in 0..<(frame.count * 8) {
      var bad = frame
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(opened(suite, key, counter: 7, header: header, bad) == nil)
    }
    for bit in 0..<(header.count * 8) {
      var bad = header
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(opened(suite, key, counter: 7, header: bad, frame) == nil)
    }
    #expect(opened(suite, key, counter: 8, header: header, frame) == nil)
    #expect(opened(suite, [4] + key.dropFirst(), counter: 7, header: header, frame) == nil)
    for count in 0..<16 { #expect(opened(suite, key, counter: 7, header: header, Array(frame.prefix(count))) == nil) }
  }

  @Test func `the best suite comes first and ChaCha20 is always there`() {
    #expect(CipherSuite.available.contains(.chacha20poly1305))
    #expect(CipherSuite.available.last == .chacha20poly1305)
  }
}

func sealed(_ suite: CipherSuite, _ key: [UInt8], counter: UInt64, header: [UInt8], _ text: [UInt8]) -> [UInt8] {
  var body = text + [UInt8](repeating: 0, count: 16)
  let key = SealingKey(suite: suite, key: key)
  let headerCount = header.count
  // A header of no bytes still needs an address.
  (header + [0]).withUnsafeBytes { header in
    body.withUnsafeMutableBufferPointer { body in
      guard let header = header.baseAddress, let body = body.baseAddress else { return }
      key.seal(header: header, headerCount: headerCount, counter: counter, body: body, count: text.count)
    }
  }
  return body
}

func opened(
  _ suite: CipherSuite, _ key: [UInt8], counter: UInt64, header: [UInt8], _ frame: [UInt8]
) -> [UInt8]? {
  var body = frame + [0]
  let key = OpeningKey(suite: suite, key: key)
  let count = header.count
  let isOpen = (header + [0]).withUnsafeBytes { header in
    body.withUnsafeMutableBufferPointer { body in
      guard let header = header.baseAddress, let body = body.baseAddress else { return false }
      return key.open(header: header, headerCount: count, counter: counter, body: body, count: frame.count)
    }
  }
  return isOpen ? Array(body.prefix(frame.count - 16)) : nil
}

private let rfc8439 = """
  64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100\
  d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b350638\
  3606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa115\
  5b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10\
  49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f\
  38
  """
