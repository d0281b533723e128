import Testing
import VineAddress
import VineBase
import VineRegistry

@Suite struct SessionTests {
  @Test func `one author's flood makes nobody else's retry new`() throws {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    let proposal = Proposal(
      id: Fixture.id(77), author: Fixture.nwu, at: fixture.now, command: .allocateBlock(hosts: 9, scope: nil))
    let first = fixture.apply(proposal)
    for _ in 0..<3000 { _ = fixture.run(Fixture.uf, .leaveVine(NetworkID(rawValue: 9))) }
    let again = fixture.apply(proposal)
    #expect(again.outcome == first.outcome && again.facts.isEmpty)
  }

  @Test func `an identifier that two authors use is two commands`() throws {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    let command = RegistryCommand.allocateBlock(hosts: 9, scope: nil)
    let one = fixture.apply(Proposal(id: Fixture.id(77), author: Fixture.nwu, at: fixture.now, command: command))
    let other = fixture.apply(Proposal(id: Fixture.id(77), author: Fixture.uf, at: fixture.now, command: command))
    #expect(one.outcome != other.outcome && !other.facts.isEmpty)
  }

  @Test func `strangers fill one session, however many they are`() throws {
    let fixture = try Fixture()
    for byte in 10..<250 {
      let outcome = fixture.run(Fixture.node(UInt8(byte)), .leaveVine(NetworkID(rawValue: 1)))
      #expect(outcome == .failure(.notAdmitted))
    }
    #expect(fixture.registry.snapshot.sessions.count == 1)
  }
}
