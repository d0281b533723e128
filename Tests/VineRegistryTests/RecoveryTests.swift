import Testing
import VineAddress
import VineBase

@testable import VineRegistry

@Suite struct RecoveryTests {
  private func recover(
    _ fixture: Fixture, heard: [RegistryFact] = [], quarantine: Duration = .seconds(86_400)
  ) -> RegistryRecovery {
    let recovery = RegistryRecovery(
      of: fixture.registry, heard: heard, by: Fixture.nwu, at: fixture.index + 1000, now: fixture.now,
      quarantine: quarantine)
    recovery.registry.checkInvariants()
    return recovery
  }

  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    try fixture.admit(Fixture.pu, "pu")
    return fixture
  }

  @Test func `owners keep their blocks, and all that the lost majority could have granted is kept free`() throws {
    let fixture = try fixture()
    let recovery = recover(fixture)
    #expect(recovery.registry.view.blocks == fixture.registry.view.blocks)
    let owned = fixture.registry.view.blocks.keys.reduce(UInt64(0)) { $0 + $1.addressCount }
    let kept = recovery.report.quarantined.reduce(UInt64(0)) { $0 + $1.addressCount }
    #expect(owned + kept == Block.standardSpace.addressCount)
    var registry = recovery.registry
    let proposal = Proposal(
      id: Fixture.id(200), author: Fixture.nwu, at: fixture.now, command: .allocateBlock(hosts: 5, scope: nil))
    let refused = registry.apply(proposal, at: fixture.index + 2000)
    #expect(refused.outcome == .failure(.noBlockLeft(hosts: 5, largest: nil, free: 0)))
  }

  @Test func `who knows that nothing was granted meanwhile may allocate at once`() throws {
    var registry = recover(try fixture(), quarantine: .zero).registry
    let proposal = Proposal(
      id: Fixture.id(200), author: Fixture.nwu, at: WallTime(secondsSince1970: 2000),
      command: .allocateBlock(hosts: 5, scope: nil))
    guard case .success(.allocated) = registry.apply(proposal, at: 5000).outcome else {
      Issue.record("no block")
      return
    }
  }

  @Test func `the new epoch's voter is the one that recovered, and every fact of it is newer than any of before`()
    throws
  {
    let fixture = try fixture()
    let recovery = recover(fixture)
    #expect(recovery.report.epoch == 2)
    #expect(recovery.registry.view.voters == [Fixture.nwu])
    #expect(recovery.registry.view.voterReason(Fixture.nwu) == .recovered(through: fixture.index + 999))
    var view = fixture.registry.view
    for fact in recovery.facts {
      let isNews = view.absorb(fact)
      #expect(isNews && fact.version.epoch == 2)
    }
    #expect(view.digest == recovery.registry.view.digest)
  }

  @Test func `what was decided behind the survivor's back stands if the survivor heard of it`() throws {
    let fixture = try fixture()
    let behind = fixture.registry
    _ = try fixture.run(Fixture.pu, .allocateBlock(hosts: 20, scope: nil)).get()
    _ = try fixture.run(Fixture.pu, .createVine(vine("physics"))).get()
    let heard = fixture.registry.facts
    fixture.registry = behind
    let recovery = recover(fixture, heard: heard)
    #expect(recovery.registry.view.blocks(of: Fixture.pu).count == 2)
    #expect(try recovery.registry.view.vine(named: vine("physics")) != nil)
    #expect(recovery.report.adopted.count == 3 && recovery.report.dropped.isEmpty)
    // Identifiers that the lost majority may have used are not used again.
    var registry = recovery.registry
    let proposal = Proposal(
      id: Fixture.id(200), author: Fixture.nwu, at: fixture.now, command: .createVine(try vine("biology")))
    guard case .success(.vine(let network)) = registry.apply(proposal, at: fixture.index + 2000).outcome else {
      Issue.record("no ViNe")
      return
    }
    #expect(network.rawValue > 4096)
  }

  @Test func `what cannot stand beside the rest is taken back, with a fact that says so`() throws {
    let fixture = try fixture()
    let owned = try #require(fixture.registry.view.blocks(of: Fixture.uf).first)
    let (half, _) = try #require(owned.halves)
    let clash = RegistryFact(
      key: .block(half), version: FactVersion(index: fixture.index + 5), body: .block(owner: Fixture.pu))
    let recovery = recover(fixture, heard: [clash])
    #expect(recovery.report.dropped == [.block(half)])
    #expect(recovery.facts.contains { $0.key == .block(half) && $0.body == nil })
    #expect(recovery.registry.view.blocks[owned] == Fixture.uf)
  }
}
