import Testing
import VineAddress
import VineBase
import VineRegistry

@testable import VineSimulation

/// The registry seen by several sites at once: two sites, with a block each, in a space of eight.
@Suite struct RegistryHistoryTests {
  typealias Item = HistoryItem<ClientOperation, ClientAnswer>

  private let specification = RegistrySpecification(sites: 2)

  private func verdict(_ items: [Item]) -> Linearizability<RegistrySpecification>.Verdict {
    Linearizability(specification).check(items)
  }

  /// What the registry answers to these, one after the other.
  private func answers(_ operations: [ClientOperation]) -> [ClientAnswer] {
    var state = specification.initial
    return operations.map { specification.apply($0, to: &state) }
  }

  private func command(_ number: UInt64, _ site: Int, _ command: RegistryCommand) -> ClientOperation {
    .command(
      Proposal(
        id: RegistryMachine.id(1, number), author: RegistryMachine.site(site), at: WallTime(secondsSince1970: 1),
        command: command))
  }

  private func allocate(_ number: UInt64, _ site: Int) -> ClientOperation {
    command(number, site, .allocateBlock(hosts: RegistryMachine.hostsOfBlock, scope: nil))
  }

  @Test func `two sites that ask at once get one block each, in either order`() {
    let (one, other) = (allocate(1, 0), allocate(2, 1))
    let first = answers([one, other])
    #expect(
      verdict([Item(one, invoked: 0, returned: (9, first[0])), Item(other, invoked: 1, returned: (8, first[1]))])
        == .linearizable)
    let second = answers([other, one])
    #expect(
      verdict([Item(one, invoked: 0, returned: (9, second[1])), Item(other, invoked: 1, returned: (8, second[0]))])
        == .linearizable)
    #expect(first != second.reversed())
  }

  @Test func `one block is not given to two sites`() {
    let (one, other) = (allocate(1, 0), allocate(2, 1))
    let answer = answers([one])[0]
    #expect(
      verdict([Item(one, invoked: 0, returned: (9, answer)), Item(other, invoked: 1, returned: (8, answer))])
        != .linearizable)
  }

  @Test func `a block that was granted is listed`() {
    let (one, list) = (allocate(1, 0), ClientOperation.blocks(of: RegistryMachine.site(0)))
    let (before, after) = (answers([list])[0], answers([one, list]))
    #expect(
      verdict([Item(one, invoked: 0, returned: (1, after[0])), Item(list, invoked: 2, returned: (3, after[1]))])
        == .linearizable)
    #expect(
      verdict([Item(one, invoked: 0, returned: (1, after[0])), Item(list, invoked: 2, returned: (3, before))])
        == .violated(item: 1))
  }

  @Test func `a request without an answer may have been granted`() {
    let (one, list) = (allocate(1, 0), ClientOperation.blocks(of: RegistryMachine.site(0)))
    let (before, after) = (answers([list])[0], answers([one, list])[1])
    #expect(verdict([Item(one, invoked: 0), Item(list, invoked: 2, returned: (3, before))]) == .linearizable)
    #expect(verdict([Item(one, invoked: 0), Item(list, invoked: 2, returned: (3, after))]) == .linearizable)
  }

  @Test func `a request that was carried out twice shows`() {
    let (one, list) = (allocate(1, 0), ClientOperation.blocks(of: RegistryMachine.site(0)))
    let twice = answers([one, allocate(2, 0), list])
    #expect(
      verdict([Item(one, invoked: 0, returned: (1, twice[0])), Item(list, invoked: 2, returned: (3, twice[2]))])
        == .violated(item: 1))
  }

  @Test func `ViNes are judged apart from blocks`() throws {
    let name = try #require(VineName("physics"))
    let create = command(1, 0, .createVine(name))
    let made = answers([create])[0]
    let list = ClientOperation.blocks(of: RegistryMachine.site(0))
    let good = Item(list, invoked: 0, returned: (1, answers([list])[0]))
    #expect(verdict([good, Item(create, invoked: 2, returned: (3, made))]) == .linearizable)
    let lost = Item(.vine(name), invoked: 4, returned: (5, .vine(nil)))
    #expect(verdict([good, Item(create, invoked: 2, returned: (3, made)), lost]) == .violated(item: 2))
  }
}
