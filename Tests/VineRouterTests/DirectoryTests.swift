import Testing
import VineAddress
import VineBase
import VineGossip
import VineRegistry
import VineRouting
import VineWire

@testable import VineRouter

/// The directory, which changes its tables by what each record says, against one that looks at everything again.
@Suite struct DirectoryTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `after every record the tables are those that all records derive`(seed: UInt64) throws {
    var story = Story(seed: seed)
    var (directory, oracle) = (Directory(), Oracle())
    for _ in 0..<120 {
      let record = try story.next()
      _ = directory.absorb(record)
      try oracle.take(record)
      #expect(try oracle.agrees(with: directory))
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `tables, versions and digests do not depend on the order of arrival`(seed: UInt64) throws {
    var story = Story(seed: seed)
    var records: [SignedRecord] = []
    for _ in 0..<200 { records.append(try story.next()) }
    var (first, second) = (Directory(), Directory())
    for record in records { _ = first.absorb(record) }
    // Gossip takes no older record of a VR than it has; facts may come in any order.
    var newest = RecordStoreLike()
    for record in story.random.shuffled(records) where newest.takes(record) { _ = second.absorb(record) }
    #expect(first.tables.keys == second.tables.keys)
    for (network, table) in first.tables {
      #expect(second.tables[network]?.summary == table.summary && second.tables[network]?.entries == table.entries)
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `whoever learns more has a later version, and the same version goes with the same table`(seed: UInt64) throws {
    var story = Story(seed: seed, changesBlocks: false)
    var directory = Directory()
    for (number, node) in story.nodes.enumerated() {
      let address = IPv4Address(rawValue: 0x0A00_0000 + 16 * UInt32(number))
      _ = directory.absorb(story.fact(.block(Block.holding(address, prefixLength: 28)), .block(owner: node)))
    }
    var seen: [NetworkID: GNDT] = [:]
    for _ in 0..<150 {
      _ = directory.absorb(try story.next())
      for network in directory.takeChanges() {
        guard let table = directory.tables[network] else { continue }
        if let before = seen[network] {
          #expect(before.version <= table.version)
          #expect(before.digest == table.digest || before.version < table.version)
        }
        seen[network] = table
      }
    }
    #expect(!seen.isEmpty)
  }

  @Test func `only ViNes that a record says something new of are told as changed`() throws {
    var story = Story(seed: 1)
    let (network, other) = (NetworkID(rawValue: 1), NetworkID(rawValue: 2))
    var directory = Directory()
    let block = try #require(Block("10.0.0.0/28"))
    for (key, body) in [
      (.vine(network), .vine(name: try #require(VineName("a")), creator: story.nodes[0])),
      (.vine(other), .vine(name: try #require(VineName("b")), creator: story.nodes[0])),
      (.participation(network, story.nodes[0]), .participation),
      (.participation(other, story.nodes[0]), .participation),
      (.block(block), .block(owner: story.nodes[0])),
    ] as [(FactKey, FactBody)] { _ = directory.absorb(story.fact(key, body)) }
    #expect(directory.takeChanges() == [network, other])
    #expect(directory.takeChanges() == [])
    let claim = VRRecord.Claim(addresses: AddressSet(addresses: [try #require(IPv4Address("10.0.0.5"))]), changes: 1)
    _ = directory.absorb(story.record(of: 0, [network: claim]))
    #expect(directory.takeChanges() == [network])
    _ = directory.absorb(story.record(of: 0, [network: claim]))
    #expect(directory.takeChanges() == [])
    #expect(directory.node(tagged: story.nodes[0].tag) == nil)
    _ = directory.absorb(story.fact(.site(story.nodes[0]), .site(name: try #require(SiteName("uf")))))
    #expect(directory.node(tagged: story.nodes[0].tag) == story.nodes[0] && directory.takeChanges() == [])
  }
}

/// Facts and records as a mesh could bring them forth, and some that it could not: blocks that overlap, parts in ViNes
/// that do not exist, hosts that are in nobody's block.
private struct Story {
  var random: RandomSource
  let nodes = (1...4).map { byte in
    guard let node = NodeID([UInt8](repeating: UInt8(byte * 40), count: 32)) else { preconditionFailure("32 bytes") }
    return node
  }
  let changesBlocks: Bool
  private var index: UInt64 = 0
  private var sequence: UInt64 = 0
  private var claims: [NodeID: SortedMap<NetworkID, VRRecord.Claim>] = [:]

  init(seed: UInt64, changesBlocks: Bool = true) {
    random = RandomSource(seed: seed)
    self.changesBlocks = changesBlocks
  }

  mutating func next() throws -> SignedRecord {
    let number = random.int(in: 0..<nodes.count)
    let (node, network) = (nodes[number], NetworkID(rawValue: UInt32(random.int(in: 1..<4))))
    switch random.below(20) {
    case 0..<3:
      let name = try #require(VineName("v\(network.rawValue)"))
      return fact(.vine(network), random.below(6) == 0 ? nil : .vine(name: name, creator: node))
    case 3..<8: return fact(.participation(network, node), random.below(4) == 0 ? nil : .participation)
    case 8..<12 where changesBlocks:
      let address = IPv4Address(rawValue: 0x0A00_0000 + UInt32(random.below(64)))
      let block = Block.holding(address, prefixLength: random.int(in: 27..<31))
      return fact(.block(block), random.below(4) == 0 ? nil : .block(owner: node))
    case 12: return fact(.revocation(node), random.below(3) == 0 ? nil : .revocation)
    default: break
    }
    var own = claims[node] ?? [:]
    var addresses = AddressSet()
    for _ in 0..<random.int(in: 0..<20) {
      addresses.insert(IPv4Address(rawValue: 0x0A00_0000 + UInt32(random.below(70))))
    }
    own[network] = (own[network] ?? VRRecord.Claim(addresses: AddressSet(), changes: 0)).changed(to: addresses)
    claims[node] = own
    return record(of: number, own)
  }

  mutating func fact(_ key: FactKey, _ body: FactBody?) -> SignedRecord {
    index += 1
    let payload = FactRecord.encode(RegistryFact(key: key, index: index, body: body))
    return SignedRecord(
      key: RecordKey(kind: .fact, id: key.bytes), version: RecordVersion(epoch: 1, sequence: index), author: nodes[0],
      payload: payload, signature: [])
  }

  mutating func record(of number: Int, _ claims: SortedMap<NetworkID, VRRecord.Claim>) -> SignedRecord {
    sequence += 1
    let content = VRRecord(
      site: "site", role: .public, endpoints: [], queueVR: nil, claims: claims, tableDigests: [:],
      softwareVersion: "", certificateExpires: WallTime(secondsSince1970: 0))
    return SignedRecord(
      key: RecordKey(kind: .vr, id: nodes[number].bytes), version: RecordVersion(epoch: 1, sequence: sequence),
      author: nodes[number], payload: content.encode(), signature: [])
  }
}

/// Takes VR records as gossip does: never an older one after a newer one.
private struct RecordStoreLike {
  private var versions: [RecordKey: RecordVersion] = [:]

  mutating func takes(_ record: SignedRecord) -> Bool {
    guard record.key.kind == .vr else { return true }
    if let known = versions[record.key], known > record.version { return false }
    versions[record.key] = record.version
    return true
  }
}

/// Keeps the newest fact of each key and the newest record of each VR, and looks at every address.
private struct Oracle {
  private var facts: SortedMap<FactKey, RegistryFact> = [:]
  private var records: SortedMap<NodeID, VRRecord> = [:]

  mutating func take(_ record: SignedRecord) throws {
    if record.key.kind == .fact {
      let fact = try FactRecord.decode(record.payload)
      facts[fact.key] = fact
    } else {
      records[record.author] = try VRRecord.decode(record.payload)
    }
  }

  /// Says each difference, too.
  func agrees(with directory: Directory) throws -> Bool {
    var isSame = true
    func check(_ claim: Bool, _ what: String) {
      guard !claim else { return }
      isSame = false
      Issue.record("\(what) differs")
    }
    for number in UInt32(1)..<4 {
      let network = NetworkID(rawValue: number)
      guard facts[.vine(network)]?.body != nil else {
        check(directory.tables[network] == nil, "the absence of \(network)")
        continue
      }
      let table = try #require(directory.tables[network])
      let ever = facts.filter { if case .participation(network, _) = $0.0 { true } else { false } }
      let participants = ever.compactMap { key, fact -> NodeID? in
        guard case .participation(_, let node) = key, fact.body != nil, facts[.revocation(node)]?.body == nil else {
          return nil
        }
        return node
      }
      for value in UInt32(0x0A00_0000)..<0x0A00_0048 {
        let address = IPv4Address(rawValue: value)
        let holders = participants.filter { holds($0, address, network) }
        check(table.owner(of: address) == (holders.count == 1 ? holders[0] : nil), "the owner of \(address)")
        check(table.disputed.contains(address) == (holders.count > 1), "the dispute on \(address)")
      }
      let decisions = ever.map { key, fact -> UInt64 in
        guard case .participation(_, let node) = key else { return 0 }
        return max(fact.index, facts[.revocation(node)]?.index ?? 0)
      }
      let decision = ([facts[.vine(network)]?.index ?? 0] + decisions).max() ?? 0
      let changes = participants.reduce(0) { $0 + UInt64(records[$1]?.claims[network]?.changes ?? 0) }
      check(table.version == TableVersion(decision: decision, changes: changes), "the version of \(network)")
      check(table.participantCount == participants.count, "who takes part in \(network)")
    }
    return isSame
  }

  private func holds(_ node: NodeID, _ address: IPv4Address, _ network: NetworkID) -> Bool {
    guard records[node]?.claims[network]?.addresses.contains(address) == true else { return false }
    return facts.contains { key, fact in
      guard case .block(let block) = key, fact.body == .block(owner: node) else { return false }
      return block.hostRange?.contains(address) ?? false
    }
  }
}
