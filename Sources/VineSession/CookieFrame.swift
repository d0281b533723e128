import VineBase

/// The two handshake frames around a cookie.
///
/// ```
/// step 5: [1][5][0][0][receiver's index u32][mesh tag u32][cookie 16 bytes]
/// step 6: [1][6][0][0][cookie 16 bytes][step 1 without its last 20 bytes, which are zero]
/// ```
/// Step 5 says what stood in the step 1 that it answers. Step 6 is as long as step 1 is and passes where that passes;
/// step 1 inside it is the same to the bit, so whatever answers either of them fits both.
enum CookieFrame {
  static let offered: UInt8 = 5
  static let wrapped: UInt8 = 6
  /// Bytes in front of step 1, which it is shorter by at its end.
  static let wrapping = 4 + Cookies.byteCount
  /// Of step 5.
  static let byteCount = HandshakeFrame.headerByteCount + Cookies.byteCount

  /// Whether it looks like step 1, or step 6.
  static func isFirstMessage(_ frame: UnsafeMutableRawBufferPointer) -> Bool {
    frame.count == HandshakeLimits.openingByteCount && (frame[1] == 1 || frame[1] == wrapped)
      && frame[2] | frame[3] == 0
  }

  /// Step 6 for step 1; nil if that does not end in zeros, as all of this project do.
  static func wrap(_ opening: [UInt8], with cookie: [UInt8]) -> [UInt8]? {
    guard opening.count == HandshakeLimits.openingByteCount, cookie.count == Cookies.byteCount,
      opening.suffix(wrapping).allSatisfy({ $0 == 0 })
    else { return nil }
    return [FrameKind.handshake.rawValue, wrapped, 0, 0] + cookie + opening.dropLast(wrapping)
  }

  /// Makes step 6 the step 1 that it holds.
  static func unwrap(_ frame: UnsafeMutableRawBufferPointer) {
    let rest = frame.count - wrapping
    UnsafeMutableRawBufferPointer(rebasing: frame[..<rest])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[wrapping...]))
    for position in rest..<frame.count { frame[position] = 0 }
  }

  /// Makes the first 12 bytes of step 1 those of step 5.
  static func beginAnswer(in frame: UnsafeMutableRawBufferPointer) {
    let (tag, index) = (word(frame, 4), word(frame, 8))
    frame[0] = FrameKind.handshake.rawValue
    frame[1] = offered
    (frame[2], frame[3]) = (0, 0)
    frame.storeBytes(of: index.bigEndian, toByteOffset: 4, as: UInt32.self)
    frame.storeBytes(of: tag.bigEndian, toByteOffset: 8, as: UInt32.self)
  }

  static func word(_ frame: UnsafeMutableRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(bigEndian: frame.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
