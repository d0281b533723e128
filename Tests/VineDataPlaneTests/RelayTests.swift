import Foundation
import Testing
import VineBase
import VineRouting

@testable import VineDataPlane

/// Limited-VRs behind queue-VRs (paper 3.4), with the roles given by hand.
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct RelayTests {
  private let channel = ChannelID(rawValue: 1)

  /// Opens the channel of a limited-VR to its queue-VR and gives both a session over it.
  private func openChannel(_ world: World, from limited: Int, to queue: Int, _ channel: ChannelID? = nil) throws {
    let channel = channel ?? self.channel
    let before = accepted(world[queue]).count
    world[limited].plane.post(.openChannel(channel, world[queue].endpoint))
    #expect(
      world[limited].events.first { event -> Bool? in
        if case .channelOpened(channel) = event { true } else { nil }
      } == true)
    #expect(eventually { accepted(world[queue]).count > before })
    let other = try #require(accepted(world[queue]).last)
    // The limited-VR first: frames that waited are answered as soon as they come.
    world.connect(limited, queue, .channel(channel), .channel(other))
    world[queue].plane.post(.limitedPeers([world[limited].node.tag]))
  }

  private func accepted(_ site: Site) -> [ChannelID] {
    site.events.all.compactMap { if case .channelAccepted(let channel, _) = $0 { channel } else { nil } }
  }

  /// Site 1 is public, 2 the queue-VR, 3 limited.
  private func threeSites() throws -> World {
    let world = try World(sites: 3)
    world.connectDirectly(1, 2)
    try openChannel(world, from: 3, to: 2)
    world.connect(
      1, 3, .relayed(by: world[2].node, peer: world[3].node.tag),
      .relayed(by: world[2].node, peer: world[1].node.tag))
    world.publish(members: [1, 2, 3])
    return world
  }

  @Test func `the hosts of a limited-VR talk to everybody, through a queue-VR that can't read`() throws {
    let world = try threeSites()
    for (from, to) in [(1, 3), (3, 1), (2, 3), (3, 2), (1, 2)] {
      let answer = world[from].ping(world[to])
      #expect(answer.output.contains(" 0% packet loss"), "\(from) to \(to): \(answer.output)")
    }
    let queue = world[2].status
    #expect(queue.relayed.packets == 12)
    #expect(queue.captured.packets == 9, "only its own host's")
    #expect(queue.drops.allSatisfy { $0.1 == 0 }, "\(queue.drops)")
    #expect(queue.channels.map(\.isOpen) == [true])
    #expect(world[3].status.channels.map(\.isDialled) == [true])
  }

  @Test func `a queue-VR that reaches its limited-VR directly passes frames on by UDP, also those that waited`() throws
  {
    let world = try threeSites()
    world[3].plane.post(.path(world[2].node, .datagram(world[2].endpoint)))
    world[2].plane.post(.path(world[3].node, .datagram(world[3].endpoint)))
    for (from, to) in [(1, 3), (3, 1), (2, 3), (3, 2)] {
      let answer = world[from].ping(world[to])
      #expect(answer.output.contains(" 0% packet loss"), "\(from) to \(to): \(answer.output)")
    }
    #expect(world[1].ping(world[3], "-c 1 -W 2 -M dont -s 4000").status == 0)
    world[2].plane.post(.path(world[3].node, nil))
    let ping = try Background("ping -n -c 2 -i 0.1 -W 5 \(world[3].hostAddress)", namespace: world[1].host)
    defer { withExtendedLifetime(ping) {} }
    #expect(eventually { world[2].status.queues.first?.frames == 2 })
    world[2].plane.post(.path(world[3].node, .datagram(world[3].endpoint)))
    #expect(eventually { world[2].status.relay.forwarded == 2 && world[2].status.queues.map(\.frames) == [0] })
    #expect(world[2].status.drops.allSatisfy { $0.1 == 0 }, "\(world[2].status.drops)")
  }

  @Test func `TCP and large packets go through the queue-VR, too`() throws {
    let world = try threeSites()
    #expect(try Iperf.rate(from: world[1], to: world[3], seconds: 1) > 10)
    #expect(try Iperf.rate(from: world[3], to: world[1], seconds: 1) > 10)
    #expect(world[1].ping(world[3], "-c 1 -W 2 -M dont -s 4000").status == 0)
    #expect(world[3].ping(world[1], "-c 1 -W 1 -M do -s 1472").output.contains("mtu = 1388"))
    #expect(world[3].ping(world[2], "-c 1 -W 1 -M do -s 1472").output.contains("mtu = 1396"))
  }

  @Test func `while the channel is closed packets wait, and arrive when it is open again`() throws {
    let world = try threeSites()
    #expect(world[1].ping(world[3], "-c 1 -W 1").status == 0)
    world[3].plane.post(.closeChannel(channel))
    #expect(eventually { world[2].status.channels.isEmpty })
    let ping = try Background("ping -n -c 2 -i 0.1 -W 5 \(world[3].hostAddress)", namespace: world[1].host)
    defer { withExtendedLifetime(ping) {} }
    #expect(eventually { world[2].status.queues.first?.frames == 2 })
    #expect(world[2].status.queues.first?.tag == world[3].node.tag)
    let own = try Background("ping -n -c 1 -W 5 \(world[3].hostAddress)", namespace: world[2].host)
    defer { withExtendedLifetime(own) {} }
    #expect(eventually { world[2].status.queues.first?.frames == 3 }, "packets of its own hosts wait, too")
    try openChannel(world, from: 3, to: 2, ChannelID(rawValue: 3))
    #expect(eventually { world[2].status.relay.forwarded == 3 })
    #expect(eventually { world[1].status.injected.packets >= 3 }, "the answers came back")
    #expect(eventually { world[2].status.injected.packets == 1 })
    #expect(world[2].status.queues.map(\.frames) == [0] && world[2].status.queues.first?.counters.forwarded == 3)
  }

  @Test func `frames that a channel took with it when it died reach the limited-VR by the next one`() throws {
    let world = try threeSites()
    #expect(world[1].ping(world[3], "-c 1 -W 1").status == 0)
    let dead = try #require(accepted(world[2]).last)
    let before = world[2].status.relayed.packets
    run("ip -n \(world[3].router) link set wan down")
    let ping = try Background("ping -n -c 5 -i 0.05 -W 9 \(world[3].hostAddress)", namespace: world[1].host)
    defer { withExtendedLifetime(ping) {} }
    #expect(eventually { world[2].status.relayed.packets == before + 5 }, "into a channel that ends nowhere")
    world[3].plane.post(.closeChannel(channel))
    #expect(eventually { world[3].status.channels.isEmpty })
    run("ip -n \(world[3].router) link set wan up")
    try openChannel(world, from: 3, to: 2, ChannelID(rawValue: 3))
    world[2].plane.post(.closeChannel(dead))
    #expect(eventually { world[1].status.injected.packets >= 6 }, "all five are answered")
    #expect(world[2].status.relay.forwarded == 5)
    #expect(world[2].status.dropped(.channelClosed) == 0, "\(world[2].status.drops)")
  }

  @Test func `two limited-VRs with different queue-VRs exchange handshakes and packets`() throws {
    // 3 has the queue-VR 1, 4 has the queue-VR 2.
    let world = try World(sites: 4)
    world.connectDirectly(1, 2)
    try openChannel(world, from: 3, to: 1)
    try openChannel(world, from: 4, to: 2)
    world[1].plane.post(.relayRoutes([world[4].node.tag: world[2].node]))
    world[2].plane.post(.relayRoutes([world[3].node.tag: world[1].node]))
    let there = Carrier.relayed(by: world[1].node, peer: world[4].node.tag)
    world[3].plane.post(.handshake([1, 1, 0, 0, 5, 5], via: there))
    let heard = world[4].events.first { event -> Carrier? in
      if case .handshake([1, 1, 0, 0, 5, 5], let carrier) = event { carrier } else { nil }
    }
    let back = Carrier.relayed(by: world[2].node, peer: world[3].node.tag)
    #expect(heard == back, "it says through whom, and from whom")
    world[4].plane.post(.handshake([1, 2, 0, 0, 6], via: back))
    #expect(
      world[3].events.first { event -> Carrier? in
        if case .handshake([1, 2, 0, 0, 6], let carrier) = event { carrier } else { nil }
      } == there)
    world.connect(3, 4, there, back)
    world.publish(members: [3, 4])
    #expect(world[3].ping(world[4]).output.contains(" 0% packet loss"))
    #expect(world[4].ping(world[3], "-c 2 -i 0.05 -W 2 -M dont -s 4000").status == 0)
  }

  @Test func `a limited-VR reaches a public one by its queue-VR without a route`() throws {
    let world = try threeSites()
    world[3].plane.post(.control([9, 9, 9], to: world[1].node))
    let heard = world[1].events.first { event -> Carrier? in
      if case .control([9, 9, 9], _, let carrier, _) = event { carrier } else { nil }
    }
    #expect(heard == .relayed(by: world[2].node, peer: world[3].node.tag))
  }
}
