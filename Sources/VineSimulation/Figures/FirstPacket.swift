import VineAddress
import VineBase
import VineRegistry
import VineRouter

/// A new ViNe of three sites: how long from the first command until their hosts reach one another.
///
/// One site creates it (`vine-mesh vine create`), then the two others join at once (`vine join`), and each puts a host
/// into it as soon as its command is answered (`host add`). Meanwhile all hosts send to one another.
public enum FirstPacket {
  public struct Outcome: Sendable {
    /// Seconds until a host got a packet of another site.
    public let first: Measurement
    /// Seconds until each host had got one of each other site.
    public let all: Measurement
    /// Seconds until the last command was answered.
    public let commands: Measurement
    /// Commands that had to be given again.
    public let refusals: Int
  }

  /// Hosts send this often.
  static let interval = Duration.milliseconds(2)
  static let limit = Duration.seconds(20)

  /// A mesh of sites without ViNes, at rest, with five voters, or seven if it is large.
  /// - Throws: `FoundingError` if they do not come to have so many voters.
  public static func warm(public publicCount: Int, limited: Int) throws -> World {
    try Decisions.warm(
      roundTrip: .milliseconds(50), public: publicCount, limited: limited, voters: publicCount >= 50 ? 7 : 5)
  }

  public static func measure(_ warm: World, seed: UInt64) -> Outcome {
    var world = Decisions.prepared(warm, seed)
    var random = RandomSource(seed: seed ^ 0xF1257)
    let sites = Array(random.shuffled(world.live).prefix(3))
    let hosts = sites.compactMap { world.address(of: 9, at: $0) }
    guard hosts.count == 3, let name = VineName("new") else {
      return Outcome(first: nil, all: nil, commands: nil, refusals: 0)
    }
    let start = world.now
    var founder = Operator(site: sites[0], commands: [.createVine(name)])
    var others: [Operator] = []
    var (first, commands): (Measurement, Measurement) = (nil, nil)
    var reached: Set<[IPv4Address]> = []
    world.forgetDeliveries()
    let all = world.run(atMost: limit, step: interval) { world in
      founder.work(in: &world)
      if founder.isDone, others.isEmpty {
        others = sites.indices.map { number in
          let add = LocalRequest.addHost(hosts[number], name)
          return Operator(site: sites[number], commands: number == 0 ? [add] : [.joinVine(name), add])
        }
      }
      for number in others.indices { others[number].work(in: &world) }
      let passed = Double(world.now - start) / 1e9
      if commands == nil, !others.isEmpty, others.allSatisfy(\.isDone) { commands = passed }
      for delivery in world.deliveries {
        first = first ?? Double(delivery.at - start) / 1e9
        reached.insert([delivery.packet.source, delivery.packet.destination])
      }
      world.forgetDeliveries()
      for (from, source) in zip(sites, hosts) {
        for destination in hosts where destination != source {
          world.sendPacket(from: source, to: destination, at: from)
        }
      }
      return reached.count == 6
    }
    let refusals = others.reduce(founder.refusals.count) { $0 + $1.refusals.count }
    return Outcome(first: first, all: all?.inSeconds, commands: commands, refusals: refusals)
  }
}

extension World {
  /// The address of a host by its place in the first block of its site; nil of a site without a block.
  func address(of host: UInt32, at index: Int) -> IPv4Address? {
    routers[index].directory.view.blocks(of: node(index)).first.map { IPv4Address(rawValue: $0.base.rawValue + host) }
  }
}
