import VineBase

/// Limits of handshakes and the reason for each.
public enum HandshakeLimits {
  /// Step 1 is padded to exactly this and no frame is longer: a forged source address makes no VR send more than
  /// was sent to it. 1200 bytes pass any path, as QUIC found (RFC 9000, 14.1), and with 40 bytes of relay header
  /// still stay below 1280.
  public static let openingByteCount = 1200
  /// A certificate has about 350 bytes; more than this would not fit step 2 into 1200.
  public static let credentialByteCountMax = 1024
  /// Handshakes begun by others that have not ended or have just ended. At the limit the oldest that has ended goes,
  /// or the oldest at all: an honest initiator begins again. 1024 of them hold about 4 MiB and cost 200 ms of
  /// Curve25519 to fill; with fewer a few hundred sites that join within a second push one another out.
  public static let answersMax = 1024
  /// First retransmission of steps 1 and 3; it doubles up to `retryLongest`.
  public static let retryFirst: Duration = .milliseconds(500)
  public static let retryLongest: Duration = .seconds(4)
  /// Steps 1 and 3 are given up this long after their first sending.
  public static let giveUp: Duration = .seconds(10)
  /// Longer than an initiator goes on, so that its last retransmission still finds its state.
  public static let answerAge: Duration = .seconds(15)
}

/// The clear shape of a handshake frame; `noise` is a Noise message that only its receiver can judge.
///
/// ```
/// step 1: [1][1][0][0][mesh tag u32]        [sender's index u32][noise]
/// step 2: [1][2][0][0][receiver's index u32][sender's index u32][noise]
/// step 3: [1][3][0][0][receiver's index u32][sender's index u32][noise]
/// step 4: [1][4][0][0][receiver's index u32][sender's mesh tag u32][reason u8]     refusal, a hint in clear
/// step 5: [1][5][0][0][receiver's index u32][mesh tag u32][cookie 16 bytes]        see `CookieFrame`, also for step 6
/// ```
/// The first 12 bytes of steps 1 to 3 are bound into the Noise hash, so changing them ends the handshake.
enum HandshakeFrame: Hashable, Sendable {
  case opening(meshTag: UInt32, sender: UInt32, noise: [UInt8])
  case answer(receiver: UInt32, sender: UInt32, noise: [UInt8])
  case closing(receiver: UInt32, sender: UInt32, noise: [UInt8])
  case refusal(receiver: UInt32, meshTag: UInt32, reason: RefusalReason)
  case cookie(receiver: UInt32, meshTag: UInt32, cookie: [UInt8])

  static let headerByteCount = 12

  /// - Returns: nil for anything that is not exactly one of the five.
  init?(_ bytes: [UInt8]) {
    guard bytes.count <= HandshakeLimits.openingByteCount else { return nil }
    var reader = ByteReader(bytes)
    guard let shape = try? Self.readHeader(&reader) else { return nil }
    let rest = reader.rest()
    switch shape.step {
    case 1 where shape.second != 0 && bytes.count == HandshakeLimits.openingByteCount:
      self = .opening(meshTag: shape.first, sender: shape.second, noise: rest)
    case 2 where shape.first != 0 && shape.second != 0:
      self = .answer(receiver: shape.first, sender: shape.second, noise: rest)
    case 3 where shape.first != 0 && shape.second != 0:
      self = .closing(receiver: shape.first, sender: shape.second, noise: rest)
    case 4 where shape.first != 0:
      guard rest.count == 1, let reason = RefusalReason(rawValue: rest[0]) else { return nil }
      self = .refusal(receiver: shape.first, meshTag: shape.second, reason: reason)
    case CookieFrame.offered where shape.first != 0 && rest.count == Cookies.byteCount:
      self = .cookie(receiver: shape.first, meshTag: shape.second, cookie: rest)
    default: return nil
    }
  }

  var bytes: [UInt8] { header + body }

  /// The first 12 bytes.
  var header: [UInt8] {
    switch self {
    case .opening(let tag, let sender, _): Self.header(step: 1, tag, sender)
    case .answer(let receiver, let sender, _): Self.header(step: 2, receiver, sender)
    case .closing(let receiver, let sender, _): Self.header(step: 3, receiver, sender)
    case .refusal(let receiver, let tag, _): Self.header(step: 4, receiver, tag)
    case .cookie(let receiver, let tag, _): Self.header(step: CookieFrame.offered, receiver, tag)
    }
  }

  private var body: [UInt8] {
    switch self {
    case .opening(_, _, let noise), .answer(_, _, let noise), .closing(_, _, let noise): noise
    case .refusal(_, _, let reason): [reason.rawValue]
    case .cookie(_, _, let cookie): cookie
    }
  }

  static func header(step: UInt8, _ first: UInt32, _ second: UInt32) -> [UInt8] {
    var writer = ByteWriter(capacity: headerByteCount)
    writer.append([FrameKind.handshake.rawValue, step, 0, 0])
    writer.integer(first)
    writer.integer(second)
    return writer.bytes
  }

  private struct Header {
    let step: UInt8
    let first, second: UInt32
  }

  private static func readHeader(_ reader: inout ByteReader) throws(ByteError) -> Header? {
    let start = try reader.bytes(4)
    guard start[0] == FrameKind.handshake.rawValue, start[2] == 0, start[3] == 0 else { return nil }
    return Header(step: start[1], first: try reader.integer(), second: try reader.integer())
  }
}
