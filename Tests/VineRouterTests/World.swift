import Testing
import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VineRaft
import VineRegistry
import VineRouting
import VineSession
import VineWire

@testable import VineRouter

/// Routers of several VRs on virtual time, joined by a perfect underlay in place of data planes: handshakes go to
/// whoever has the endpoint, control messages to whoever has the session.
final class World {
  private struct Letter {
    let at: Instant
    let order: Int
    let to: NodeID
    let input: RouterInput
  }

  let authority: CertificateAuthority
  let genesis: Genesis
  let trust: MeshTrust
  var wall = WallTime(secondsSince1970: 1_800_000_000)
  var now = Instant(nanoseconds: 1)
  var routers: SortedMap<NodeID, Router> = [:]
  var tables: SortedMap<NodeID, ForwardingTable> = [:]
  /// Blocks whose gateway addresses each VR's machine has, and how often it announced any.
  var gateways: SortedMap<NodeID, [Block]> = [:]
  var announcements: SortedMap<NodeID, Int> = [:]
  var answers: [LocalAnswer] = []
  var failures: [RequestFailure] = []
  var events: [RouterEvent] = []
  var cut: Set<NodeID> = []
  /// One side of a partition.
  var apart: Set<NodeID> = []
  /// What the VRs' stores hold of the consensus group.
  private var consensus: SortedMap<NodeID, RaftMemory> = [:]
  /// What delegates' stores hold.
  private(set) var ledgers: SortedMap<NodeID, GrantLedger> = [:]
  /// Greetings that are lost from now on.
  var greetingsToLose = 0
  private var endpoints: SortedMap<NodeID, Endpoint> = [:]
  private var letters: [Letter] = []
  private var sent = 0

  init() throws {
    let founder = try World.key(1)
    authority = try CertificateAuthority.create(
      meshName: "demo", seed: [UInt8](repeating: 9, count: 32), at: wall)
    genesis = try Genesis(
      meshName: "demo", space: Block.standardSpace.description, founder: founder.node,
      caCertificate: authority.certificateDER, nonce: [UInt8](repeating: 4, count: 16))
    trust = try MeshTrust(genesis: genesis)
    try add(founder, site: "uf", authority: authority, records: [], bootstrap: nil)
    let id = try #require(ProposalID([UInt8](repeating: 1, count: 16)))
    let site = try #require(SiteName("uf"))
    run(.seconds(1))
    try propose(.found(site: site, hosts: 200, space: .standardSpace), at: founder.node, as: id)
    run(.seconds(1))
  }

  /// A mesh of public VRs, by when voters were chosen and have their reserves.
  static func mesh(of count: Int) throws -> (World, [StaticKey]) {
    let world = try World()
    var keys = [try key(1)]
    for number in 2...count {
      let key = try key(UInt8(number))
      try world.add(
        key, site: "site\(number)", records: try world.admit(key, site: "site\(number)"),
        bootstrap: world.genesis.founder)
      keys.append(key)
    }
    world.run(.seconds(60))
    return (world, keys)
  }

  /// Of the VRs that run.
  var leader: NodeID? { routers.values.first { !cut.contains($0.node) && $0.registrar.raft.isLeader }?.node }

  static func key(_ byte: UInt8) throws -> StaticKey {
    try #require(StaticKey(seed: [UInt8](repeating: byte, count: 32)))
  }

