import Foundation
import Synchronization
import Testing
import VineAddress
import VineBase
import VinePacket
import VineRouting
import VineSession

@testable import VineDataPlane

/// Sites in network namespaces around one Ethernet: each has a VR (198.18.0.n, 172.16.n.1) and a host (172.16.n.10)
/// with one route and no software. Everything goes when the world goes.
///
/// ```
/// host 1 -- lan 1 [VR 1] wan 1 --+-- wan 2 [VR 2] lan 2 -- host 2
/// ```
final class World {
  static let network = NetworkID(rawValue: 77)
  private static let count = Atomic(0)
  private let prefix: String
  private(set) var sites: [Site] = []

  private let ways: Ways

  /// - Parameter mirrored: sites that see the virtual space as 10.116 to 10.131.
  init(sites count: Int, ways: Ways = .usual, mirrored: Set<Int> = []) throws {
    self.ways = ways
    prefix = "vdp\(getpid())x\(Self.count.wrappingAdd(1, ordering: .relaxed).newValue)"
    run("ip netns add \(prefix)s")
    run("ip -n \(prefix)s link add bridge0 type bridge")
    run("ip -n \(prefix)s link set bridge0 up")
    for number in 1...count { addSite(number, mirror: mirrored.contains(number) ? Self.mirror : nil) }
    for site in sites {
      site.lines = try site.dataPlane(by: ways)
      if ways.usesTun { routeThroughTun(site) }
    }
  }

  /// What the daemon's `TunRouting` does.
  private func routeThroughTun(_ site: Site) {
    run("ip -n \(site.router) link set vine7 up mtu 1500")
    for block in Site.space(site.mirror) { run("ip -n \(site.router) route add \(block) dev vine7") }
    for setting in ["vine7.rp_filter=0", "all.rp_filter=0", "lan.forwarding=1", "vine7.forwarding=1"] {
      #expect(run("sysctl -qw net.ipv4.conf.\(setting)", namespace: site.router).status == 0)
    }
  }

  /// Two sites that reach each other directly, their hosts in one ViNe.
  static func twoSites(by ways: Ways = .usual, mirrored: Set<Int> = []) throws -> World {
    let world = try World(sites: 2, ways: ways, mirrored: mirrored)
    world.connectDirectly(1, 2)
    world.publish(members: [1, 2])
    return world
  }

  deinit {
    for site in sites { site.plane.stop() }
    for name in sites.flatMap({ [$0.host, $0.router] }) + [prefix + "s"] { run("ip netns del \(name)") }
  }

  /// The paper's.
  private static let mirror = Mirror(
    first: Block.standardSpace.base, last: Block.standardSpace.last, base: IPv4Address(rawValue: 0x0A74_0000))

  private func addSite(_ number: Int, mirror: Mirror?) {
    let (host, router) = ("\(prefix)h\(number)", "\(prefix)v\(number)")
    let space = Site.space(mirror)
    let net = mirror == nil ? "172.16.\(number)" : "10.116.\(number)"
    for name in [host, router] {
      run("ip netns add \(name)")
      run("ip -n \(name) link set lo up")
    }
    run("ip link add eth0 netns \(host) type veth peer name lan netns \(router)")
    run("ip link add port\(number) netns \(prefix)s type veth peer name wan netns \(router)")
    run("ip -n \(prefix)s link set port\(number) master bridge0 up")
    run("ip -n \(host) addr add \(net).10/24 dev eth0")
    run("ip -n \(host) link set eth0 up")
    run("ip -n \(router) addr add \(net).1/24 dev lan")
    run("ip -n \(router) link set lan up")
    run("ip -n \(router) addr add 198.18.0.\(number)/24 dev wan")
    run("ip -n \(router) link set wan up")
    for block in space { run("ip -n \(host) route add \(block) via \(net).1") }
    sites.append(Site(number, host: host, router: router, mirror: mirror))
    guard ways.capture == .nfqueue else { return }
    let plainQueue = DataPlaneConfiguration.plainQueue(beside: 7)
    for side in space.flatMap({ ["-d \($0)", "-s \($0)"] }) {
      for (kind, queue) in [("-p tcp", 7), ("! -p tcp", plainQueue)] {
        run(
          "iptables -w -t raw -A PREROUTING -i lan \(kind) \(side) -j NFQUEUE --queue-num \(queue)", namespace: router)
      }
    }
  }

