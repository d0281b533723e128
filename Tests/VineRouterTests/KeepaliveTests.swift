import Testing
import VineBase
import VineSession
import VineWire

@testable import VineRouter

@Suite("Keepalives are answered where they ask")
struct KeepaliveTests {
  /// How the founder of two sites answers a keepalive that comes by this carrier.
  private func answers(sequence: UInt32, via carrier: Carrier) throws -> [Carrier?] {
    let (world, keys) = try World.mesh(of: 2)
    var router = try #require(world.routers[keys[0].node])
    let question = ControlMessage.keepalive(sequence: sequence, isReply: false)
    let input = RouterInput.control(question.encode(), from: keys[1].node, via: carrier, localIndex: 1)
    let reply = ControlMessage.keepalive(sequence: sequence, isReply: true).encode()
    return router.handle(input, at: world.now, wall: world.wall).compactMap { effect -> Carrier?? in
      guard case .control(let bytes, to: keys[1].node, let way) = effect, bytes == reply else { return nil }
      return .some(way)
    }
  }

  @Test("a channel's keepalive goes back over that channel, whichever way other frames take")
  func overTheChannel() throws {
    let channel = Carrier.channel(ChannelID(rawValue: 4))
    #expect(try answers(sequence: 1, via: channel) == [channel])
  }

  @Test("any other takes the way that frames take")
  func byTheWay() throws {
    #expect(try answers(sequence: 0, via: .channel(ChannelID(rawValue: 4))) == [nil])
  }
}
