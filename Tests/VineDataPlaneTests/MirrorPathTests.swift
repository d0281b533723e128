import Foundation
import Testing
import VineBase

@testable import VineDataPlane

/// A site that sees the virtual space elsewhere, because its own network uses part of it (paper 3.3), and one that sees
/// it as it is: programs on both do not know.
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct MirrorPathTests {
  @Test(arguments: Ways.all)
  func `hosts of a plain and a mirrored site talk, whichever begins`(ways: Ways) throws {
    let world = try World.twoSites(by: ways, mirrored: [2])
    #expect(world[2].address(of: world[1]).description == "10.116.1.10")
    for (site, other) in [(world[1], world[2]), (world[2], world[1])] {
      #expect(site.ping(other).output.contains(" 0% packet loss"))
      #expect(site.ping(other, "-c 2 -i 0.05 -W 2 -M dont -s 4000").status == 0, "in fragments")
      try Transfer.check(from: site, to: other)
      let rate = try Iperf.rate(from: site, to: other, seconds: 1, options: "-u -l 1200 -b 20M")
      #expect(rate > 1, "\(rate) Mbit/s")
      #expect(other.status.dropped(.injectFailed) == 0)
    }
  }

  @Test func `two mirrored sites talk`() throws {
    let world = try World.twoSites(mirrored: [1, 2])
    #expect(world[1].ping(world[2]).output.contains(" 0% packet loss"))
    try Transfer.check(from: world[1], to: world[2])
  }

  /// A datagram to a port where nobody listens: the error comes back to the socket that sent it, which the kernel finds
  /// by what the error quotes.
  private let refused = """
    import socket, sys
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect((sys.argv[1], 9))
    sender.settimeout(3)
    sender.send(b"anybody?")
    try:
        sender.recv(10)
    except ConnectionRefusedError:
        sys.exit(0)
    sys.exit("no error came")
    """

  @Test(arguments: [1, 2]) func `an ICMP error finds the program that it is about`(number: Int) throws {
    let world = try World.twoSites(mirrored: [2])
    let (site, other) = (world[number], world[3 - number])
    let file = FileManager.default.temporaryDirectory.appending(path: "refused-\(UUID()).py")
    try Data(refused.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let outcome = run("python3 \(file.path) \(site.address(of: other))", namespace: site.host)
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func `what the VR answers speaks of the addresses that the host knows`() throws {
    let world = try World.twoSites(mirrored: [2])
    let tooBig = world[2].ping(world[1], "-c 1 -W 1 -M do -s 1472")
    #expect(tooBig.output.contains("From 10.116.2.1 ") && tooBig.output.contains("mtu = 1436"), "\(tooBig.output)")
    #expect(world[2].ping(world[1], "-c 1 -W 1 -t 1").output.contains("Time to live exceeded"))
  }

  @Test func `the site's own use of the space does not get into the mesh`() throws {
    let world = try World.twoSites(mirrored: [2])
    // The host has an address of the space that is its own network's business, and that site 2 has in the mesh.
    run("ip -n \(world[2].host) addr add 172.16.2.10/32 dev eth0")
    let before = world[1].status.received.packets
    #expect(run("ping -n -c 1 -W 0.3 -I 172.16.2.10 10.116.1.10", namespace: world[2].host).status != 0)
    #expect(world[2].status.dropped(.sourceNotInLNDT) == 1)
    #expect(world[1].status.received.packets == before)
  }
}
