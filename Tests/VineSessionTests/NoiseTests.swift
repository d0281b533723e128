import Testing
import VineBase

@testable import VineSession

@Suite struct NoiseTests {
  @Test(arguments: NoiseVector.all)
  func `the handshake gives the published messages, hash and transport keys`(vector: NoiseVector) throws {
    let sides = try [vector.side(isInitiator: true), vector.side(isInitiator: false)]
    for (turn, expected) in vector.messages.prefix(3).enumerated() {
      let payload = try hex(expected.payload)
      let message = try #require(sides[turn % 2].write(payload))
      #expect(Hex.encode(message) == expected.ciphertext)
      #expect(sides[1 - turn % 2].read(message) == payload)
    }
    #expect(sides[0].machine.handshakeHash == sides[1].machine.handshakeHash)
    if let hash = vector.handshakeHash { #expect(Hex.encode(sides[0].machine.handshakeHash) == hash) }

    var ciphers = sides.map { NoiseCipher(key: $0.machine.split().send) }
    #expect(sides[0].machine.split().send == sides[1].machine.split().receive)
    #expect(sides[1].machine.split().send == sides[0].machine.split().receive)
    for (turn, expected) in vector.messages.enumerated().dropFirst(3) {
      let payload = try hex(expected.payload)
      let message = ciphers[turn % 2].encrypt(payload, associated: [])
      #expect(Hex.encode(message) == expected.ciphertext)
    }
  }

  @Test(arguments: NoiseVector.all)
  func `each side learns the other's static key`(vector: NoiseVector) throws {
    let (initiator, responder) = try (vector.side(isInitiator: true), vector.side(isInitiator: false))
    try exchange(initiator, responder)
    #expect(try initiator.machine.remoteStatic == Curve25519.publicKey(of: hex(vector.responderStatic)))
    #expect(try responder.machine.remoteStatic == Curve25519.publicKey(of: hex(vector.initiatorStatic)))
  }

  @Test func `a wrong message changes nothing and the right one is still read`() throws {
    let initiator = try NoiseVector.all[0].side(isInitiator: true)
    let responder = try NoiseVector.all[0].side(isInitiator: false)
    let first = try #require(initiator.write([]))
    #expect(responder.read(first) == [])
    let second = try #require(responder.write([1, 2, 3]))
    for bit in 0..<(second.count * 8) {
      var bad = second
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      // The top bit of a Curve25519 key is not part of it (RFC 7748), but it is part of the hash.
      #expect(initiator.read(bad) == nil)
    }
    for count in 0..<second.count { #expect(initiator.read(Array(second.prefix(count))) == nil) }
    #expect(initiator.read(second) == [1, 2, 3])
  }

  @Test func `bytes bound on one side only, or another prologue, end the handshake`() throws {
    let initiator = try NoiseVector.all[0].side(isInitiator: true)
    let responder = try NoiseVector.all[0].side(isInitiator: false)
    initiator.bind([1])
    let first = try #require(initiator.write([]))
    #expect(responder.read(first, binding: [2]) == [])
    let second = try #require(responder.write([]))
    #expect(initiator.read(second) == nil)
  }

  @Test func `a peer's key of small order is refused`() throws {
    let responder = try NoiseVector.all[0].side(isInitiator: false)
    #expect(responder.read([UInt8](repeating: 0, count: 32)) == [])
    #expect(responder.write([]) == nil)
  }

  private func exchange(_ initiator: Side, _ responder: Side) throws {
    let first = try #require(initiator.write([]))
    _ = responder.read(first)
    let second = try #require(responder.write([]))
    _ = initiator.read(second)
    let third = try #require(initiator.write([]))
    _ = responder.read(third)
  }
}

extension NoiseVector {
  func side(isInitiator: Bool) throws -> Side {
    let secret = try hex(isInitiator ? initiatorStatic : responderStatic)
    let machine = NoiseXX(
      isInitiator: isInitiator, prologue: try hex(prologue), staticSecret: secret,
      staticPublic: Curve25519.publicKey(of: secret),
      ephemeralSecret: try hex(isInitiator ? initiatorEphemeral : responderEphemeral))
    return Side(machine)
  }
}

/// `#expect` cannot call what mutates a value: it calls this instead.
final class Side {
  private(set) var machine: NoiseXX
  init(_ machine: NoiseXX) { self.machine = machine }
  func write(_ payload: [UInt8]) -> [UInt8]? { machine.write(payload) }
  func read(_ message: [UInt8], binding bound: [UInt8] = []) -> [UInt8]? { machine.read(message, binding: bound) }
  func bind(_ data: [UInt8]) { machine.bind(data) }
}
