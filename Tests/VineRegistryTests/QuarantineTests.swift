import Testing
import VineAddress
import VineBase
import VineRegistry

@Suite struct QuarantineTests {
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    try fixture.admit(Fixture.pu, "pu")
    return fixture
  }

  private func wait(_ fixture: Fixture, _ seconds: Int64) {
    fixture.now = WallTime(secondsSince1970: fixture.now.secondsSince1970 + seconds)
  }

  @Test func `a dead owner's blocks are given to nobody before their quarantine has ended by consensus`() throws {
    let fixture = try fixture()
    let lost = fixture.registry.view.blocks(of: Fixture.nwu)
    guard
      case .success(.quarantined(blocks: 1, _)) = fixture.run(Fixture.uf, .reclaim(Fixture.nwu, known: fixture.index))
    else {
      Issue.record("not reclaimed")
      return
    }
    #expect(fixture.registry.view.blocks(of: Fixture.nwu).isEmpty)
    guard case .success(.allocated(let block)) = fixture.run(Fixture.pu, .allocateBlock(hosts: 100, scope: nil)) else {
      Issue.record("no block")
      return
    }
    #expect(!lost.contains { $0.overlaps(block) })
    guard case .failure(.noQuarantineOver) = fixture.run(Fixture.uf, .endQuarantines) else {
      Issue.record("ended at once")
      return
    }
    wait(fixture, Registry.quarantineSeconds + 1)
    // Two authors' clocks have to agree that the time is over.
    _ = fixture.run(Fixture.pu, .leaveVine(NetworkID(rawValue: 1)))
    #expect(fixture.run(Fixture.uf, .endQuarantines) == .success(.freed(blocks: 1)))
    #expect(fixture.run(Fixture.pu, .allocateBlock(hosts: 100, scope: nil)) == .success(.allocated(lost[0])))
  }

  @Test func `one clock that is far ahead ends no quarantine`() throws {
    let fixture = try fixture()
    _ = try fixture.run(Fixture.uf, .reclaim(Fixture.nwu, known: fixture.index)).get()
    let before = fixture.now
    wait(fixture, 10 * Registry.quarantineSeconds)
    _ = fixture.run(Fixture.pu, .leaveVine(NetworkID(rawValue: 1)))
    fixture.now = before
    guard case .failure(.noQuarantineOver) = fixture.run(Fixture.uf, .endQuarantines) else {
      Issue.record("one clock ended it")
      return
    }
  }

  @Test func `a VR that spoke since keeps its blocks, and what was taken once is not taken twice`() throws {
    let fixture = try fixture()
    let known = fixture.index
    _ = fixture.run(Fixture.nwu, .leaveVine(NetworkID(rawValue: 1)))
    #expect(
      fixture.run(Fixture.uf, .reclaim(Fixture.nwu, known: known)) == .failure(.ownerLives(at: fixture.index - 1)))
    let later = fixture.index
    _ = try fixture.run(Fixture.uf, .reclaim(Fixture.nwu, known: later)).get()
    #expect(fixture.run(Fixture.pu, .reclaim(Fixture.nwu, known: later)) == .failure(.nothingToReclaim))
  }
}
