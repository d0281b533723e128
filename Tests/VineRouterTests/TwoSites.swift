import Testing
import VineBase
import VineRegistry

@testable import VineRouter

/// Two sites with a host each in one ViNe, 172.16.0.10 and 172.16.1.10.
struct TwoSites {
  let world: World
  let uf, nwu: NodeID
  let first, second: IPv4Address

  init() throws {
    world = try World()
    let key = try World.key(2)
    let physics = try #require(VineName("physics"))
    (uf, nwu) = (world.genesis.founder, key.node)
    first = try #require(IPv4Address("172.16.0.10"))
    second = try #require(IPv4Address("172.16.1.10"))
    try world.add(key, site: "nwu", records: try world.admit(key, site: "nwu"), bootstrap: uf)
    world.run(.seconds(10))
    world.request(.createVine(physics), at: uf)
    world.request(.joinVine(physics), at: nwu)
    world.request(.addHost(first, physics), at: uf)
    world.request(.addHost(second, physics), at: nwu)
    world.run(.seconds(5))
  }

  func explain(_ source: IPv4Address, _ destination: IPv4Address) throws -> Explanation {
    world.request(.explain(source: source, destination: destination), at: uf)
    world.run(.seconds(4))
    guard case .explained(let explanation)? = world.answers.last else {
      Issue.record("no explanation: \(world.failures)")
      throw CancellationError()
    }
    return explanation
  }
}
