import CLinuxShim
import Foundation
import Testing
import VineBase
import VineSession

@testable import VineDataPlane

@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct ChannelTests {
  @Test func `a handshake crosses a channel in both directions`() throws {
    let world = try World(sites: 2)
    let channel = ChannelID(rawValue: 7)
    world[1].plane.post(.openChannel(channel, world[2].endpoint))
    let accepted = try #require(
      world[2].events.first { event -> ChannelID? in
        if case .channelAccepted(let channel, let endpoint) = event, endpoint.address == world[1].endpoint.address {
          channel
        } else {
          nil
        }
      })
    #expect(accepted.rawValue % 2 == 0)
    #expect(world[1].events.first { if case .channelOpened(channel) = $0 { true } else { nil } } == true)
    world[1].plane.post(.handshake([1, 1], via: .channel(channel)))
    world[2].plane.post(.handshake([1, 2], via: .channel(accepted)))
    #expect(
      world[2].events.first { if case .handshake([1, 1], .channel(accepted)) = $0 { true } else { nil } } == true)
    #expect(world[1].events.first { if case .handshake([1, 2], .channel(channel)) = $0 { true } else { nil } } == true)
    world[2].plane.post(.closeChannel(accepted))
    #expect(world[1].events.first { if case .channelClosed(channel, _) = $0 { true } else { nil } } == true)
  }

  @Test func `a refused connection says why`() throws {
    let world = try World(sites: 1)
    let channel = ChannelID(rawValue: 1)
    let nobody = Endpoint(address: world[1].endpoint.address, port: 9)
    world[1].plane.post(.openChannel(channel, nobody))
    let reason = world[1].events.first { event -> String? in
      if case .channelClosed(channel, let reason) = event { reason } else { nil }
    }
    #expect(reason == "Connection refused")
  }

  @Test func `a stranger's bytes close the channel`() throws {
    let world = try World(sites: 2)
    let sender = try Background("python3 -c \(junk)", namespace: world[2].router)
    defer { withExtendedLifetime(sender) {} }
    let reason = world[1].events.first { event -> String? in
      if case .channelClosed(_, let reason) = event { reason } else { nil }
    }
    #expect(reason == "the other side sent no record of a VR")
  }

  private let junk =
    "import\tsocket,time;s=socket.create_connection(('198.18.0.1',2247));s.send(b'GET\\x20/\\r\\n');time.sleep(3)"

  /// Channels on a port of their own, and connections of strangers to them.
  private func withChannels(
    accepting count: Int, _ body: @escaping @Sendable (Channels, () -> Void) throws -> Void
  ) throws -> Events {
    let events = Events()
    let world = try World(sites: 1)
    defer { withExtendedLifetime(world) {} }
    try inside(world[1].router) {
      let here = Endpoint(address: IPv4Address(rawValue: 0x7F00_0001), port: 4000)
      let configuration = DataPlaneConfiguration(
        node: Nodes.numbered(1), listen: here, lanInterface: "lan", acceptedChannelsMax: count)
      let channels = try Channels(loop: EventLoop(), configuration: configuration, counters: Counters()) {
        events.add($0)
      }
      var clients: [Int32] = []
      defer { clients.forEach { close($0) } }
      try body(channels) {
        clients.append(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        _ = Wire.withAddress(of: here) { connect(clients[clients.count - 1], $0, $1) }
        channels.accept(at: .zero)
      }
    }
    return events
  }

  @Test func `a channel without a session is closed after ten seconds`() throws {
    #expect(Limits.unauthenticatedChannel == .seconds(10))
    let events = try withChannels(accepting: 4) { channels, connect in
      connect()
      channels.expire(at: .zero + .milliseconds(9999))
      #expect(channels.status.count == 1)
      channels.expire(at: .zero + .seconds(10))
      #expect(channels.status.isEmpty)
    }
    #expect(events.first { if case .channelClosed(_, "no session came about") = $0 { true } else { nil } } == true)
  }

  @Test func `strangers make room for a new channel, VRs do not`() throws {
    _ = try withChannels(accepting: 2) { channels, connect in
      connect()
      connect()
      channels.authenticated(ChannelID(rawValue: 4), by: Nodes.numbered(4).tag)
      connect()
      #expect(channels.status.map(\.channel.rawValue) == [4, 6])
      channels.authenticated(ChannelID(rawValue: 6), by: Nodes.numbered(6).tag)
      connect()
      #expect(channels.status.map(\.channel.rawValue) == [4, 6])
      channels.expire(at: .zero + .seconds(1000))
      #expect(channels.status.count == 2)
    }
  }

  @Test func `a probe arrives with its nonce and the asker's answer address`() throws {
    let world = try World(sites: 2)
    let nonce = (0..<16).map { UInt8($0) }
    world[1].plane.post(.dialBack(to: world[2].endpoint, nonce: nonce))
    let from = world[2].events.first { event -> Endpoint? in
      if case .dialBack(nonce, let from, overTCP: false) = event { from } else { nil }
    }
    let other = world[2].events.first { event -> Endpoint? in
      if case .dialBack(nonce, let from, overTCP: true) = event { from } else { nil }
    }
    #expect(other?.address == world[1].endpoint.address, "and over a connection")
    #expect(from?.address == world[1].endpoint.address)
    #expect(from?.port != Endpoint.defaultPort, "a port that nobody wrote to before")
  }
}
