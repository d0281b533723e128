import VineBase
import VineGossip

/// Everything at once: joins, restarts, and partitions that end.
public enum Upheaval {
  public struct Join: Sendable {
    public let seconds: Measurement
    /// Bytes that the bootstrap peer sent, of all that were sent.
    public let bootstrapShare: Double
    public let joined: Int
  }

  /// Sites that begin to join in a second.
  static let joinsPerSecond = 250

  /// All sites but the founder's join through the founder, as fast as an administrator's script would have it.
  public static func join(count: Int, seed: UInt64) throws -> Join {
    var world = try joining(count: count, seed: seed)
    let sent = world.vrs.map(\.bytesSent)
    let time = world.run(atMost: .seconds(300), step: .milliseconds(250)) { world in
      world.live.count == count && world.everybodyKnowsEverybody
    }
    let bytes = zip(world.vrs, sent).map { $0.bytesSent - $1 }
    return Join(
      seconds: time?.inSeconds, bootstrapShare: Double(bytes[0]) / Double(max(1, bytes.reduce(0, +))),
      joined: world.live.count)
  }

  /// The mesh at the moment when the first begins to join.
  public static func joining(count: Int, seed: UInt64) throws -> World {
    var world = try World.founded(World.Shape(count: count), seed: seed)
    world.run(.seconds(2))
    for index in 1..<count { try world.invite(index) }
    guard world.tokens.count == count - 1 else {
      throw FoundingError(description: "\(world.tokens.count) of \(count - 1) invitations")
    }
    let tokens = world.tokens
    var random = RandomSource(seed: seed)
    for index in 1..<count {
      let delay = random.jitter(.seconds(1) * count / joinsPerSecond)
      world.join(index, with: tokens[index - 1], after: delay)
    }
    return world
  }

  public struct Restart: Sendable {
    public let seconds: Measurement
    /// VRs that were dead before and that anybody held for alive afterwards.
    public let resurrected: Int
    public let bytesPerVR: Double
    /// The busiest VR's bytes, sent and received, in its busiest second.
    public let peakBytesPerSecond: Int
  }

  /// All VRs crash at once and start again within a second, but for five that had died before and stay dead.
  public static func restart(_ warm: World, seed: UInt64, lossPerCent: Int) -> Restart {
    var world = warm
    world.reseed(seed)
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    var random = RandomSource(seed: seed)
    world.run(random.jitter(.seconds(5)))
    let gone = Array(random.shuffled(Array(1..<world.count)).prefix(5))
    for index in gone { world.crash(index) }
    world.run(.seconds(60))
    let back = world.live
    for index in back { world.crash(index) }
    world.forgetVerdicts()
    for index in back { world.start(index, after: random.jitter(.seconds(1))) }
    let before = world.bytesOfAll
    var (peak, last) = (0, world.vrs.map { $0.bytesSent + $0.bytesReceived })
    var resurrected: Set<Int> = []
    let time = world.run(atMost: .seconds(300), step: .seconds(1)) { world in
      let bytes = world.vrs.map { $0.bytesSent + $0.bytesReceived }
      peak = max(peak, zip(bytes, last).map { $0 - $1 }.max() ?? 0)
      last = bytes
      for verdict in world.verdicts where verdict.state == .alive && gone.contains(verdict.about) {
        resurrected.insert(verdict.about)
      }
      world.forgetVerdicts()
      return world.live.count == back.count && world.rootsAgree && world.hasNewest(of: back)
        && world.holdsForDead(gone, and: back)
    }
    return Restart(
      seconds: time?.inSeconds, resurrected: resurrected.count,
      bytesPerVR: Double(world.bytesOfAll - before) / Double(back.count), peakBytesPerSecond: peak)
  }

  /// A mesh in two halves, for `duration`; a tenth of the VRs on each side got a new host meanwhile.
  public static func partitioned(_ warm: World, seed: UInt64, for duration: Duration) -> World {
    var world = warm
    world.reseed(seed)
    var random = RandomSource(seed: seed)
    let order = random.shuffled(Array(0..<world.count))
    var sides = Array(repeating: UInt8(0), count: world.count)
    for index in order.prefix(world.count / 2) { sides[index] = 1 }
    world.partition { sides[$0] }
    world.run(duration / 2)
    for (number, members) in world.vineMembers.enumerated() { world.addHost(at: members[0], vine: number, number: 11) }
    world.run(duration / 2)
    world.forgetVerdicts()
    return world
  }

  /// - Returns: seconds from the end of the partition until all stores are equal and nobody living is held for dead.
  public static func heal(_ split: World, seed: UInt64, lossPerCent: Int) -> Measurement {
    var world = split
    world.reseed(seed)
    world.underlay.lossPerTenThousand = UInt64(lossPerCent * 100)
    var random = RandomSource(seed: seed)
    world.run(random.jitter(.seconds(10)))
    world.underlay.mendAll()
    return world.run(atMost: .seconds(300), step: .milliseconds(100)) { world in
      world.rootsAgree && world.holdsForDead([], and: world.live)
    }?.inSeconds
  }
}

extension World {
  mutating func invite(_ index: Int) throws {
    request(.invite(site: try Founding.site(index), hosts: Founding.hosts, validFor: .seconds(86_400)), at: 0)
    run(syncTime + .milliseconds(1))
  }

  /// Every live VR has the record of every live VR, and owns a block.
  var everybodyKnowsEverybody: Bool {
    let keys = live.map { RecordKey(kind: .vr, id: node($0).bytes) }
    let expected = keys.count
    for index in live {
      // Cheap look first.
      guard routers[index].gossip.allCount >= expected, !routers[index].directory.view.blocks(of: node(index)).isEmpty
      else { return false }
    }
    return true
  }

  /// Every live VR has the newest record of each of `others`.
  func hasNewest(of others: [Int]) -> Bool {
    for other in others {
      guard version(of: other, at: other)?.epoch == vrs[other].store.incarnation else { return false }
    }
    // Equal roots were checked before: one VR speaks for all.
    guard let one = others.first else { return true }
    return others.allSatisfy { version(of: $0, at: one) == version(of: $0, at: $0) }
  }

  /// Every live VR holds all of `gone` for dead and none of `back`. Equal roots hold the same verdicts, so one VR
  /// speaks for all.
  func holdsForDead(_ gone: [Int], and back: [Int]) -> Bool {
    guard let one = back.first else { return true }
    let gossip = routers[one].gossip
    return gone.allSatisfy { gossip.member(node($0))?.state == .dead }
      && back.allSatisfy { $0 == one || gossip.member(node($0))?.state != .dead }
  }
}
