import VineBase
import VineRaft
import VineRegistry
import VineRouter

/// How fast the registry decides: with five voters, over a network of one round trip everywhere.
public enum Decisions {
  /// Public VRs, five of which vote, or as many as asked for, and some behind NAT, at rest.
  /// - Throws: `FoundingError` if they do not come to have so many voters.
  public static func warm(
    roundTrip: Duration, public publicCount: Int, limited: Int, voters: Int = 5
  ) throws -> World {
    var shape = World.Shape(count: publicCount + limited)
    shape.limitedPerCent = (limited * 100 + shape.count - 1) / shape.count
    var world = try World.known(shape, seed: 1)
    (world.underlay.latencyMin, world.underlay.latencyMax) = (roundTrip / 2, roundTrip / 2)
    let isReady = world.run(atMost: .seconds(180), step: .seconds(1)) { world in
      world.live.count == world.count && world.isConnected
        && world.live.allSatisfy { world.router($0).directory.view.voters.count == voters }
    }
    guard isReady != nil else {
      let known = world.live.map { world.router($0).directory.view.voters.count }.sorted()
      let lacking = world.live.first { !world.isConnected($0) }.map(world.lacking) ?? "all are connected"
      throw FoundingError(
        description: "VRs know of \(known.first ?? 0) to \(known.last ?? 0) voters, not \(voters); \(lacking)")
    }
    world.run(.seconds(60))
    return world
  }

  /// - Returns: seconds from the leader's end until another one has committed something, by the voters' own logs.
  public static func leaderKill(_ warm: World, seed: UInt64) -> Measurement {
    var world = prepared(warm, seed)
    guard let leader = world.leader else { return nil }
    let term = world.router(leader).registrar.raft.term
    world.crash(leader)
    return world.run(atMost: .seconds(30), step: .milliseconds(5)) { world in
      guard let next = world.leader else { return false }
      let raft = world.router(next).registrar.raft
      return raft.term > term && raft.commitIndex == raft.lastIndex
    }?.inSeconds
  }

  /// - Returns: seconds from the request of a VR behind NAT until it knows its new block.
  public static func allocation(_ warm: World, seed: UInt64) -> Measurement {
    var world = prepared(warm, seed)
    var random = RandomSource(seed: seed)
    let limited = world.live.filter { world.router($0).reachability.role == .limited }
    guard let asker = random.element(of: limited) else { return nil }
    let answers = world.answerCount
    world.request(.requestBlock(hosts: 5, vine: nil), at: asker)
    return world.run(atMost: .seconds(30), step: .milliseconds(5)) { $0.answerCount > answers }?.inSeconds
  }

  /// - Returns: seconds from the end of a voter that does not lead until every VR knows who votes in its place.
  public static func replacement(_ warm: World, seed: UInt64) -> Measurement {
    var world = prepared(warm, seed)
    var random = RandomSource(seed: seed)
    let followers = world.live.filter {
      world.router($0).registrar.isVoter && !world.router($0).registrar.raft.isLeader
    }
    guard let victim = random.element(of: followers) else { return nil }
    let node = world.node(victim)
    world.crash(victim)
    return world.run(atMost: .seconds(120), step: .milliseconds(50)) { world in
      world.live.allSatisfy {
        let voters = world.router($0).directory.view.voters
        return voters.count == 5 && !voters.contains(node)
      }
    }?.inSeconds
  }

  /// A mesh of eight public VRs in two parts for a while, the founder and one more in the smaller one, and the token of a
  /// ninth that was invited before.
  public static func parted(roundTrip: Duration) throws -> World {
    let (count, late) = (9, 8)
    var world = try World.founded(World.Shape(count: count), seed: 1)
    (world.underlay.latencyMin, world.underlay.latencyMax) = (roundTrip / 2, roundTrip / 2)
    world.run(.seconds(2))
    for index in 1..<count { try world.invite(index) }
    for index in 1..<late { world.join(index, with: world.tokens[index - 1], after: .zero) }
    let isReady = world.run(atMost: .seconds(180), step: .seconds(1)) { world in
      world.live.count == late && world.live.allSatisfy { world.router($0).directory.view.reserves.count == 5 }
    }
    guard isReady != nil else { throw FoundingError(description: "five voters with reserves were not chosen") }
    world.partition { $0 < 2 || $0 == late ? 1 : 0 }
    world.run(.seconds(30))
    return world
  }

  /// - Returns: seconds from `vine-mesh join` on the smaller side until the new VR knows its block.
  public static func minorityJoin(_ parted: World, seed: UInt64) -> Measurement {
    var world = prepared(parted, seed)
    let late = world.count - 1
    world.join(late, with: world.tokens[late - 1], after: .zero)
    return world.run(atMost: .seconds(60), step: .milliseconds(5)) { world in
      world.isLive(late) && !world.router(late).directory.view.blocks(of: world.node(late)).isEmpty
    }?.inSeconds
  }

  /// Another run of the mesh, at another moment.
  static func prepared(_ warm: World, _ seed: UInt64) -> World {
    var world = warm
    world.reseed(seed)
    var random = RandomSource(seed: seed)
    world.run(.seconds(2) + random.jitter(.seconds(3)))
    return world
  }
}

extension World {
  /// Who leads, in the newest term.
  var leader: Int? {
    live.filter { routers[$0].registrar.raft.isLeader }
      .max { routers[$0].registrar.raft.term < routers[$1].registrar.raft.term }
  }
}
