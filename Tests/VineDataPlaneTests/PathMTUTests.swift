import Testing
import VineBase

@testable import VineDataPlane

/// Between two VRs is a way that swallows what is longer than it takes, and says nothing.
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct PathMTUTests {
  private func narrow(_ world: World, to mtu: Int) {
    for site in world.sites { world.narrow(site, to: mtu) }
  }

  private func arrived(_ message: [UInt8], at site: Site, within seconds: Double) -> Bool {
    site.events.first(seconds) { event -> Bool? in
      if case .control(message, _, _, _) = event { true } else { nil }
    } ?? false
  }

  @Test func `a probe arrives where its packet fits and nowhere else`() throws {
    let world = try World.twoSites()
    narrow(world, to: 1300)
    // 28 bytes of headers, 32 of the frame.
    for (count, fits) in [(1240, true), (1241, false), (1440, false)] {
      let message = [UInt8](repeating: UInt8(count & 255), count: count)
      world[1].plane.post(.probeSize(message, to: world[2].node, at: world[2].endpoint))
      #expect(arrived(message, at: world[2], within: fits ? 5 : 0.3) == fits, "\(count) bytes")
    }
    #expect(world[1].ping(world[2], "-c 1 -W 2").status == 0, "other frames go as before")
  }

  @Test func `what is known of a way decides how segments are cut and what a host is told`() throws {
    let world = try World.twoSites()
    narrow(world, to: 1300)
    for (site, other) in [(world[1], world[2]), (world[2], world[1])] {
      site.plane.post(.pathMTU(other.node, 1300))
    }
    try Transfer.check(from: world[1], to: world[2])
    let told = world[1].ping(world[2], "-c 1 -W 1 -M do -s 1472")
    #expect(told.output.contains("mtu = 1236"), "\(told.output)")
    #expect(world[1].status.peers.first?.innerMTU == 1236)
    #expect(
      run("nstat -asz IpFragCreates", namespace: world[1].router).output.contains("IpFragCreates                   0"))
  }

  @Test func `without it a black hole swallows long packets, and with it forgotten they go in fragments again`() throws
  {
    let world = try World.twoSites()
    world[1].plane.post(.pathMTU(world[2].node, 1300))
    #expect(eventually { world[1].status.peers.first?.innerMTU == 1236 })
    world[1].plane.post(.pathMTU(world[2].node, nil))
    #expect(eventually { world[1].status.peers.first?.innerMTU == 1436 })
    narrow(world, to: 1300)
    #expect(world[1].ping(world[2], "-c 1 -W 0.5 -M do -s 1400").status != 0)
  }

  @Test func `a size below what every host takes is not believed`() throws {
    let world = try World.twoSites()
    for size in [-1, 0, 100, 599] { world[1].plane.post(.pathMTU(world[2].node, size)) }
    #expect(eventually { world[1].status.peers.first?.innerMTU == 576 })
    try Transfer.check(from: world[1], to: world[2])
  }
}
