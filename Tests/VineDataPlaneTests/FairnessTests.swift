import Foundation
import Testing
import VineBase

@testable import VineDataPlane

/// One slow or dead peer never stalls the others: site 1 sends to site 2, which is well, and to site 3, which is not.
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct FairnessTests {
  /// Site 3 by UDP, or by a TCP channel that it opened to site 1.
  private func threeSites(byChannel: Bool) throws -> World {
    let world = try World(sites: 3)
    world.connectDirectly(1, 2)
    world.connectDirectly(2, 3)
    if byChannel {
      let channel = ChannelID(rawValue: 1)
      world[3].plane.post(.openChannel(channel, world[1].endpoint))
      #expect(eventually { accepted(world[1]) != nil })
      world.connect(3, 1, .channel(channel), .channel(try #require(accepted(world[1]))))
    } else {
      world.connectDirectly(1, 3)
    }
    world.publish(members: [1, 2, 3])
    return world
  }

  private func accepted(_ site: Site) -> ChannelID? {
    site.events.first { if case .channelAccepted(let channel, _) = $0 { channel } else { nil } }
  }

  /// A stream of datagrams to site 3, 200 Mbit/s while it lives; nobody there has to read them.
  private func flood(_ world: World, seconds: Int) throws -> Background {
    let script = """
      import socket,time;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);e=time.time()+\(seconds)
      while(time.time()<e):[s.sendto(bytes(1200),("\(world[1].address(of: world[3]))",9))for(i)in(range(20))];time.sleep(.001)
      """
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("flood-\(UUID().uuidString).py")
    try script.write(to: file, atomically: true, encoding: .utf8)
    return try Background("python3 \(file.path)", namespace: world[1].host)
  }

  /// Its data thread does nothing meanwhile, as if the process were stopped.
  private func stall(_ site: Site, seconds: UInt32) { site.plane.post(.status { _ in sleep(seconds) }) }

  @Test(arguments: [false, true])
  func `beside a peer that takes nothing another one's packets all arrive, and soon`(byChannel: Bool) throws {
    let world = try threeSites(byChannel: byChannel)
    #expect(world[1].ping(world[3], "-c 3 -i 0.1").status == 0)
    let before = world[1].status.captured.packets
    stall(world[3], seconds: 5)
    let flood = try flood(world, seconds: 4)
    defer { withExtendedLifetime(flood) {} }
    #expect(eventually { world[1].status.captured.packets > before + 5000 }, "\(world[1].status.captured)")
    let answer = world[1].ping(world[2], "-c 40 -i 0.05 -W 2")
    #expect(answer.output.contains(" 0% packet loss"), "\(answer.output)")
    if byChannel {
      // What waits for the stalled peer is bounded, and counted.
      #expect(eventually { world[1].status.dropped(.queueOverflow) > 0 }, "\(world[1].status.drops)")
    }
  }

  @Test func `a peer that is gone without a word costs the others nothing`() throws {
    let world = try threeSites(byChannel: false)
    run("ip -n \(world[3].router) link set wan down")
    let flood = try flood(world, seconds: 3)
    defer { withExtendedLifetime(flood) {} }
    let answer = world[1].ping(world[2], "-c 40 -i 0.05 -W 2")
    #expect(answer.output.contains(" 0% packet loss"), "\(answer.output)")
    let rate = try Iperf.rate(from: world[1], to: world[2], seconds: 1)
    #expect(rate > 0)
  }
}
