import Testing
import VineAddress
import VineBase
import VineRegistry

@Suite struct ScopedBlockTests {
  private let physics = NetworkID(rawValue: 1)
  private let biology = NetworkID(rawValue: 2)

  /// UF in physics, NWU in biology, PU in none.
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    try fixture.admit(Fixture.pu, "pu")
    _ = try fixture.run(Fixture.uf, .createVine(vine("physics"))).get()
    _ = try fixture.run(Fixture.nwu, .createVine(vine("biology"))).get()
    return fixture
  }

  private func block(_ outcome: Result<RegistryAnswer, RegistryRefusal>) throws -> Block {
    guard case .allocated(let block) = try outcome.get() else { throw NoBlock() }
    return block
  }

  private struct NoBlock: Error {}

  @Test func `two sites whose ViNes never meet may hold the same block`() throws {
    let fixture = try fixture()
    let one = try block(fixture.run(Fixture.uf, .allocateBlock(hosts: 100, scope: physics)))
    let other = try block(fixture.run(Fixture.nwu, .allocateBlock(hosts: 100, scope: biology)))
    #expect(one == other)
    #expect(fixture.registry.view.blocks(of: Fixture.uf, in: physics).contains(one))
    #expect(!fixture.registry.view.blocks(of: Fixture.uf, in: biology).contains(one))
  }

  @Test func `within one ViNe two scoped blocks share no address`() throws {
    let fixture = try fixture()
    _ = try fixture.run(Fixture.pu, .takePart(physics)).get()
    let one = try block(fixture.run(Fixture.uf, .allocateBlock(hosts: 100, scope: physics)))
    let other = try block(fixture.run(Fixture.pu, .allocateBlock(hosts: 100, scope: physics)))
    #expect(!one.overlaps(other))
  }

  @Test func `a block that counts in all ViNes shares no address with one that counts in a single ViNe`() throws {
    let fixture = try fixture()
    let scoped = try block(fixture.run(Fixture.uf, .allocateBlock(hosts: 100, scope: physics)))
    let everywhere = try block(fixture.run(Fixture.nwu, .allocateBlock(hosts: 100, scope: nil)))
    #expect(!scoped.overlaps(everywhere))
  }

  @Test func `a site that would see two owners of one address may not take part`() throws {
    let fixture = try fixture()
    let shared = try block(fixture.run(Fixture.uf, .allocateBlock(hosts: 100, scope: physics)))
    _ = try block(fixture.run(Fixture.nwu, .allocateBlock(hosts: 100, scope: biology)))
    _ = try fixture.run(Fixture.pu, .takePart(physics)).get()
    #expect(fixture.run(Fixture.pu, .takePart(biology)) == .failure(.twoOwners(shared, other: physics)))
    // Who meets the ViNe first gets blocks that do not clash.
    _ = try fixture.run(Fixture.nwu, .releaseBlock(ScopedBlock(shared, scope: biology))).get()
    _ = try fixture.run(Fixture.pu, .takePart(biology)).get()
    let later = try block(fixture.run(Fixture.nwu, .allocateBlock(hosts: 100, scope: biology)))
    #expect(!later.overlaps(shared))
  }

  @Test func `only who takes part in a ViNe gets a block in it, and gives it back before leaving`() throws {
    let fixture = try fixture()
    #expect(fixture.run(Fixture.pu, .allocateBlock(hosts: 10, scope: physics)) == .failure(.noPart(physics)))
    let unknown = NetworkID(rawValue: 99)
    #expect(fixture.run(Fixture.pu, .allocateBlock(hosts: 10, scope: unknown)) == .failure(.unknownVine(unknown)))
    let held = try block(fixture.run(Fixture.uf, .allocateBlock(hosts: 10, scope: physics)))
    #expect(fixture.run(Fixture.uf, .leaveVine(physics)) == .failure(.scopedBlockLeft(physics, held)))
    _ = try fixture.run(Fixture.uf, .releaseBlock(ScopedBlock(held, scope: physics))).get()
    _ = try fixture.run(Fixture.uf, .leaveVine(physics)).get()
  }

  @Test func `what counts in a ViNe alone ends with the ViNe`() throws {
    let fixture = try fixture()
    let held = try block(fixture.run(Fixture.uf, .allocateBlock(hosts: 10, scope: physics)))
    _ = try fixture.run(Fixture.uf, .deleteVine(physics)).get()
    #expect(fixture.registry.view.scopedBlocks.isEmpty)
    #expect(try block(fixture.run(Fixture.pu, .allocateBlock(hosts: 10, scope: nil))) == held)
  }

  @Test func `a ViNe is renamed by who takes part in it, to a name that is free`() throws {
    let fixture = try fixture()
    #expect(try fixture.run(Fixture.nwu, .renameVine(physics, vine("chemistry"))) == .failure(.noPart(physics)))
    #expect(
      try fixture.run(Fixture.uf, .renameVine(physics, vine("biology"))) == .failure(.vineNameTaken(vine("biology"))))
    #expect(try fixture.run(Fixture.uf, .renameVine(physics, vine("chemistry"))) == .success(.vine(physics)))
    #expect(try fixture.registry.view.vine(named: vine("chemistry")) == physics)
    #expect(try fixture.registry.view.vine(named: vine("physics")) == nil)
  }
}
