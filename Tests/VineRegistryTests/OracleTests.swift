import Testing
import VineAddress
import VineBase
import VineRegistry

/// A second, deliberately dumb registry of blocks: for each ViNe, a list of who owns each address of a small space.
private struct DumbOwners {
  /// By ViNe (0: all of them), by address.
  var owners: [UInt32: [UInt32: NodeID]] = [:]

  mutating func set(_ block: Block, _ scope: NetworkID?, _ owner: NodeID?) {
    for address in block.base.rawValue...block.last.rawValue {
      owners[scope?.rawValue ?? 0, default: [:]][address] = owner
    }
  }

  /// Who may have packets for an address in a ViNe.
  func owners(of address: UInt32, in network: NetworkID) -> [NodeID] {
    [owners[0]?[address], owners[network.rawValue]?[address]].compactMap { $0 }
  }
}

@Suite struct OracleTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `whatever is asked in whatever order, no address has two owners in one ViNe`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let fixture = try Fixture(founded: false)
    let pool = try #require(Block("172.16.0.0/24"))
    _ = try fixture.run(Fixture.uf, .found(site: site("uf"), hosts: 5, space: pool)).get()
    for (number, node) in [Fixture.nwu, Fixture.pu, Fixture.node(4)].enumerated() {
      try fixture.admit(node, "s\(number)", hosts: 5)
    }
    var dumb = DumbOwners()
    for (block, owner) in fixture.registry.view.blocks { dumb.set(block, nil, owner) }
    let nodes = [Fixture.uf, Fixture.nwu, Fixture.pu, Fixture.node(4)]
    for _ in 0..<150 {
      let author = nodes[random.int(in: 0..<4)]
      let network = NetworkID(rawValue: UInt32(random.int(in: 1..<5)))
      let scope: NetworkID? = random.below(2) == 0 ? nil : network
      let held = random.element(of: fixture.registry.view.holdings(of: author)) ?? ScopedBlock(pool)
      let commands: [RegistryCommand] = [
        .createVine(try vine("v\(random.below(5))")), .takePart(network), .leaveVine(network), .deleteVine(network),
        .allocateBlock(hosts: random.int(in: 1..<30), scope: scope), .releaseBlock(held),
        .allocateBlock(hosts: random.int(in: 1..<30), scope: network),
        .reclaim(nodes[random.int(in: 0..<4)], known: fixture.index), .endQuarantines,
        .delegate(to: author, prefixLength: 28), .endDelegation(reserve: held.block),
      ]
      let before = fixture.registry.view
      fixture.now = WallTime(secondsSince1970: fixture.now.secondsSince1970 + Int64(random.below(20_000)))
      let application = fixture.apply(
        Proposal(
          id: Fixture.id(number: UInt32(fixture.index) + 70_000), author: author, at: fixture.now,
          command: commands[random.int(in: 0..<commands.count)]))
      if case .failure = application.outcome {
        #expect(application.facts.isEmpty && fixture.registry.view.digest == before.digest)
      }
      for fact in application.facts {
        guard let held = fact.key.holding else { continue }
        if case .block(let owner)? = fact.body {
          dumb.set(held.block, held.scope, owner)
        } else {
          dumb.set(held.block, held.scope, nil)
        }
      }
      try expectOneOwner(dumb, fixture.registry.view, pool)
    }
  }

  private func expectOneOwner(_ dumb: DumbOwners, _ view: RegistryView, _ pool: Block) throws {
    for network in view.vines.keys {
      for address in pool.base.rawValue...pool.last.rawValue {
        let owners = dumb.owners(of: address, in: network)
        // One owner, or nobody: also a site alone with itself owns an address once.
        #expect(owners.count <= 1)
      }
    }
    // What the view says of blocks is what the facts said, address by address.
    for (held, owner) in view.blocks.map({ (ScopedBlock($0.0), $0.1) }) + view.scopedBlocks.map({ ($0.0, $0.1) }) {
      #expect(dumb.owners[held.scope?.rawValue ?? 0]?[held.block.base.rawValue] == owner)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `a registry made from a snapshot goes on like the one it was made of`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    var copy = fixture.registry
    for step in 0..<120 {
      let author = random.below(2) == 0 ? Fixture.uf : Fixture.nwu
      let network = NetworkID(rawValue: UInt32(random.int(in: 1..<4)))
      let commands: [RegistryCommand] = [
        .createVine(try vine("v\(random.below(4))")), .takePart(network), .leaveVine(network),
        .allocateBlock(hosts: random.int(in: 1..<30), scope: random.below(2) == 0 ? nil : network),
        .releaseBlock(random.element(of: fixture.registry.view.holdings(of: author)) ?? ScopedBlock(.standardSpace)),
        .reclaim(Fixture.nwu, known: fixture.index), .delegate(to: author, prefixLength: 24),
      ]
      let proposal = Proposal(
        id: Fixture.id(number: UInt32(random.below(100)) + 70_000), author: author, at: fixture.now,
        command: commands[random.int(in: 0..<commands.count)])
      let index = fixture.index + 1
      let first = fixture.apply(proposal)
      let second = copy.apply(proposal, at: index)
      #expect(first.outcome == second.outcome && first.facts == second.facts)
      if step.isMultiple(of: 10) {
        let snapshot = copy.snapshot
        copy = try Registry(snapshot)
        #expect(copy.snapshot == snapshot)
      }
    }
    #expect(copy.snapshot == fixture.registry.snapshot)
  }
}
