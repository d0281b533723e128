import VineBase

/// Stands in front of `Handshakes` and decides, without an operation on keys and without a word kept, which handshake
/// frames go on to it.
///
/// Few first messages: all pass. Many (`loadRate`): one that came by UDP passes only with a cookie, which proves that
/// somebody is at the address it names; the others are answered with their cookie. Addresses so proven share
/// `passRate`, and none gets more than `sourceRate` of it. Answers pass if they answer something that was sent.
///
/// ```
///   initiator                                      responder, under load
///        ── step 1 ─────────────────────────────▶  keeps nothing
///      ◀───────────────── step 5: cookie ──
///        ── step 6: cookie, step 1 ─────────────▶  takes step 1 out, answers it as ever
/// ```
/// What it writes, it writes over what came: no answer is longer than its question.
public struct HandshakeGate: Sendable {
  /// Where a frame came from.
  public enum Source: Hashable, Sendable {
    /// By UDP; the address can be anybody's.
    case unproven(Endpoint)
    /// Over TCP: somebody is there.
    case proven(IPv4Address)
    /// Passed on by a VR of the mesh.
    case member
  }

  public enum Verdict: Hashable, Sendable {
    /// What is in the buffer now goes on.
    case pass
    /// The first so many bytes of the buffer go back to where the frame came from.
    case answer(byteCount: Int)
    /// More came than are looked at, in all or from there.
    case tooMany
    /// It answers nothing that was sent from here, or is no handshake frame, while many come.
    case stray
  }

  /// First messages a second from which on cookies are asked for, with a burst of the same size; they cost a twentieth
  /// of a processor.
  public static let loadRate: Int64 = 250
  /// First messages a second that pass, and answers. A Curve25519 operation costs 50 µs: a tenth of a processor.
  public static let passRate: Int64 = 1000
  /// First messages a second that pass from one address while there is load: twenty such addresses fill `passRate`.
  public static let sourceRate: UInt16 = 50
  /// Cookies are asked for so long after the last moment with too many first messages.
  public static let calm: Duration = .seconds(2)
  private static let slots = 1024

  private var cookies: Cookies
  private var load: TokenBucket
  private var passing: TokenBucket
  private var answers: TokenBucket
  private var loadedUntil: Instant
  private var sent = SentIndices()
  /// First messages in the present second, of the addresses that share a slot.
  private var sources = [UInt16](repeating: 0, count: Self.slots)
  private var second: Instant
  /// Keeps strangers from choosing whom they share a slot with.
  private let salt: UInt64

  public init(secrets: any EphemeralKeys = SystemEphemeralKeys(), at now: Instant) {
    var secrets = secrets
    salt = secrets.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    cookies = Cookies(secrets: secrets, at: now)
    load = TokenBucket(rate: Self.loadRate, at: now)
    passing = TokenBucket(rate: Self.passRate, at: now)
    answers = TokenBucket(rate: Self.passRate, at: now)
    (loadedUntil, second) = (now, now)
  }

  /// Whether cookies are asked for.
  public func isLoaded(at now: Instant) -> Bool { now < loadedUntil }

  /// This VR sends a handshake frame: what answers it may pass.
  public mutating func sends(_ frame: [UInt8]) {
    guard frame.count >= HandshakeFrame.headerByteCount else { return }
    let start: Int
    switch frame[1] {
    case 1...3: start = 0
    case CookieFrame.wrapped where frame.count == HandshakeLimits.openingByteCount: start = CookieFrame.wrapping
    default: return
    }
    sent.insert(frame[(start + 8)..<(start + 12)].reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// Looks at a frame of kind handshake, and changes it if it passes with a cookie or is answered.
  public mutating func judge(
    _ frame: UnsafeMutableRawBufferPointer, from source: Source, at now: Instant
  ) -> Verdict {
    guard CookieFrame.isFirstMessage(frame) else { return judge(other: frame, at: now) }
    if !load.take(at: now) { loadedUntil = now + Self.calm }
    let isWrapped = frame[1] == CookieFrame.wrapped
    if isLoaded(at: now) {
      switch source {
      case .unproven(let endpoint):
        let cookie = UnsafeRawBufferPointer(rebasing: frame[4..<CookieFrame.wrapping])
        guard isWrapped, cookies.accepts(cookie, from: endpoint, at: now) else {
          return answer(frame, isWrapped, endpoint, at: now)
        }
        guard takesMore(from: endpoint.address, at: now) else { return .tooMany }
      case .proven(let address): guard takesMore(from: address, at: now) else { return .tooMany }
      case .member: break
      }
    }
    guard passing.take(at: now) else { return .tooMany }
    if isWrapped { CookieFrame.unwrap(frame) }
    return .pass
  }

  private mutating func judge(other frame: UnsafeMutableRawBufferPointer, at now: Instant) -> Verdict {
    if isLoaded(at: now) {
      guard frame.count >= HandshakeFrame.headerByteCount, sent.mayAnswer(CookieFrame.word(frame, 4)) else {
        return .stray
      }
    }
    return answers.take(at: now) ? .pass : .tooMany
  }

  private mutating func answer(
    _ frame: UnsafeMutableRawBufferPointer, _ isWrapped: Bool, _ endpoint: Endpoint, at now: Instant
  ) -> Verdict {
    if isWrapped { CookieFrame.unwrap(frame) }
    CookieFrame.beginAnswer(in: frame)
    cookies.write(
      for: endpoint, into: UnsafeMutableRawBufferPointer(rebasing: frame[HandshakeFrame.headerByteCount...]), at: now)
    return .answer(byteCount: CookieFrame.byteCount)
  }

  private mutating func takesMore(from address: IPv4Address, at now: Instant) -> Bool {
    if now - second >= .seconds(1) {
      second = now
      for slot in sources.indices { sources[slot] = 0 }
    }
    let slot = Int(((UInt64(address.rawValue) ^ salt) &* 0x9E37_79B9_7F4A_7C15) >> 54)
    guard sources[slot] < Self.sourceRate else { return false }
    sources[slot] += 1
    return true
  }
}

/// The indices in the last handshake frames sent, each with how many frames may still answer it.
private struct SentIndices: Sendable {
  /// All that `Handshakes` answers and begins at a time, more than once.
  private static let countMax = 4 * HandshakeLimits.answersMax
  /// Of both sides' repetitions and refusals there are fewer.
  private static let answersMax: UInt8 = 16

  private var left: [UInt32: UInt8] = [:]
  private var order: [UInt32] = []
  private var next = 0

  mutating func insert(_ index: UInt32) {
    guard left.updateValue(Self.answersMax, forKey: index) == nil else { return }
    if order.count < Self.countMax {
      order.append(index)
    } else {
      left[order[next]] = nil
      order[next] = index
      next = (next + 1) % Self.countMax
    }
  }

  mutating func mayAnswer(_ index: UInt32) -> Bool {
    guard let count = left[index], count > 0 else { return false }
    left[index] = count - 1
    return true
  }
}
