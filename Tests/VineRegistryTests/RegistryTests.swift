import Testing
import VineAddress
import VineBase
import VineRegistry

@Suite struct NameTests {
  @Test func `upper case is folded`() { #expect(SiteName("UF")?.description == "uf") }

  @Test(arguments: ["", "1uf", "-uf", "u f", "uf/", "ü", String(repeating: "a", count: 64)])
  func `what is no name is refused`(text: String) { #expect(SiteName(text) == nil && VineName(text) == nil) }
}

@Suite struct FoundingTests {
  @Test func `the founder gets the first block`() throws {
    let fixture = try Fixture()
    #expect(fixture.registry.view.blocks(of: Fixture.uf).map(\.description) == ["172.16.0.0/24"])
    #expect(fixture.registry.view.space == Block.standardSpace)
  }

  @Test func `a mesh is founded once, and before anything else`() throws {
    let fixture = try Fixture(founded: false)
    #expect(fixture.run(Fixture.uf, .createVine(try vine("physics"))) == .failure(.notFounded))
    let founded = try Fixture()
    let again = founded.run(Fixture.nwu, .found(site: try site("nwu"), hosts: 1, space: Block.standardSpace))
    #expect(again == .failure(.alreadyFounded))
  }
}

@Suite struct AdmissionTests {
  @Test func `an invited VR is admitted with a block of its own size`() throws {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    #expect(fixture.registry.view.sites[Fixture.nwu]?.name.description == "nwu")
    #expect(fixture.registry.view.blocks(of: Fixture.nwu).map(\.description) == ["172.16.1.0/25"])
  }

  @Test func `an invitation serves one VR, which may ask again`() throws {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    let again = RegistryCommand.admit(node: Fixture.nwu, invitation: Fixture.id(102), secretHash: [1])
    #expect(
      try fixture.run(Fixture.uf, again) == .success(.admitted(site: site("nwu"), #require(Block("172.16.1.0/25")))))
    let other = RegistryCommand.admit(node: Fixture.pu, invitation: Fixture.id(102), secretHash: [1])
    #expect(fixture.run(Fixture.uf, other) == .failure(.invitationUsed(by: Fixture.nwu)))
  }

  @Test func `an expired, unknown or mistyped invitation is refused`() throws {
    let fixture = try Fixture()
    let expires = fixture.later
    let id = Fixture.id(9)
    _ = try fixture.run(Fixture.uf, .invite(id, secretHash: [1], site: site("pu"), hosts: 5, expires: expires)).get()
    #expect(
      fixture.run(Fixture.uf, .admit(node: Fixture.pu, invitation: id, secretHash: [2])) == .failure(.secretMismatch))
    #expect(
      fixture.run(Fixture.uf, .admit(node: Fixture.pu, invitation: Fixture.id(8), secretHash: [1]))
        == .failure(.unknownInvitation))
    fixture.now = expires
    #expect(
      fixture.run(Fixture.uf, .admit(node: Fixture.pu, invitation: id, secretHash: [1]))
        == .failure(.invitationExpired(at: expires)))
  }

  @Test func `names and tags are unique`() throws {
    let fixture = try Fixture()
    let command = RegistryCommand.invite(
      Fixture.id(9), secretHash: [1], site: try site("uf"), hosts: 5, expires: fixture.later)
    #expect(try fixture.run(Fixture.uf, command) == .failure(.siteNameTaken(site("uf"))))
    let twin = try #require(NodeID([UInt8](repeating: 1, count: 31) + [7]))
    _ = try fixture.run(
      Fixture.uf, .invite(Fixture.id(9), secretHash: [1], site: site("twin"), hosts: 5, expires: fixture.later)
    ).get()
    #expect(
      fixture.run(Fixture.uf, .admit(node: twin, invitation: Fixture.id(9), secretHash: [1])) == .failure(.tagTaken))
  }

  @Test func `strangers and revoked VRs command nothing`() throws {
    let fixture = try Fixture()
    #expect(try fixture.run(Fixture.pu, .createVine(vine("physics"))) == .failure(.notAdmitted))
    try fixture.admit(Fixture.pu, "pu")
    #expect(fixture.run(Fixture.uf, .revoke(Fixture.pu)) == .success(.done))
    #expect(try fixture.run(Fixture.pu, .createVine(vine("physics"))) == .failure(.revoked))
  }
}

@Suite struct BlockTests {
  @Test func `a block that holds too many hosts, or none, is refused with what is free`() throws {
    let fixture = try Fixture()
    let largest = try #require(Block("172.24.0.0/13"))
    let free = UInt64(1 << 20) - 256
    for hosts in [1 << 20, 0] {
      #expect(
        fixture.run(Fixture.uf, .allocateBlock(hosts: hosts, scope: nil))
          == .failure(.noBlockLeft(hosts: hosts, largest: largest, free: free)))
    }
  }

  @Test func `a site releases its own blocks but keeps one`() throws {
    let fixture = try Fixture()
    let first = try #require(Block("172.16.0.0/24"))
    #expect(fixture.run(Fixture.uf, .releaseBlock(ScopedBlock(first))) == .failure(.lastBlock(first)))
    guard case .success(.allocated(let second)) = fixture.run(Fixture.uf, .allocateBlock(hosts: 10, scope: nil)) else {
      Issue.record("no second block")
      return
    }
    try fixture.admit(Fixture.nwu, "nwu")
    #expect(
      fixture.run(Fixture.nwu, .releaseBlock(ScopedBlock(second))) == .failure(.blockNotYours(ScopedBlock(second))))
    #expect(fixture.run(Fixture.uf, .releaseBlock(ScopedBlock(second))) == .success(.done))
    #expect(fixture.registry.view.blocks[second] == nil)
  }
}

