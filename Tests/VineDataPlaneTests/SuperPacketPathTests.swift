import Foundation
import Testing
import VineBase

@testable import VineDataPlane

/// TCP in super-packets from one host's interface to the other's. Whatever the interfaces can or can't do, the bytes
/// that arrive are those that were sent.
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct SuperPacketPathTests {
  private func packetsOn(_ interface: String, of namespace: String) throws -> Int {
    let text = run("cat /sys/class/net/\(interface)/statistics/rx_packets", namespace: namespace).output
    return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), "\(text)")
  }

  @Test func `segments are cut by the VRs, not by the hosts, and the host gets them together`() throws {
    let world = try World.twoSites()
    let before = try packetsOn("eth0", of: world[2].host)
    try Transfer.check(from: world[1], to: world[2])
    let (sender, receiver) = (world[1].status, world[2].status)
    #expect(sender.captured.packets * 4 < sender.sent.packets, "\(sender.captured) became \(sender.sent)")
    #expect(receiver.injected.packets >= Transfer.byteCount / 1400)
    let arrived = try packetsOn("eth0", of: world[2].host) - before
    #expect(arrived * 2 < receiver.injected.packets, "\(receiver.injected) came as \(arrived)")
  }

  @Test(arguments: Ways.all) func `every way brings the bytes that were sent`(ways: Ways) throws {
    let world = try World.twoSites(by: ways)
    try Transfer.check(from: world[1], to: world[2])
    #expect(world[2].status.dropped(.injectFailed) == 0)
  }

  @Test func `hosts that cut their packets themselves are served as well`() throws {
    let world = try World.twoSites()
    for site in world.sites {
      #expect(run("ip -n \(site.host) link set eth0 gso_max_segs 1").status == 0)
    }
    try Transfer.check(from: world[1], to: world[2])
    let status = world[1].status
    #expect(status.captured.packets >= status.sent.packets, "\(status.captured) became \(status.sent)")
  }

  @Test func `a hosts' network that is narrower than the path between the VRs gets shorter segments`() throws {
    let world = try World.twoSites()
    run("ip -n \(world[2].router) link set lan mtu 900")
    // The interface's MTU is looked at once a second.
    usleep(1_300_000)
    try Transfer.check(from: world[1], to: world[2])
    // A veth lets nothing in that is longer than its own MTU.
    run("ip -n \(world[2].host) link set eth0 mtu 900")
    #expect(world[1].ping(world[2], "-c 2 -i 0.05 -W 2 -M dont -s 1300").status == 0, "in fragments")
    #expect(world[2].status.dropped(.injectFailed) == 0)
    #expect(world[1].ping(world[2], "-c 1 -W 0.3 -M do -s 1300").status != 0)
    #expect(world[2].status.dropped(.injectFailed) == 1, "what must not be cut is counted")
  }

  @Test func `an underlay that is narrower than the frames carries them in fragments`() throws {
    let world = try World.twoSites()
    run("ip -n \(world[1].router) link set wan mtu 1300")
    try Transfer.check(from: world[1], to: world[2])
    #expect(world[2].status.dropped(.badTag) == 0)
  }

  @Test func `a host whose hardware address changes is found again`() throws {
    let world = try World.twoSites()
    #expect(world[1].ping(world[2]).status == 0)
    // Linux believes no other address within a second of the last (arp(7), locktime).
    usleep(1_200_000)
    run("ip -n \(world[2].host) link set eth0 down")
    run("ip -n \(world[2].host) link set eth0 address 02:00:00:00:00:77")
    run("ip -n \(world[2].host) link set eth0 up")
    run("ip -n \(world[2].host) route add 172.16.0.0/12 via 172.16.2.1")
    #expect(world[2].ping(world[1], "-c 1 -W 3").status == 0, "its own packet tells the VR's machine")
    #expect(eventually(3) { world[1].ping(world[2], "-c 1 -W 0.2").status == 0 })
    try Transfer.check(from: world[1], to: world[2])
  }

  @Test(arguments: Ways.all)
  func `datagrams arrive one by one and as they were sent, put together on the way or not`(ways: Ways) throws {
    let world = try World.twoSites(by: ways)
    for options in ["-l 64 -b 2M", "-l 1200 -b 20M", "-l 1400 -b 20M"] {
      let rate = try Iperf.rate(from: world[1], to: world[2], seconds: 1, options: "-u \(options)")
      #expect(rate > 1, "\(options): \(rate) Mbit/s")
    }
    #expect(world[2].status.dropped(.injectFailed) == 0)
  }

  @Test func `segments of a flow do not overtake one another`() throws {
    let world = try World.twoSites()
    // TCP counts a segment that another one overtook as out of order.
    try Transfer.check(from: world[1], to: world[2])
    let text = run("nstat -asz TcpExtTCPOFOQueue", namespace: world[2].host).output
    let count = text.split(separator: "\n").first { $0.contains("TCPOFOQueue") }?.split(separator: " ").dropFirst()
      .first
    let lost = world[1].status.drops.reduce(0) { $0 + $1.1 } + world[2].status.drops.reduce(0) { $0 + $1.1 }
    #expect(lost > 0 || count == "0", "\(text)")
  }
}

/// Sends random bytes in writes of many sizes from host to host, and compares what came with what was sent.
enum Transfer {
  static let byteCount = 8 << 20

  private static let script = """
    import hashlib, random, socket, sys
    side, address = sys.argv[1:3]
    if side == "serve":
        listener = socket.create_server((address, 7001))
        listener.settimeout(30)
        connection, _ = listener.accept()
        connection.settimeout(30)
        digest = hashlib.sha256()
        while chunk := connection.recv(1 << 20):
            digest.update(chunk)
        connection.sendall(digest.digest())
    else:
        connection = socket.create_connection((address, 7001), timeout=30)
        digest, left, source = hashlib.sha256(), \(byteCount), random.Random(7)
        while left > 0:
            chunk = source.randbytes(min(left, source.choice([1, 700, 1448, 5000, 65536, 1 << 18])))
            connection.sendall(chunk)
            digest.update(chunk)
            left -= len(chunk)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(64):
            answer += chunk
        sys.exit(0 if answer == digest.digest() else "the bytes that came are others")
    """

  static func check(from client: Site, to server: Site) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "transfer-\(UUID()).py")
    try Data(script.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let listener = try Background("python3 \(file.path) serve \(server.address(of: server))", namespace: server.host)
    defer { withExtendedLifetime(listener) {} }
    #expect(eventually { run("ss -Hltn sport = :7001", namespace: server.host).output.contains("7001") })
    let outcome = run("python3 \(file.path) send \(client.address(of: server))", namespace: client.host)
    #expect(outcome.status == 0, "\(outcome.output)")
  }
}
