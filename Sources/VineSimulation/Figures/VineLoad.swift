import VineAddress
import VineBase
import VineGossip
import VineRegistry
import VineRouter

/// Many ViNes over some sites, all made by commands at the sites at the same time.
public struct VineLoad: Sendable {
  public var sites = 100
  public var vines = 1000
  /// Sites in each ViNe, the one that creates it among them.
  public var sitesPerVine = 4
  /// ViNes that a site is in, at most.
  public var vinesPerSiteMax = 50
  /// Hosts of a site, which are in its ViNes in turn.
  public var hostsPerSite = 20
  public var lossPerCent = 0

  public init() {}

  public struct Outcome: Sendable {
    /// Seconds until the last command was answered.
    public let commands: Measurement
    /// Seconds from then until all live VRs had the same GNDTs.
    public let agreement: Measurement
    /// Seconds from then until each VR saw, by what all others told, that all agree.
    public let told: Measurement
    /// Commands that had to be given again, and why the first.
    public let refusals: Int
    public let refusal: String?
    /// Sent and received by a VR while all this went on, on average.
    public let bytesPerVR: Double
    /// Ranges in all GNDTs together, of which every VR has a copy, and in the forwarding table that has most.
    public let entries: Int
    public let forwardingEntriesMax: Int
    /// Bytes of the longest record that a VR has published.
    public let recordBytesMax: Int
    /// Where a table is not what registry and LNDTs say; nil: nowhere.
    public let fault: String?
  }

  static let step = Duration.milliseconds(20)
  static let limit = Duration.seconds(600)

  /// A mesh of public sites without ViNes, at rest, with all the voters that it is to have.
  /// - Throws: `FoundingError` if they are not chosen.
  public func warm(seed: UInt64) throws -> World {
    var world = try World.known(World.Shape(count: sites), seed: seed)
    let voters = sites >= 50 ? 7 : min(5, (sites - 1) | 1)
    let isReady = world.run(atMost: .seconds(180), step: .seconds(1)) { world in
      world.live.count == sites && world.isConnected && world.rootsAgree
        && world.live.allSatisfy { world.router($0).directory.view.voters.count == voters }
    }
    guard isReady != nil else { throw FoundingError(description: "\(voters) voters were not chosen") }
    world.run(.seconds(30))
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    return world
  }

  /// Makes all the ViNes in `world`, which then holds them.
  public func make(in world: inout World, seed: UInt64) -> Outcome {
    world.reseed(seed)
    var random = RandomSource(seed: seed)
    var operators = operators(in: world, &random)
    let commands = world.run(atMost: Self.limit, step: Self.step) { world in
      for index in operators.indices { operators[index].work(in: &world) }
      return operators.allSatisfy(\.isDone)
    }
    var agreement: Duration?
    if commands != nil {
      agreement = world.run(atMost: Self.limit, step: Self.step) { $0.tablesAgree }
    }
    let bytes = Double(world.bytesOfAll) / Double(max(1, world.live.count))
    var told: Duration?
    if agreement != nil {
      told = world.run(atMost: .seconds(120), step: .milliseconds(200)) { $0.agreementIsSeen }
    }
    let refusals = operators.flatMap(\.refusals)
    return Outcome(
      commands: commands?.inSeconds, agreement: agreement?.inSeconds, told: told?.inSeconds, refusals: refusals.count,
      refusal: refusals.first?.message, bytesPerVR: bytes, entries: world.tableEntries,
      forwardingEntriesMax: world.vrs.compactMap(\.plane.table?.entryCount).max() ?? 0,
      recordBytesMax: world.recordBytesMax, fault: TableModel(world).flatMap { $0.fault(in: world) })
  }

  /// One more site takes part in some ViNe, with a host.
  /// - Returns: seconds from the first of the two commands until every VR's GNDT of the ViNe has the host.
  public static func change(_ made: World, seed: UInt64) -> Measurement {
    var world = made
    world.reseed(seed)
    var random = RandomSource(seed: seed)
    world.run(.seconds(1) + random.jitter(.seconds(2)))
    let view = world.router(0).directory.view
    guard let network = random.element(of: view.vines.keys), let name = view.vines[network]?.name else { return nil }
    let outside = world.live.filter { !view.takesPart(world.node($0), in: network) }
    guard let site = random.element(of: outside), let host = world.address(of: 40, at: site) else { return nil }
    var operators = [Operator(site: site, commands: [.joinVine(name), .addHost(host, name)])]
    let node = world.node(site)
    var waiting = world.live
    return world.run(atMost: .seconds(60), step: .milliseconds(5)) { world in
      operators[0].work(in: &world)
      waiting.removeAll { world.router($0).directory.tables[network]?.owner(of: host) == node }
      return waiting.isEmpty
    }?.inSeconds
  }

  /// Each site creates its share of the ViNes and joins those of others; behind each such command it puts a host in.
  private func operators(in world: World, _ random: inout RandomSource) -> [Operator] {
    var commands = Array(repeating: [LocalRequest](), count: sites)
    var counts = Array(repeating: 0, count: sites)
    func takePart(_ site: Int, _ command: LocalRequest, _ name: VineName) {
      commands[site].append(command)
      let host = UInt32(2 + counts[site] % hostsPerSite)
      if let address = world.address(of: host, at: site) { commands[site].append(.addHost(address, name)) }
      counts[site] += 1
    }
    let names = (0..<vines).compactMap { VineName("vine\($0)") }
    for (number, name) in names.enumerated() { takePart(number % sites, .createVine(name), name) }
    for (number, name) in names.enumerated() {
      let others = (0..<sites).filter { $0 != number % sites && counts[$0] < vinesPerSiteMax }
      for site in random.shuffled(others).prefix(sitesPerVine - 1) { takePart(site, .joinVine(name), name) }
    }
    return commands.enumerated().map { Operator(site: $0, commands: $1) }
  }
}

extension World {
  /// All live VRs have equal GNDTs of the same ViNes.
  var tablesAgree: Bool {
    guard let first = live.first else { return true }
    let expected = routers[first].directory.tables
    let summaries = expected.values.map(\.summary)
    return live.dropFirst().allSatisfy { index in
      let tables = routers[index].directory.tables
      return tables.count == expected.count && zip(tables.values, summaries).allSatisfy { $0.summary == $1 }
    }
  }

  /// Every live VR sees that all agree on each ViNe it takes part in.
  var agreementIsSeen: Bool {
    live.allSatisfy { index in
      let router = routers[index]
      return router.directory.view.networks(of: router.node).allSatisfy {
        router.agreement(on: $0)?.isReached ?? false
      }
    }
  }

  /// Ranges in the GNDTs of one live VR, all ViNes together.
  var tableEntries: Int {
    live.first.map { routers[$0].directory.tables.values.reduce(0) { $0 + $1.entryCount } } ?? 0
  }

  var recordBytesMax: Int {
    live.compactMap { index in
      routers[index].gossip.store[RecordKey(kind: .vr, id: node(index).bytes)]?.payload.count
    }.max() ?? 0
  }
}
