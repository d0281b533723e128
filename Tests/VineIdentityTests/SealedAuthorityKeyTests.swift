import Testing

@testable import VineIdentity

@Suite("The authority's key under a passphrase")
struct SealedAuthorityKeyTests {
  private let seed = [UInt8](0..<32)
  private let passphrase = "correct horse"
  private var sealed: String {
    get throws {
      try SealedAuthorityKey.seal(seed: seed, passphrase: passphrase, random: [UInt8](repeating: 7, count: 40))
    }
  }

  @Test("what was sealed is opened with the same passphrase and with no other")
  func roundTrip() throws {
    let text = try sealed
    #expect(SealedAuthorityKey.isSealed(Array(text.utf8)))
    #expect(!SealedAuthorityKey.isSealed(seed))
    #expect(try SealedAuthorityKey.open(text, passphrase: passphrase) == seed)
    #expect(try SealedAuthorityKey.open(" " + text + "\n", passphrase: passphrase) == seed)
    #expect(throws: SealedAuthorityKey.Failure.wrongPassphrase) {
      try SealedAuthorityKey.open(text, passphrase: "correct horse ")
    }
  }

  @Test("the seed does not stand in the text")
  func seedIsHidden() throws {
    let text = try sealed
    #expect(!text.contains("AAECAwQF"))
  }

  @Test("a passphrase of seven bytes is refused")
  func short() {
    #expect(throws: SealedAuthorityKey.Failure.shortPassphrase) {
      try SealedAuthorityKey.seal(seed: seed, passphrase: "seven77", random: [UInt8](repeating: 7, count: 40))
    }
  }

  @Test("text that was cut, changed or made up is refused, and costs no more than an honest one")
  func damaged() throws {
    let text = try sealed
    for broken in ["", "vine-ca1:", String(text.dropLast(8)), text + "AAAA", String(text.dropFirst()), "vine-ca1:####"]
    {
      #expect(throws: SealedAuthorityKey.Failure.damaged) {
        try SealedAuthorityKey.open(broken, passphrase: passphrase)
      }
    }
    // Four billion operations, or four terabytes.
    let first = text.index(text.startIndex, offsetBy: SealedAuthorityKey.prefix.count)
    var greedy = text
    greedy.replaceSubrange(first..<text.index(first, offsetBy: 6), with: "//////")
    #expect(throws: SealedAuthorityKey.Failure.damaged) {
      try SealedAuthorityKey.open(greedy, passphrase: passphrase)
    }
    // One letter of the sealed part.
    let last = text.index(text.endIndex, offsetBy: -20)
    let other: Character = text[last] == "A" ? "B" : "A"
    var changed = text
    changed.replaceSubrange(last...last, with: String(other))
    #expect(throws: SealedAuthorityKey.Failure.wrongPassphrase) {
      try SealedAuthorityKey.open(changed, passphrase: passphrase)
    }
  }
}
