import Testing
import VineAddress
import VineBase

@testable import VineRegistry

/// Hash and signature that any program could forge, for tests of what depends on them.
private let toy = GrantTrust(
  hash: { bytes in
    var state = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return (0..<32).map { _ in
      state = state.mixed
      return UInt8(truncatingIfNeeded: state)
    }
  }, isValid: { signature, bytes, author in signature == sign(bytes, author) })

private func sign(_ bytes: [UInt8], _ author: NodeID) -> [UInt8] {
  [UInt8(bytes.count & 255)] + author.bytes + [bytes.reduce(0, ^)]
}

@Suite struct GrantTests {
  /// UF has founded, NWU is a delegate, PU has an invitation.
  private func fixture() throws -> (Fixture, GrantChain, Grant.Admission) {
    let fixture = try Fixture(trust: toy)
    try fixture.admit(Fixture.nwu, "nwu")
    let invitation = Fixture.id(200)
    _ = try fixture.run(
      Fixture.uf, .invite(invitation, secretHash: [1], site: site("pu"), hosts: 50, expires: fixture.later)
    ).get()
    guard case .delegated(let reserve) = try fixture.run(Fixture.uf, .delegate(to: Fixture.nwu, prefixLength: 20)).get()
    else { throw NoReserve() }
    let delegation = try #require(fixture.registry.view.delegation(of: reserve))
    let chain = GrantChain(reserve: reserve, delegation: delegation, delegate: Fixture.nwu, trust: toy)
    return (fixture, chain, Grant.Admission(site: try site("pu"), invitation: invitation, secretHash: [1]))
  }

  private struct NoReserve: Error {}

  private func signed(_ grant: Grant) -> SignedGrant {
    SignedGrant(grant, signature: sign(grant.signedBytes, grant.delegate))
  }

  private func grant(_ chain: inout GrantChain, _ node: NodeID, _ admission: Grant.Admission?) throws -> SignedGrant {
    let next = try #require(chain.next(for: node, admission: admission, hosts: 50))
    try chain.append(signed(next))
    return signed(next)
  }

  private func outcomes(_ result: Result<RegistryAnswer, RegistryRefusal>) throws -> [RatifiedGrant.Outcome] {
    guard case .ratified(let grants) = try result.get() else { throw NoReserve() }
    return grants.map(\.outcome)
  }

  @Test func `a reserve is given to nobody but by its delegate`() throws {
    let (fixture, chain, _) = try fixture()
    for _ in 0..<40 {
      guard case .allocated(let block) = try fixture.run(Fixture.uf, .allocateBlock(hosts: 50, scope: nil)).get() else {
        continue
      }
      #expect(!chain.reserve.overlaps(block))
    }
    #expect(
      fixture.run(Fixture.uf, .delegate(to: Fixture.nwu, prefixLength: 20)) == .failure(.hasReserve(chain.reserve)))
    #expect(
      fixture.run(Fixture.uf, .delegate(to: Fixture.uf, prefixLength: 30))
        == .failure(.badReserveSize(prefixLength: 30)))
  }

  @Test func `what a delegate granted is ratified in the order of its chain, and once`() throws {
    var (fixture, chain, admission) = try fixture()
    let first = try grant(&chain, Fixture.pu, admission)
    let second = try grant(&chain, Fixture.pu, nil)
    #expect(try outcomes(fixture.run(Fixture.nwu, .ratify([second]))) == [.refused(.gap(expected: 1))])
    #expect(try outcomes(fixture.run(Fixture.nwu, .ratify([first, second]))) == [.ratified, .ratified])
    #expect(fixture.registry.view.sites[Fixture.pu]?.name == (try site("pu")))
    #expect(
      fixture.registry.view.blocks(of: Fixture.pu) == [first.grant.block.block, second.grant.block.block].sorted())
    #expect(try outcomes(fixture.run(Fixture.uf, .ratify([first, second]))) == [.knownAlready, .knownAlready])
  }

  @Test func `a grant that another VR signed, or that leaves the reserve, gives nothing`() throws {
    var (fixture, chain, admission) = try fixture()
    let first = try grant(&chain, Fixture.pu, admission)
    let forged = SignedGrant(first.grant, signature: sign(first.grant.signedBytes, Fixture.uf))
    #expect(try outcomes(fixture.run(Fixture.nwu, .ratify([forged]))) == [.refused(.badSignature)])
    let outside = Grant(
      reserve: chain.reserve, delegation: chain.delegation, delegate: Fixture.nwu, sequence: 1,
      previous: first.grant.previous, block: ScopedBlock(try #require(Block("172.31.0.0/24"))), grantee: Fixture.pu,
      admission: admission)
    #expect(try outcomes(fixture.run(Fixture.nwu, .ratify([signed(outside)]))) == [.refused(.outsideReserve)])
    #expect(fixture.registry.view.sites[Fixture.pu] == nil)
  }

  @Test
  func `a delegate that says two things at one place loses its reserve, and nobody gets what is in it for a while`()
    throws
  {
    var (fixture, chain, admission) = try fixture()
    let empty = chain
    let first = try grant(&chain, Fixture.pu, admission)
    var lie = empty
    let other = try #require(lie.next(for: Fixture.uf, admission: nil, hosts: 500))
    try lie.append(signed(other))
    #expect(GrantChain.isEquivocation(first, signed(other), toy))
    #expect(throws: GrantChain.Fault.equivocation(sequence: 1)) { try chain.append(signed(other)) }

    #expect(try outcomes(fixture.run(Fixture.nwu, .ratify([first]))) == [.ratified])
    #expect(try outcomes(fixture.run(Fixture.uf, .ratify([signed(other)]))) == [.refused(.equivocation)])
    #expect(fixture.registry.view.reserves.isEmpty)
    // What was ratified stays, the rest of the reserve is kept free.
    #expect(fixture.registry.view.blocks(of: Fixture.pu) == [first.grant.block.block])
    let kept = fixture.registry.view.quarantines.reduce(UInt64(0)) { $0 + $1.0.block.addressCount }
    #expect(kept == chain.reserve.addressCount - first.grant.block.block.addressCount)
    guard case .allocated(let block) = try fixture.run(Fixture.uf, .allocateBlock(hosts: 50, scope: nil)).get() else {
      return
    }
    #expect(!chain.reserve.overlaps(block))
  }

  @Test func `two grants of one number prove what the delegate did, to whoever has both`() throws {
    var (fixture, chain, admission) = try fixture()
    var lie = chain
    let first = try grant(&chain, Fixture.pu, admission)
    let other = try grant(&lie, Fixture.uf, nil)
    #expect(fixture.run(Fixture.uf, .accuse(first, first)) == .failure(.noEquivocation))
    guard case .success(.quarantined) = fixture.run(Fixture.uf, .accuse(first, other)) else {
      Issue.record("not believed")
      return
    }
    #expect(try outcomes(fixture.run(Fixture.nwu, .ratify([first]))) == [.refused(.noSuchDelegation)])
  }

  @Test func `a reserve without grants comes back whole`() throws {
    let (fixture, chain, _) = try fixture()
    #expect(fixture.run(Fixture.uf, .endDelegation(reserve: chain.reserve)) == .failure(.notYourReserve(chain.reserve)))
    #expect(fixture.run(Fixture.nwu, .endDelegation(reserve: chain.reserve)) == .success(.done))
    #expect(fixture.registry.view.reserves.isEmpty && fixture.registry.view.quarantines.isEmpty)
  }
}