@Suite struct VineTests {
  @Test func `the creator takes part, others join and leave`() throws {
    let fixture = try Fixture()
    try fixture.admit(Fixture.nwu, "nwu")
    let network = NetworkID(rawValue: 1)
    #expect(try fixture.run(Fixture.uf, .createVine(vine("physics"))) == .success(.vine(network)))
    #expect(try fixture.run(Fixture.nwu, .createVine(vine("physics"))) == .failure(.vineNameTaken(vine("physics"))))
    #expect(fixture.run(Fixture.nwu, .takePart(network)) == .success(.vine(network)))
    #expect(fixture.registry.view.participants(of: network) == [Fixture.uf, Fixture.nwu])
    #expect(fixture.run(Fixture.uf, .deleteVine(network)) == .failure(.vineInUse(network, participants: 1)))
    #expect(fixture.run(Fixture.nwu, .leaveVine(network)) == .success(.vine(network)))
    #expect(fixture.run(Fixture.uf, .deleteVine(network)) == .success(.done))
    #expect(fixture.registry.view.participants(of: network) == [])
    #expect(fixture.run(Fixture.uf, .takePart(network)) == .failure(.unknownVine(network)))
  }

  @Test func `a deleted ViNe's identifier is never given out again`() throws {
    let fixture = try Fixture()
    _ = try fixture.run(Fixture.uf, .createVine(vine("a"))).get()
    _ = fixture.run(Fixture.uf, .deleteVine(NetworkID(rawValue: 1)))
    #expect(try fixture.run(Fixture.uf, .createVine(vine("a"))) == .success(.vine(NetworkID(rawValue: 2))))
  }
}

@Suite struct RetryTests {
  @Test func `a repeated proposal gets its first outcome and changes nothing`() throws {
    let fixture = try Fixture()
    let proposal = Proposal(
      id: Fixture.id(77), author: Fixture.uf, at: fixture.now, command: .allocateBlock(hosts: 9, scope: nil))
    let first = fixture.apply(proposal)
    let digest = fixture.registry.view.digest
    let second = fixture.apply(proposal)
    #expect(first.outcome == second.outcome && second.facts.isEmpty && fixture.registry.view.digest == digest)
  }
}

@Suite struct FactTests {
  @Test func `every key reads what it wrote, and nothing else`() throws {
    let keys: [FactKey] = [
      .mesh, .site(Fixture.uf), .block(Block.standardSpace), .vine(NetworkID(rawValue: 7)),
      .participation(NetworkID(rawValue: 7), Fixture.pu), .revocation(Fixture.nwu),
      .scopedBlock(NetworkID(rawValue: 7), Block.standardSpace), .reserve(Block.standardSpace),
      .quarantine(ScopedBlock(Block.standardSpace)),
      .quarantine(ScopedBlock(Block.standardSpace, scope: NetworkID(rawValue: 7))), .voter(Fixture.uf),
    ]
    for key in keys {
      #expect(FactKey(bytes: key.bytes) == key)
      #expect(FactKey(bytes: key.bytes + [0]) == nil)
      #expect(FactKey(bytes: Array(key.bytes.dropLast())) == nil)
    }
    #expect(keys == keys.sorted())
    #expect(FactKey(bytes: [3, 1, 2, 3, 4, 99]) == nil)
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `a view does not depend on the order of arrival`(seed: UInt64) throws {
    let fixture = try Fixture()
    var random = RandomSource(seed: seed)
    try fixture.admit(Fixture.nwu, "nwu")
    try fixture.admit(Fixture.pu, "pu")
    var facts = fixture.registry.facts
    let nodes = [Fixture.uf, Fixture.nwu, Fixture.pu]
    for step in 0..<60 {
      let author = nodes[random.int(in: 0..<3)]
      let network = NetworkID(rawValue: UInt32(random.below(6)))
      let block = random.element(of: fixture.registry.view.blocks.keys) ?? Block.standardSpace
      let commands: [RegistryCommand] = [
        .createVine(try vine("v\(random.below(6))")), .deleteVine(network), .takePart(network), .leaveVine(network),
        .allocateBlock(hosts: random.int(in: 1..<400), scope: nil), .releaseBlock(ScopedBlock(block)),
        .allocateBlock(hosts: random.int(in: 1..<400), scope: network),
        .renameVine(network, try vine("w\(random.below(6))")),
      ]
      let id = try #require(UniqueID((0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }))
      let proposal = Proposal(id: id, author: author, at: fixture.now, command: commands[step % commands.count])
      facts += fixture.apply(proposal).facts
    }
    var view = RegistryView()
    for fact in random.shuffled(facts + facts.prefix(20)) { _ = view.absorb(fact) }
    #expect(view.digest == fixture.registry.view.digest)
    #expect(view.blocks == fixture.registry.view.blocks && view.sites == fixture.registry.view.sites)
    #expect(view.vines == fixture.registry.view.vines)
  }

  @Test func `a fact whose body is of another kind is not taken`() {
    var view = RegistryView()
    let mismatched = view.absorb(RegistryFact(key: .mesh, index: 1, body: .participation))
    let fact = RegistryFact(key: .mesh, index: 1, body: .mesh(space: Block.standardSpace))
    let (first, second) = (view.absorb(fact), view.absorb(fact))
    #expect(!mismatched && first && !second)
  }
}
