import Foundation
import Testing
import VineBase

@testable import VineDataPlane

/// Two sites, two VRs, real programs on hosts without any software of ours.
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct DirectPathTests {
  @Test(arguments: Ways.all)
  func `hosts of two sites ping each other, and every packet is counted on its way`(ways: Ways) throws {
    let world = try World.twoSites(by: ways)
    #expect(world[1].ping(world[2]).output.contains(" 0% packet loss"))
    #expect(world[2].ping(world[1]).output.contains(" 0% packet loss"))
    for site in world.sites {
      let status = site.status
      #expect(status.captured.packets == 6 && status.sent.packets == 6)
      #expect(status.received.packets == 6 && status.injected.packets == 6)
      #expect(status.peers.first?.sent.bytes == 6 * 84)
      #expect(status.drops.allSatisfy { $0.1 == 0 }, "\(status.drops)")
      let clean = NetfilterQueueStatus(waiting: 0, queueDropped: 0, socketDropped: 0)
      #expect(status.netfilterQueue == (ways.capture == .nfqueue ? clean : nil))
    }
  }

  @Test func `a TCP connection runs across`() throws {
    let world = try World.twoSites()
    let rate = try Iperf.rate(from: world[1], to: world[2], seconds: 1)
    // A debug build is slower; the floor is the release build's.
    #expect(rate > 50, "\(rate) Mbit/s")
    #expect(world[1].status.dropped(.fragmentationNeeded) == 0, "the MSS is clamped, so no segment is too big")
  }

  @Test(arguments: Ways.all)
  func `a packet that must not be fragmented is answered with the right MTU`(ways: Ways) throws {
    let world = try World.twoSites(by: ways)
    let tooBig = world[1].ping(world[2], "-c 1 -W 1 -M do -s 1472")
    #expect(tooBig.output.contains("From 172.16.1.1 ") && tooBig.output.contains("mtu = 1436"), "\(tooBig.output)")
    #expect(world[1].status.dropped(.fragmentationNeeded) == 1)
    #expect(world[1].ping(world[2], "-c 1 -W 1 -M do -s 1408").status == 0)
  }

  @Test(arguments: Ways.all) func `larger packets come across in pieces`(ways: Ways) throws {
    let world = try World.twoSites(by: ways)
    for size in [1409, 1472, 4000, 20000] {
      #expect(world[1].ping(world[2], "-c 2 -i 0.05 -W 2 -M dont -s \(size)").status == 0, "\(size) bytes")
    }
  }

  @Test func `a packet at the end of its time is answered`() throws {
    let world = try World.twoSites()
    let answer = world[1].ping(world[2], "-c 1 -W 1 -t 1")
    #expect(answer.output.contains("Time to live exceeded"), "\(answer.output)")
    #expect(world[1].status.dropped(.timeToLiveExpired) == 1)
    #expect(world[1].ping(world[2], "-c 1 -W 1 -t 2").status == 0)
  }

  @Test(arguments: Ways.all.filter(\.usesTun))
  func `with a TUN device the kernel that routes is a hop of its own`(ways: Ways) throws {
    let world = try World.twoSites(by: ways)
    let answer = world[1].ping(world[2], "-c 1 -W 1 -t 1")
    #expect(answer.output.contains("Time to live exceeded"), "\(answer.output)")
    #expect(world[1].ping(world[2], "-c 1 -W 1 -t 3").status == 0)
  }

  @Test func `what the tables refuse goes nowhere and is counted where it was refused`() throws {
    let world = try World(sites: 2)
    #expect(world[1].ping(world[2], "-c 1 -W 0.3").status != 0)
    #expect(world[1].status.dropped(.sourceNotInLNDT) == 1, "no table yet")
    world.publish(members: [1])
    #expect(world[1].ping(world[2], "-c 1 -W 0.3").status != 0)
    #expect(world[1].status.dropped(.noGNDTEntry) == 1)
    #expect(run("ping -n -c 1 -W 0.3 172.16.1.1", namespace: world[1].host).status != 0)
    #expect(world[1].status.dropped(.toVirtualRouter) == 1)
    world.publish(members: [1, 2])
    #expect(world[1].ping(world[2], "-c 1 -W 0.3").status != 0)
    #expect(world[1].status.dropped(.noSession) == 1)
    #expect(
      world[1].events.first { event -> NodeID? in
        if case .needsSession(let node) = event { node } else { nil }
      } == world[2].node)
    #expect(world[2].status.received.packets == 0)
  }

  @Test func `a new session takes over without losing a packet, and the oldest of four goes`() throws {
    let world = try World.twoSites()
    for _ in 0..<4 {
      world.connectDirectly(1, 2)
      #expect(world[1].ping(world[2]).output.contains(" 0% packet loss"))
    }
    #expect(world[1].status.peers.first?.sessions == 3)
  }

  @Test func `after removePeer nothing is sent to it`() throws {
    let world = try World.twoSites()
    #expect(world[1].ping(world[2], "-c 1 -W 1").status == 0)
    world[1].plane.post(.removePeer(world[2].node))
    #expect(world[1].ping(world[2], "-c 1 -W 0.3").status != 0)
    #expect(world[1].status.dropped(.noSession) >= 1)
    #expect(world[1].status.peers.first?.carrier == nil)
  }
}

enum Iperf {
  /// Mbit a second that arrived.
  static func rate(from client: Site, to server: Site, seconds: Int, options: String = "") throws -> Double {
    let listener = try Background("iperf3 -s -1", namespace: server.host)
    defer { withExtendedLifetime(listener) {} }
    #expect(eventually { run("ss -Hltn sport = :5201", namespace: server.host).output.contains("5201") })
    let report = run(
      "iperf3 -J --connect-timeout 5000 -c \(client.address(of: server)) -t \(seconds) \(options)",
      namespace: client.host)
    // A warning may stand in front.
    let text = report.output.drop { $0 != "{" }
    let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let sum = (json?["end"] as? [String: Any])?["sum_received"] as? [String: Any]
    let rate = try #require(
      sum?["bits_per_second"] as? Double, "\(report.output) \(client.evidence) \(server.evidence)")
    return rate / 1e6
  }
}
