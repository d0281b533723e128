import VineAddress
import VineBase
import VineGossip
import VinePath
import VineRaft
import VineRegistry
import VineWire

/// Random values of everything that goes over the wire, edges more often than chance would have them.
struct Samples {
  var random: RandomSource

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  // MARK: Values

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
  mutating func bytes(upTo max: Int) -> [UInt8] { bytes(random.int(in: 0..<(max + 1))) }
  mutating func flag() -> Bool { random.next() & 1 == 0 }
  mutating func word() -> UInt32 { pick([0, 1, .max, UInt32(truncatingIfNeeded: random.next())]) }
  mutating func counter() -> UInt64 { pick([0, 1, WireLimits.counterMax, random.next() >> 2]) }
  mutating func time() -> WallTime {
    WallTime(secondsSince1970: pick([0, 1_800_000_000, WireLimits.secondsMax, Int64(random.below(1 << 33))]))
  }
  mutating func hosts() -> Int { pick([0, 1, 253, Int(UInt32.max), random.int(in: 0..<100_000)]) }
  mutating func network() -> NetworkID { NetworkID(rawValue: word()) }
  mutating func node() -> NodeID { fixed(NodeID(bytes(NodeID.byteCount))) }
  mutating func id() -> UniqueID { fixed(UniqueID(bytes(UniqueID.byteCount))) }
  mutating func endpoint() -> Endpoint {
    Endpoint(address: IPv4Address(rawValue: word()), port: UInt16(random.int(in: 1..<65536)))
  }
  mutating func block() -> Block {
    Block.holding(IPv4Address(rawValue: word()), prefixLength: random.int(in: 0..<33))
  }
  mutating func name<Name: LosslessStringConvertible>() -> Name {
    let tail = (0..<random.int(in: 0..<63)).map { _ in pick(Array("abcxyz0189-")) }
    return fixed(Name("v" + String(tail)))
  }
  mutating func text() -> String {
    String((0..<random.int(in: 0..<12)).map { _ in pick(Array("aZ .ü漢🜂")) })
  }
  mutating func addresses() -> AddressSet {
    var set = AddressSet()
    for _ in 0..<random.int(in: 0..<6) {
      let first = word()
      set.insert(
        AddressRange(
          first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: first + word() % (UInt32.max - first | 1))))
    }
    return set
  }
  mutating func list<Element>(_ max: Int, _ make: (inout Samples) -> Element) -> [Element] {
    (0..<random.int(in: 0..<(max + 1))).map { _ in make(&self) }
  }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[random.int(in: 0..<elements.count)] }

  private func fixed<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a sample that its own type refuses") }
    return value
  }

  // MARK: Records and commands

  mutating func vrRecord() -> VRRecord {
    var claims = SortedMap<NetworkID, VRRecord.Claim>()
    for _ in 0..<random.int(in: 0..<4) {
      claims[network()] = VRRecord.Claim(addresses: addresses(), changes: UInt32(truncatingIfNeeded: random.next()))
    }
    var digests = SortedMap<NetworkID, TableDigest>()
    for _ in 0..<random.int(in: 0..<4) {
      digests[network()] = TableDigest(
        version: TableVersion(decision: counter(), changes: counter()), digest: random.next())
    }
    return VRRecord(
      site: text(), role: pick(Role.allCases), endpoints: list(8) { $0.endpoint() },
      queueVR: flag() ? node() : nil, claims: claims, tableDigests: digests, softwareVersion: text(),
      certificateExpires: time(), store: flag() ? store() : nil,
      succession: VRRecord.Succession(
        second: flag() ? NodeTag(rawValue: random.next() | 1) : nil,
        standsInFor: flag() ? NodeTag(rawValue: random.next() | 1) : nil),
      ledTerm: flag() ? random.next() | 1 : nil, signs: flag(),
      wireVersions: flag() ? .first : fixed(WireVersions(oldest: UInt32(random.int(in: 1..<9)), newest: 9)))
  }

  mutating func fact() -> RegistryFact {
    let facts: [(FactKey, FactBody)] = [
      (.mesh, .mesh(space: block())), (.site(node()), .site(name: name())), (.block(block()), .block(owner: node())),
      (.vine(network()), .vine(name: name(), creator: node())), (.participation(network(), node()), .participation),
      (.revocation(node()), .revocation), (.scopedBlock(vine(), block()), .block(owner: node())),
      (.reserve(block()), .reserve(delegate: node())),
      (.quarantine(held()), .quarantine(until: time(), owner: flag() ? node() : nil)),
      (.voter(node()), .voter(pick([.founded, .grown, .replaced(node()), .recovered(through: counter())]))),
    ]
    let (key, body) = pick(facts)
    let version = FactVersion(epoch: UInt32(1 + random.below(3)), index: counter())
    return RegistryFact(key: key, version: version, body: random.int(in: 0..<4) == 0 ? nil : body)
  }

  mutating func proposal() -> Proposal { Proposal(id: id(), author: node(), at: time(), command: command()) }

  mutating func command() -> RegistryCommand {
    pick([
      .found(site: name(), hosts: hosts(), space: block()),
      .invite(id(), secretHash: bytes(32), site: name(), hosts: hosts(), expires: time()),
      .admit(node: node(), invitation: id(), secretHash: bytes(32)),
      .allocateBlock(hosts: hosts(), scope: flag() ? vine() : nil),
      .releaseBlock(held()), .renameVine(network(), name()), .delegate(to: node(), prefixLength: hosts()),
      .endDelegation(reserve: block(), isWhole: flag()), .ratify(list(2) { $0.signedGrant() }),
      .reclaim(node(), known: counter()),
      .accuse(signedGrant(), signedGrant()), .endQuarantines, .createVine(name()), .deleteVine(network()),
      .takePart(network()),
      .leaveVine(network()), .revoke(node()),
    ])
  }

  mutating func answer() -> RegistryAnswer {
    pick([
      .founded(block()), .invited, .admitted(site: name(), block()), .allocated(block()), .vine(network()), .done,
      .delegated(block()), .ratified(list(4) { $0.ratifiedGrant() }), .quarantined(blocks: hosts(), until: time()),
      .freed(blocks: hosts()),
    ])
  }

  mutating func refusal() -> RegistryRefusal {
    pick([
      .notFounded, .alreadyFounded, .notAdmitted, .revoked, .unknownInvitation, .invitationExpired(at: time()),
      .invitationUsed(by: node()), .secretMismatch, .siteNameTaken(name()), .tagTaken,
      .noBlockLeft(hosts: hosts(), largest: flag() ? block() : nil, free: random.next()),
      .blockNotYours(held()), .lastBlock(block()), .unknownVine(network()), .vineNameTaken(name()),
      .vineInUse(network(), participants: hosts()), .limitReached(text()), .noPart(network()),
      .scopedBlockLeft(vine(), block()), .twoOwners(block(), other: vine()),
      .badReserveSize(prefixLength: hosts()), .hasReserve(block()),
      .noReserveLeft(prefixLength: hosts(), largest: flag() ? block() : nil, free: random.next()),
      .notYourReserve(block()), .noEquivocation, .ownerLives(at: counter()), .nothingToReclaim,
      .noQuarantineOver(next: flag() ? WallTime(secondsSince1970: time().secondsSince1970 | 1) : nil),
    ])
  }

  /// One that exists: zero is no ViNe's identifier.
  mutating func vine() -> NetworkID { NetworkID(rawValue: network().rawValue | 1) }

  mutating func held() -> ScopedBlock { ScopedBlock(block(), scope: flag() ? vine() : nil) }

  mutating func signedGrant() -> SignedGrant {
    let admission = Grant.Admission(site: name(), invitation: id(), secretHash: bytes(32))
    let grant = Grant(
      reserve: block(), delegation: FactVersion(epoch: UInt32(1 + random.below(3)), index: counter()),
      delegate: node(), sequence: word(), previous: bytes(32), block: held(), grantee: node(),
      admission: flag() ? admission : nil)
    return SignedGrant(grant, signature: bytes(64))
  }

  mutating func ratifiedGrant() -> RatifiedGrant {
    RatifiedGrant(
      sequence: word(),
      outcome: pick([
        .ratified, .knownAlready, .refused(.noSuchDelegation), .refused(.badSignature),
        .refused(.gap(expected: word())),
        .refused(.broken), .refused(.equivocation), .refused(.outsideReserve), .refused(.overlaps(block())),
        .refused(.obstacle(pick(GrantObstacle.allCases))),
      ]))
  }

  mutating func signedRecord() -> SignedRecord {
    SignedRecord(
      key: recordKey(), version: version(), author: node(), payload: bytes(upTo: 900), signature: bytes(64))
  }

  mutating func recordKey() -> RecordKey { RecordKey(kind: pick([.vr, .fact]), id: bytes(upTo: 40)) }
  mutating func version() -> RecordVersion { RecordVersion(epoch: counter(), sequence: counter()) }

  // MARK: Messages

  mutating func gossip() -> GossipMessage {
    pick([
      .ping(sequence: word(), root: random.next(), list(6) { $0.rumour() }),
      .ack(sequence: word(), root: random.next()), .ack(sequence: word(), root: nil), .nack(sequence: word()),
      .pingRequest(sequence: word(), target: place()), .rumours(list(6) { $0.rumour() }),
      .push(list(3) { $0.signedRecord() }), .announce(list(5) { $0.digest() }), .pull(list(5) { $0.place() }),
      .compare(list(5) { BranchHash(branch: $0.branch(), hash: $0.random.next()) }, count: random.next()),
      .differences(list(3) { $0.difference() }, count: random.next()),
    ])
  }

  mutating func place() -> RecordPlace { RecordPlace(rawValue: pick([0, .max, random.next()])) }
  mutating func digest() -> RecordDigest { RecordDigest(place: place(), version: version(), isDead: flag()) }
  mutating func rumour() -> Rumour {
    Rumour(subject: place(), incarnation: counter(), state: pick(MemberState.allCases), accuser: place())
  }
  mutating func branch() -> TreeBranch {
    let depth = random.int(in: 0..<4)
    return fixed(TreeBranch(depth: depth, digits: random.int(in: 0..<1 << (4 * depth))))
  }
  mutating func difference() -> Difference {
    let branch = branch()
    let records = Difference.Content.records(first: place(), last: place(), list(5) { $0.digest() })
    let hashes = (0..<16).map { _ in random.next() }
    return Difference(
      branch: branch, content: pick(branch.depth < 3 ? [.equal, records, .children(hashes)] : [.equal, records]))
  }

  mutating func raft() -> RaftMessage {
    let request = VoteRequest(lastIndex: index(), lastTerm: term(), isTransfer: flag())
    let outcome: AppendReply.Outcome = pick([
      .matched(index()), .rejected(previous: index(), hint: index(), hintTerm: term()),
    ])
    let body: RaftMessage.Body = pick([
      .preVote(request), .vote(request), .preVoteReply(granted: flag()), .voteReply(granted: flag()),
      .append(append()), .appendReply(AppendReply(session: session(), round: round(), outcome: outcome)),
      .heartbeat(Heartbeat(session: session(), commit: index(), wantsAnswer: flag())), .heartbeatReply(session()),
      .install(chunk()),
      .installReply(
        SnapshotReply(session: session(), round: round(), lastIndex: index(), next: random.int(in: 0..<1 << 20))),
      .timeoutNow,
    ])
    return RaftMessage(
      epoch: Epoch(rawValue: UInt32(truncatingIfNeeded: random.next())), from: store(), to: store(), term: term(),
      body: body)
  }

  mutating func append() -> Append {
    let previous = LogIndex(rawValue: random.next() >> 8)
    let entries = (0..<random.int(in: 0..<5)).map { entry(at: previous.rawValue + 1 + UInt64($0)) }
    return Append(
      session: session(), round: round(), previousIndex: previous, previousTerm: term(), commit: index(),
      entries: entries)
  }

  mutating func chunk() -> SnapshotChunk {
    let offset = flag() ? 0 : random.int(in: 1..<1 << 20)
    let state = bytes(upTo: 960)
    return SnapshotChunk(
      session: session(), round: round(), lastIndex: index(), lastTerm: term(),
      configuration: offset == 0 ? configuration() : nil, offset: offset,
      total: offset + state.count + random.int(in: 0..<1 << 20), bytes: state)
  }

  mutating func entry(at index: UInt64) -> LogEntry {
    let payload: EntryPayload = pick([
      .command(bytes(upTo: WireLimits.commandByteCountMax)), .noop, .configuration(configuration()),
    ])
    return LogEntry(index: LogIndex(rawValue: index), term: term(), payload: payload)
  }

  mutating func configuration() -> Configuration {
    Configuration(
      voters: list(Configuration.votersMax - 1) { $0.voter() } + [voter()],
      outgoing: list(Configuration.votersMax) { $0.voter() }, learners: list(Configuration.learnersMax) { $0.voter() })
  }

  mutating func snapshot() -> Snapshot {
    Snapshot(index: index(), term: term(), configuration: configuration(), state: bytes(upTo: 4096))
  }

  mutating func hardState() -> HardState { HardState(term: term(), votedFor: flag() ? voter() : nil) }
  mutating func voter() -> VoterID { VoterID(node: node(), store: store()) }
  mutating func store() -> StoreID { StoreID(high: random.next(), low: random.next()) }
  mutating func session() -> ReplicationSession { ReplicationSession(rawValue: counter()) }
  mutating func round() -> ReadRound { ReadRound(rawValue: counter()) }
  mutating func term() -> Term { Term(rawValue: counter()) }
  mutating func index() -> LogIndex { LogIndex(rawValue: counter()) }

  mutating func fragment() -> Fragment {
    let count = UInt16(random.int(in: 1..<(WireLimits.fragmentCountMax + 1)))
    return Fragment(
      id: word(), index: UInt16(random.int(in: 0..<Int(count))), count: count,
      bytes: bytes(upTo: WireLimits.fragmentByteCountMax))
  }

  /// One message of each kind, in the order of `ControlMessage`.
  mutating func controlMessages() -> [ControlMessage] {
    [
      .gossip(gossip()), .raft(raft()), .proposal(proposal()), .proposalAnswer(id(), .success(answer())),
      .proposalAnswer(id(), .failure(refusal())), .notLeader(id(), leader: flag() ? node() : nil),
      .hello(observed: flag() ? endpoint() : nil, softwareVersion: text()),
      .dialBackRequest(wanted: endpoint(), nonce: bytes(16), pick(DialBackManner.allCases)),
      .pathProbe(nonce: counter(), pick([PathProbeStep.ask, .look, .reply(observed: endpoint())])),
      .pathOffer([endpoint(), endpoint()]), .trainRequest(id: counter(), packets: 256, isWanted: flag()),
      .trainReady(id: counter()),
      .sizeProbe(id: counter(), padding: Int(counter() % 1500)), .sizeReply(id: counter()),
      .explainRequest(
        id: counter(), network(), source: IPv4Address(rawValue: word()), destination: IPv4Address(rawValue: word())),
      .explainReply(id: counter(), reason: nil, version: TableVersion(decision: 7, changes: counter())),
      .explainReply(id: counter(), reason: "wrongVine", version: nil),
      .trainResult(
        id: counter(), rate: BitRate(bitsPerSecond: 20_400_000), received: 250, sent: 256, confidence: 90),
      .keepalive(sequence: word(), isReply: flag()),
      .genesisRequest, .genesis(bytes(upTo: 600)),
      .joinRequest(invitation: bytes(16), secret: bytes(32), softwareVersion: text()),
      .joinReply(
        JoinGrant(
          certificate: bytes(upTo: 900), genesis: bytes(upTo: 600), facts: list(4) { $0.signedRecord() },
          endpoints: list(4) { $0.endpoint() })),
      .renewRequest, .renewReply(bytes(upTo: 400)), .renewRefused(text()),
      .joinRefused(text()), .refusal(UInt8(truncatingIfNeeded: random.next())), .fragment(fragment()),
    ]
  }

  // MARK: Damage

  /// `bytes` with something changed, cut, doubled or put in.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...random.int(in: 0..<4) {
      let position = random.int(in: 0..<(result.count + 1))
      switch random.int(in: 0..<5) {
      case 0 where position < result.count: result[position] ^= 1 << UInt8(random.int(in: 0..<8))
      case 1 where position < result.count: result[position] = pick([0, 1, 0x7F, 0x80, 0xFF])
      case 2: result.removeSubrange(position...)
      case 3: result.insert(contentsOf: self.bytes(upTo: 8), at: position)
      default: result += result[..<position]
      }
    }
    return result
  }
}