  /// The way to and from the site swallows packets that are longer.
  func narrow(_ site: Site, to mtu: Int) { run("ip -n \(prefix)s link set port\(site.number) mtu \(mtu)") }

  subscript(number: Int) -> Site { sites[number - 1] }

  /// The same table on every VR: all hosts of the sites in `members` are in one ViNe.
  func publish(members: [Int]) {
    var table = GNDT(network: Self.network, decision: 1)
    for site in sites where members.contains(site.number) {
      table.set(AddressSet(addresses: [site.hostAddress]), changes: 1, of: site.node)
    }
    for site in sites {
      var hosts = LNDT()
      if members.contains(site.number) { hosts.add(site.hostAddress, to: Self.network) }
      site.plane.post(
        .table(
          ForwardingTable(
            space: .standardSpace, ownNode: site.node, gateways: [site.block.gateway], lndt: hosts, gndts: [table])))
    }
  }

  /// A session between two VRs, as a handshake would have made it, and the way of each to the other.
  func connect(_ first: Int, _ second: Int, _ there: Carrier, _ back: Carrier) {
    let pair = SessionPair(self[first].node, self[second].node)
    self[first].plane.post(.install(pair.first(via: there)))
    self[second].plane.post(.install(pair.second(via: back)))
    self[first].plane.post(.path(self[second].node, there))
    self[second].plane.post(.path(self[first].node, back))
  }

  func connectDirectly(_ first: Int, _ second: Int) {
    connect(first, second, .datagram(self[second].endpoint), .datagram(self[first].endpoint))
  }
}

/// How packets come from hosts and get to them.
struct Ways: CustomTestStringConvertible, Sendable {
  var capture = DataPlaneConfiguration.Capture.nfqueue
  var injection = DataPlaneConfiguration.Injection.libnet
  var usesOffloads = true

  static let usual = Ways()
  static let all = [true, false].flatMap { usesOffloads in
    DataPlaneConfiguration.Capture.allCases.flatMap { capture in
      DataPlaneConfiguration.Injection.allCases.map { injection in
        Ways(capture: capture, injection: injection, usesOffloads: usesOffloads)
      }
    }
  }

  var usesTun: Bool { capture == .tun || injection == .tun }
  var testDescription: String { "\(capture) and \(injection), \(usesOffloads ? "in super-packets" : "one by one")" }
}

/// One site of a world.
final class Site {
  let number: Int
  let host, router: String
  let node: NodeID
  let events = Events()
  var lines: DataPlane?

  let mirror: Mirror?

  init(_ number: Int, host: String, router: String, mirror: Mirror?) {
    (self.number, self.host, self.router, self.mirror) = (number, host, router, mirror)
    node = Nodes.numbered(number)
  }

  var block: Block { Block("172.16.\(number).0/24") ?? .standardSpace }
  var hostAddress: IPv4Address { IPv4Address(rawValue: block.base.rawValue + 10) }
  /// What the site's hosts route to the VR.
  static func space(_ mirror: Mirror?) -> [Block] {
    guard let part = mirror?.parts.first else { return [.standardSpace] }
    return AddressRange(first: IPv4Address(rawValue: part.site), last: IPv4Address(rawValue: part.site + part.span))
      .blocks
  }

  /// The host of `other` as this site sees it.
  func address(of other: Site) -> IPv4Address {
    mirror?.site(other.hostAddress.rawValue).map(IPv4Address.init) ?? other.hostAddress
  }
  var endpoint: Endpoint { Endpoint(address: IPv4Address(rawValue: 0xC612_0000 + UInt32(number))) }

  var plane: DataPlane {
    guard let lines else { preconditionFailure("the site has no data plane yet") }
    return lines
  }

  var configuration: DataPlaneConfiguration {
    DataPlaneConfiguration(node: node, lanInterface: "lan", queueNumber: 7)
  }

