import VineBase

/// Versions beside the suites of a handshake. VRs of before there were versions skip their bytes: suites have lower numbers.
extension WireVersions {
  private static let oldestMark: UInt8 = 0x80
  private static let newestMark: UInt8 = 0xC0

  /// Two bytes of an offer.
  var offer: [UInt8] { [Self.oldestMark | oldest, Self.newestMark | newest] }

  /// - Returns: the first version for an offer that says nothing, nil for one that makes no sense.
  init?(offer: [UInt8]) {
    let oldest = offer.first { $0 & Self.newestMark == Self.oldestMark }
    let newest = offer.first { $0 & Self.newestMark == Self.newestMark }
    switch (oldest, newest) {
    case (nil, nil): self = .first
    case (let oldest?, let newest?): self.init(oldest: UInt32(oldest & Self.max), newest: UInt32(newest & Self.max))
    default: return nil
    }
  }

  /// The version of a session, which stands between the answer's suite and its credential, whose first byte is 1 or 2. An answer
  /// to an offer without versions has none.
  static func answer(_ version: UInt8, to offer: [UInt8]) -> [UInt8] {
    offer.contains { $0 >= newestMark } ? [newestMark | version] : []
  }

  /// Takes the version off what follows the suite in an answer; the first one if there is none.
  static func takeVersion(from answer: inout ArraySlice<UInt8>) -> UInt8 {
    guard let byte = answer.first, byte >= newestMark else { return Self.first.newest }
    answer.removeFirst()
    return byte & max
  }
}