  func add(
    _ key: StaticKey, site: String, authority: CertificateAuthority? = nil, records: [SignedRecord], bootstrap: NodeID?,
    isDeclared: Bool = true
  ) throws {
    let endpoint = Endpoint(address: IPv4Address(rawValue: 0xC612_0001 + UInt32(routers.count)))
    endpoints[key.node] = endpoint
    let certificate = try self.authority.issue(node: key.node, site: site, mesh: genesis.meshID, at: wall)
    let certified = try trust.verify(certificateDER: certificate, at: wall)
    let identity = RouterIdentity(
      key: key, site: site, genesis: genesis, certificate: certificate, certificateExpires: certified.notAfter,
      certificateRenewal: certified.renewal, authority: authority, softwareVersion: "test")
    let placement = RouterPlacement(
      declaredEndpoints: isDeclared ? [endpoint] : [], localAddresses: [endpoint.address], port: endpoint.port,
      bootstrap: bootstrap.flatMap { endpoints[$0] }.map { [$0] } ?? [])
    let store = StoreID(high: 1, low: UInt64(routers.count))
    consensus[key.node] =
      key.node == genesis.founder ? .founding([VoterID(node: key.node, store: store)]) : RaftMemory()
    let memory = try RouterMemory(
      store: store, consensus: consensus[key.node] ?? RaftMemory(),
      knowledge: Knowledge(records: records), incarnation: 1, hosts: LNDT())
    let seed = UInt64(routers.count) + 7
    routers[key.node] = Router(
      identity: identity, placement: placement, memory: memory, checks: Checks(trust: trust),
      ephemeralKeys: SeededEphemeralKeys(seed: seed), secrets: SeededEphemeralKeys(seed: seed + 1000),
      random: RandomSource(seed: seed))
    deliver(.start, to: key.node)
  }

  /// The VR's process ends and another begins with what the store holds: records, LNDT, and a higher incarnation.
  func restart(_ node: NodeID, adding records: [SignedRecord] = []) throws {
    let old = try #require(routers[node])
    let memory = try RouterMemory(
      store: old.registrar.raft.voter.store, consensus: try #require(consensus[node]),
      knowledge: Knowledge(records: old.gossip.records + records),
      incarnation: old.gossip.incarnation + 1, hosts: old.hosts, ledger: ledgers[node])
    routers[node] = Router(
      identity: old.identity, placement: old.placement, memory: memory, checks: Checks(trust: trust),
      ephemeralKeys: SeededEphemeralKeys(seed: 99), secrets: SeededEphemeralKeys(seed: 999),
      random: RandomSource(seed: 9999))
    deliver(.start, to: node)
  }

  /// `vine-mesh recover` at a VR that is stopped, and its start.
  func recover(_ key: StaticKey) throws -> GroupRecovery {
    let old = try #require(routers[key.node])
    let facts = old.gossip.records.compactMap { record -> RegistryFact? in
      if case .fact(let fact) = RecordContent(record) { fact } else { nil }
    }
    let recovery = try GroupRecovery(
      of: try #require(consensus[key.node]), heard: facts, by: old.registrar.raft.voter, founder: genesis.founder,
      now: wall, quarantine: .seconds(86_400), trust: .none)
    consensus[key.node] = recovery.memory
    try restart(key.node, adding: recovery.facts.map { RecordTrust.attest($0, by: key) })
    return recovery
  }

