/// The handshake Noise_XX_25519_ChaChaPoly_SHA256 as a value (Noise framework, revision 34, sections 5.3, 7.5).
///
/// ```
///   -> e
///   <- e, ee, s, es
///   -> s, se
/// ```
/// Both sides prove their static keys, neither needs to know the other's before; a passive listener learns
/// neither. Reading leaves the value as it was if the message is not authentic, so the right message can come
/// after any number of wrong ones.
struct NoiseXX: Sendable {
  static let protocolName = "Noise_XX_25519_ChaChaPoly_SHA256"

  let isInitiator: Bool
  private let staticSecret: [UInt8]
  private let staticPublic: [UInt8]
  private let ephemeralSecret: [UInt8]
  private let ephemeralPublic: [UInt8]
  private var remoteEphemeral: [UInt8] = []
  /// The peer's static key; empty until its message was read.
  private(set) var remoteStatic: [UInt8] = []
  private var symmetric = NoiseSymmetric(protocolName: protocolName)
  /// Messages written and read so far; the handshake is over at 3.
  private(set) var messages = 0

  init(
    isInitiator: Bool, prologue: [UInt8], staticSecret: [UInt8], staticPublic: [UInt8], ephemeralSecret: [UInt8]
  ) {
    precondition(staticSecret.count == 32 && staticPublic.count == 32 && ephemeralSecret.count == 32)
    self.isInitiator = isInitiator
    (self.staticSecret, self.staticPublic) = (staticSecret, staticPublic)
    self.ephemeralSecret = ephemeralSecret
    ephemeralPublic = Curve25519.publicKey(of: ephemeralSecret)
    symmetric.mixHash(prologue)
  }

  var isFinished: Bool { messages == 3 }

  /// Binds clear bytes around the next message into the handshake, as a prologue binds those before the first.
  mutating func bind(_ data: [UInt8]) { symmetric.mixHash(data) }

  /// The next message, which must be this side's turn.
  /// - Returns: nil if the peer's ephemeral key is of small order.
  mutating func write(_ payload: [UInt8]) -> [UInt8]? {
    precondition(!isFinished && isInitiator == (messages % 2 == 0), "it is the peer's turn")
    var message: [UInt8] = []
    switch messages {
    case 0: message += sendEphemeral()
    case 1:
      message += sendEphemeral()
      guard mixShared(ephemeralSecret, remoteEphemeral) else { return nil }
      message += symmetric.encryptAndHash(staticPublic)
      guard mixShared(staticSecret, remoteEphemeral) else { return nil }
    default:
      message += symmetric.encryptAndHash(staticPublic)
      guard mixShared(staticSecret, remoteEphemeral) else { return nil }
    }
    messages += 1
    return message + symmetric.encryptAndHash(payload)
  }

  /// Reads the peer's next message.
  /// - Parameter bound: clear bytes that the peer bound before it wrote the message.
  /// - Returns: its payload; nil, and nothing has changed, if the message is not authentic or cut.
  mutating func read(_ message: [UInt8], binding bound: [UInt8] = []) -> [UInt8]? {
    precondition(!isFinished && isInitiator == (messages % 2 == 1), "it is this side's turn")
    var next = self
    if !bound.isEmpty { next.bind(bound) }
    guard let payload = next.consume(message) else { return nil }
    next.messages += 1
    self = next
    return payload
  }

  /// 32 bytes for each direction, once the handshake is over.
  func split() -> (send: [UInt8], receive: [UInt8]) {
    precondition(isFinished, "keys come after the third message")
    let (toResponder, toInitiator) = symmetric.split()
    return isInitiator ? (toResponder, toInitiator) : (toInitiator, toResponder)
  }

  /// Names this handshake and no other, once it is over (section 11.2).
  var handshakeHash: [UInt8] { symmetric.hash }

  private mutating func consume(_ message: [UInt8]) -> [UInt8]? {
    var rest = message[...]
    if messages < 2 {
      guard let ephemeral = take(32, from: &rest) else { return nil }
      remoteEphemeral = ephemeral
      symmetric.mixHash(ephemeral)
      if messages == 0 { return symmetric.decryptAndHash(Array(rest)) }
      guard mixShared(ephemeralSecret, remoteEphemeral) else { return nil }
    }
    guard let sealed = take(32 + symmetric.expansion, from: &rest), let key = symmetric.decryptAndHash(sealed) else {
      return nil
    }
    remoteStatic = key
    guard mixShared(ephemeralSecret, remoteStatic) else { return nil }
    return symmetric.decryptAndHash(Array(rest))
  }

  private mutating func sendEphemeral() -> [UInt8] {
    symmetric.mixHash(ephemeralPublic)
    return ephemeralPublic
  }

  private mutating func mixShared(_ secret: [UInt8], _ peer: [UInt8]) -> Bool {
    guard let shared = Curve25519.sharedSecret(secret, peer) else { return false }
    symmetric.mixKey(shared)
    return true
  }

  private func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }
}
