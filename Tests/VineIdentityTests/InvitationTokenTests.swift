import Testing
import VineBase

@testable import VineIdentity

@Suite struct InvitationTokenTests {
  @Test func `a token is one line and is read again`() throws {
    for count in 1...4 {
      let token = try token(endpoints: count)
      #expect(token.text.hasPrefix("vine1"))
      #expect(!token.text.contains { $0.isWhitespace || $0.isUppercase })
      #expect(try InvitationToken.parse(token.text) == token)
    }
  }

  /// The texts were made with Python (struct, base64, hashlib).
  @Test func `the format is golden`() throws {
    let token = try token(endpoints: 1)
    #expect(
      token.text
        == "vine1aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqgaydambqgaydambqgaydambqgaqcaibaeaqcaibaeaq"
        + "caibaeaqcaibaeaqcaibaeaqcaibaeaqcaaaaaadk44u4aa3oo52qdrqsaaaqrr5iafuwu")
    #expect(
      Hex.encode(token.secretHash) == "75877bb41d393b5fb8455ce60ecd8dda001d06316496b14dfa7f895656eeca4a")
  }

  @Test func `line breaks, spaces and capitals of mail programs do not matter`() throws {
    let token = try token(endpoints: 2)
    let text = token.text
    let wrapped = "  " + text.prefix(70) + "\r\n" + text.dropFirst(70).prefix(40) + "\n\t" + text.dropFirst(110) + "\n"
    #expect(try InvitationToken.parse(wrapped) == token)
    #expect(try InvitationToken.parse(text.uppercased()) == token)
  }

  @Test func `each kind of bad token has its own line with a mend`() throws {
    let text = try token(endpoints: 1).text
    #expect(throws: TokenError.notAToken) { try InvitationToken.parse("") }
    #expect(throws: TokenError.notAToken) { try InvitationToken.parse("hello") }
    #expect(throws: TokenError.notAToken) { try InvitationToken.parse("vineyard") }
    #expect(throws: TokenError.notAToken) { try InvitationToken.parse(String(repeating: "vine1", count: 300)) }
    #expect(throws: TokenError.unknownVersion("2")) { try InvitationToken.parse("vine2" + text.dropFirst(5)) }
    #expect(throws: TokenError.cutOrChanged) { try InvitationToken.parse("vine1") }
    #expect(throws: TokenError.cutOrChanged) { try InvitationToken.parse(text + "!") }
    for error in [TokenError.notAToken, .cutOrChanged, .unknownVersion("2")] {
      #expect(error.description.contains(";"))
      #expect(!error.description.contains("\n"))
    }
  }

  @Test func `a token cut anywhere or with any letter changed is found out`() throws {
    let text = Array(try token(endpoints: 2).text.utf8)
    for count in 5..<text.count {
      #expect(throws: TokenError.cutOrChanged) {
        try InvitationToken.parse(String(decoding: text.prefix(count), as: UTF8.self))
      }
    }
    for position in 5..<text.count {
      var changed = text
      changed[position] = text[position] == 0x61 ? 0x62 : 0x61
      #expect(throws: TokenError.cutOrChanged) { try InvitationToken.parse(String(decoding: changed, as: UTF8.self)) }
    }
  }

  @Test func `expiry is judged by the time of day`() throws {
    let token = try token(endpoints: 1)
    #expect(!token.isExpired(at: token.expires - .seconds(1)))
    #expect(token.isExpired(at: token.expires))
  }

  @Test func `what goes into logs does not hold the secret`() throws {
    let token = try token(endpoints: 1)
    #expect("\(token)" == "invitation of site nwu to mesh 01010101")
  }

  @Test(arguments: UInt64(0)..<30)
  func `random text never traps`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let text = Array(try token(endpoints: 3).text.utf8)
    for _ in 0..<60 {
      let changed = mutated(text, &random)
      if let token = try? InvitationToken.parse(String(decoding: changed, as: UTF8.self)) {
        #expect(try InvitationToken.parse(token.text) == token)
      }
      let bytes = randomBytes(random.int(in: 0..<200), &random)
      _ = try? InvitationToken.parse("vine1" + Base32.encode(bytes))
    }
  }

  private func token(endpoints count: Int) throws -> InvitationToken {
    let endpoints = try (0..<count).map { try #require(Endpoint("198.18.0.\($0 + 1):2247")) }
    return InvitationToken(
      mesh: try #require(MeshID([UInt8](repeating: 1, count: 32))), id: [UInt8](repeating: 3, count: 16),
      secret: [UInt8](repeating: 2, count: 32), site: "nwu", expires: noon, endpoints: endpoints)
  }
}
