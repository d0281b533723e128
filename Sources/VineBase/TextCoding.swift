/// Lower-case hexadecimal.
public enum Hex {
  private static let digits = Array("0123456789abcdef".utf8)

  public static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// - Returns: nil for an odd count or a character that is no digit.
  public static func decode(_ text: String) -> [UInt8]? {
    let values = text.utf8.map { character in
      digits.firstIndex(of: (0x41...0x46).contains(character) ? character | 0x20 : character)
    }
    guard values.count % 2 == 0, !values.contains(nil) else { return nil }
    let nibbles = values.map { UInt8($0 ?? 0) }
    return stride(from: 0, to: nibbles.count, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
  }
}

/// Base32 of RFC 4648 in lower case without padding: nothing in it is lost by a terminal, a mail or a phone.
public enum Base32 {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  public static func encode(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    var (buffer, bits): (UInt32, UInt32) = (0, 0)
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        result.append(alphabet[Int(buffer >> bits & 31)])
      }
      buffer &= (1 << bits) - 1
    }
    if bits > 0 { result.append(alphabet[Int(buffer << (5 - bits) & 31)]) }
    return String(decoding: result, as: UTF8.self)
  }

  /// Upper case is accepted too.
  /// - Returns: nil for a foreign character, an impossible length or bits that no encoder sets.
  public static func decode(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var (buffer, bits): (UInt32, UInt32) = (0, 0)
    for character in text.utf8 {
      let lower = (0x41...0x5A).contains(character) ? character | 0x20 : character
      guard let value = alphabet.firstIndex(of: lower) else { return nil }
      buffer = buffer << 5 | UInt32(value)
      bits += 5
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
      buffer &= (1 << bits) - 1
    }
    return bits < 5 && buffer == 0 ? result : nil
  }
}