  /// What a packet that did not arrive may have left behind.
  var evidence: String {
    let status = status
    let drops = status.drops.filter { $0.1 > 0 }.map { "\($0.0.name) \($0.1)" }.joined(separator: ", ")
    let neighbours = run("ip neigh", namespace: router).output + run("ip neigh", namespace: host).output
    return """
      site \(number): captured \(status.captured.packets), sent \(status.sent.packets), received \(status.received.packets), \
      injected \(status.injected.packets), dropped \(drops); \(neighbours.replacingOccurrences(of: "\n", with: "; "))
      """
  }

  func dataPlane(by ways: Ways = .usual) throws -> DataPlane {
    let events = events
    var changed = configuration
    (changed.capture, changed.injection, changed.usesOffloads) = (ways.capture, ways.injection, ways.usesOffloads)
    changed.mirror = mirror
    let configuration = changed
    return try inside(router) {
      let plane = try DataPlane(configuration: configuration) { events.add($0) }
      plane.start()
      return plane
    }
  }

  var status: DataPlaneStatus {
    let answer = Mutex<DataPlaneStatus?>(nil)
    plane.post(.status { status in answer.withLock { $0 = status } })
    _ = eventually { answer.withLock { $0 != nil } }
    guard let status = answer.withLock({ $0 }) else { preconditionFailure("the data thread does not answer") }
    return status
  }

  /// `ping` from this site's host.
  func ping(_ site: Site, _ options: String = "-c 3 -i 0.05 -W 2") -> (status: Int32, output: String) {
    run("ping -n \(options) \(address(of: site))", namespace: host)
  }
}

enum Nodes {
  /// A VR whose tag is its number.
  static func numbered(_ number: Int) -> NodeID {
    guard let node = NodeID([0, 0, 0, 0, 0, 0, 0, UInt8(number)] + [UInt8](repeating: 9, count: 24)) else {
      preconditionFailure("32 bytes are 32")
    }
    return node
  }
}

/// Both ends of a session with keys of their own.
struct SessionPair {
  let first, second: NodeID
  private let number: UInt32
  private let keys: [[UInt8]]
  private static let count = Atomic<UInt32>(0)

  init(_ first: NodeID, _ second: NodeID) {
    (self.first, self.second) = (first, second)
    number = Self.count.wrappingAdd(2, ordering: .relaxed).newValue
    var random = RandomSource(seed: UInt64(number))
    keys = (0..<2).map { _ in (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
  }

  /// The end of `first`, which has answered.
  func first(via carrier: Carrier, isGuest: Bool = false, isInitiator: Bool = false) -> EstablishedSession {
    end(second, carrier, isGuest, keys[0], keys[1], number, number + 1, isInitiator)
  }

  func second(via carrier: Carrier, isGuest: Bool = false, isInitiator: Bool = true) -> EstablishedSession {
    end(first, carrier, isGuest, keys[1], keys[0], number + 1, number, isInitiator)
  }

  private func end(
    _ peer: NodeID, _ carrier: Carrier, _ isGuest: Bool, _ send: [UInt8], _ receive: [UInt8], _ local: UInt32,
    _ remote: UInt32, _ isInitiator: Bool
  ) -> EstablishedSession {
    EstablishedSession(
      peer: AuthenticatedPeer(node: peer, isGuest: isGuest, credential: []), carrier: carrier,
      suite: CipherSuite.available[0], sendKey: send, receiveKey: receive, localIndex: local, remoteIndex: remote,
      isInitiator: isInitiator, handshakeHash: [])
  }
}

/// What a data plane told, in order.
final class Events: Sendable {
  private let list = Mutex<[DataPlaneEvent]>([])

  func add(_ event: DataPlaneEvent) { list.withLock { $0.append(event) } }
  var all: [DataPlaneEvent] { list.withLock { $0 } }

  /// Waits for an event that `pick` takes something from.
  func first<Found>(_ seconds: Double = 5, _ pick: (DataPlaneEvent) -> Found?) -> Found? {
    var found: Found?
    _ = eventually(seconds) {
      found = all.lazy.compactMap(pick).first
      return found != nil
    }
    return found
  }
}