  /// Admits a site as a join does, and returns what the joiner is granted.
  func admit(_ key: StaticKey, site: String) throws -> [SignedRecord] {
    let founder = genesis.founder
    request(.invite(site: try #require(SiteName(site)), hosts: 100, validFor: .seconds(60)), at: founder)
    guard case .invitation(let text, _)? = answers.last else {
      Issue.record("no invitation: \(failures)")
      return []
    }
    let token = try InvitationToken.parse(text)
    let command = RegistryCommand.admit(
      node: key.node, invitation: try #require(InvitationID(token.id)), secretHash: token.secretHash)
    try propose(command, at: founder)
    run(.seconds(1))
    return routers[founder]?.gossip.records ?? []
  }

  func request(_ request: LocalRequest, at node: NodeID) {
    deliver(.request(RequestID(rawValue: UInt64(sent) + 1), request), to: node)
    run(.seconds(2))
  }

  func propose(_ command: RegistryCommand, at node: NodeID) throws {
    try propose(
      command, at: node, as: try #require(ProposalID([UInt8](repeating: UInt8(sent & 127) + 2, count: 16))))
  }

  private func propose(_ command: RegistryCommand, at node: NodeID, as id: ProposalID) throws {
    guard var router = routers[node] else { return }
    var turn = Turn(now: now, wall: wall)
    router.run(router.registrar.propose(Proposal(id: id, author: node, at: wall, command: command), at: now), &turn)
    router.settle(&turn)
    routers[node] = router
    for effect in turn.effects { carryOut(effect, of: node) }
  }

  func deliver(_ input: RouterInput, to node: NodeID) {
    guard !cut.contains(node), let effects = routers.update(node, { $0.handle(input, at: now, wall: wall) }) else {
      return
    }
    for effect in effects { carryOut(effect, of: node) }
  }

  func carryOut(_ effects: [RouterEffect], of node: NodeID) {
    for effect in effects { carryOut(effect, of: node) }
  }

  private func carryOut(_ effect: RouterEffect, of node: NodeID) {
    switch effect {
    case .persistLedger(let ledger): ledgers[node] = ledger
    case .persistGrant(let grant): _ = ledgers.update(node) { $0.grants.append(grant) }
    case .forgetGroup(let epoch): consensus[node] = RaftMemory(epoch: epoch)
    case .persistLog(let write):
      _ = consensus.update(node) { $0.perform(write) }
      deliver(.persisted(write.number), to: node)
    case .handshake(let bytes, .datagram(let endpoint)):
      guard let to = endpoints.first(where: { $0.1 == endpoint })?.0, let from = endpoints[node] else { return }
      send(.handshake(bytes, via: .datagram(from)), from: node, to: to)
    case .control(let bytes, let peer, _):
      guard let from = endpoints[node], routers[peer] != nil else { return }
      if greetingsToLose > 0, case .hello? = try? ControlMessage.decode(bytes) {
        greetingsToLose -= 1
        return
      }
      send(.control(bytes, from: node, via: .datagram(from), localIndex: 1), from: node, to: peer)
    case .install(let session):
      // The first frame on a session confirms it to whoever began it.
      if session.isInitiator { send(.confirmed(localIndex: session.localIndex), from: node, to: node) }
    case .table(let table): tables[node] = table
    case .gateways(let blocks): gateways[node] = blocks
    case .announceGateways: announcements[node, default: 0] += 1
    case .dialBack(let endpoint, let nonce):
      guard let to = endpoints.first(where: { $0.1 == endpoint })?.0, let from = endpoints[node] else { return }
      send(.dialBack(nonce: nonce, from: from), from: node, to: to)
    case .answer(_, .success(let answer)): answers.append(answer)
    case .answer(_, .failure(let failure)): failures.append(failure)
    case .event(let event): events.append(event)
    default: break
    }
  }

  private func send(_ input: RouterInput, from other: NodeID, to node: NodeID) {
    guard apart.contains(other) == apart.contains(node) else { return }
    sent += 1
    letters.append(Letter(at: now + .milliseconds(10), order: sent, to: node, input: input))
  }

  func run(_ duration: Duration) {
    let end = now + duration
    while true {
      let letter = letters.indices.min { (letters[$0].at, letters[$0].order) < (letters[$1].at, letters[$1].order) }
      let sleeper = routers.map { ($0.1.nextWakeup.at, $0.0) }.filter { !cut.contains($0.1) }.min { $0 < $1 }
      if let letter, sleeper.map({ letters[letter].at <= $0.0 }) ?? true {
        guard letters[letter].at <= end else { break }
        let arrived = letters.remove(at: letter)
        now = max(now, arrived.at)
        deliver(arrived.input, to: arrived.to)
      } else if let sleeper, sleeper.0 <= end {
        now = max(now, sleeper.0)
        deliver(.wakeup, to: sleeper.1)
      } else {
        break
      }
    }
    now = end
  }
}
