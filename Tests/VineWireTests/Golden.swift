import VineAddress
import VineBase
import VineGossip
import VinePath
import VineRaft
import VineRegistry
import VineWire

/// Messages with their bytes in hexadecimal, as protoc 3.21 encodes them from the .proto files by its text format:
/// another implementation says what the wire looks like. A change here breaks meshes with VRs of two versions.
enum Golden {
  static let gossip: [(ControlMessage, String)] = [
    (.gossip(.ping(sequence: 7, root: place.rawValue, [])), "0a0d0a0b0807190807060504030201"),
    (
      .gossip(.ping(sequence: 7, root: place.rawValue, [rumour(.suspect)])),
      "0a260a240807121709080706050403020110ac021801210900000000000000190807060504030201"
    ),
    (.gossip(.ack(sequence: 7, root: 9)), "0a0d120b0807110900000000000000"),
    (.gossip(.ack(sequence: 7, root: nil)), "0a0412020807"),
    (.gossip(.nack(sequence: 7)), "0a0422020807"),
    (.gossip(.pingRequest(sequence: 7, target: place)), "0a0d1a0b0807110807060504030201"),
    (.gossip(.rumours([rumour(.dead)])), "0a1b2a190a1709080706050403020110ac021802210900000000000000"),
    (.gossip(.push([record])), "0a7632740a720802120101180120ac022a20\(Written.uf)3202dead3a40\(Written.signature)"),
    (
      .gossip(.announce([RecordDigest(place: place, version: record.version), dead])),
      "0a233a210a0e090807060504030201100118ac020a0f090900000000000000100118012001"
    ),
    (.gossip(.pull([place, nine])), "0a1442120a1008070605040302010900000000000000"),
    (
      .gossip(
        .compare(
          [BranchHash(branch: .root, hash: 9), BranchHash(branch: branch(3, 4095), hash: place.rawValue)], count: 300)),
      "0a204a1e0a091909000000000000000a0e080310ff1f19080706050403020110ac02"
    ),
    (
      .gossip(.differences([equal, children, records], count: 300)),
      """
      0ac00152bd010a060801100218010a86012283010a8001000000000000000001000000000000000200000000000000030000000000000004\
      00000000000000050000000000000006000000000000000700000000000000080000000000000009000000000000000a000000000000000b\
      000000000000000c000000000000000d000000000000000e000000000000000f000000000000000a27080310072a21090100000000000000\
      1109000000000000001a0d0909000000000000001001180110ac02
      """
    ),
  ]

  static let raft: [(ControlMessage, String)] = [
    (raft(.preVote(vote)), "12310a0708ac0210031801\(Written.envelope)"),
    (raft(.preVoteReply(granted: true)), "122c12020801\(Written.envelope)"),
    (raft(.vote(vote)), "12311a0708ac0210031801\(Written.envelope)"),
    (raft(.voteReply(granted: true)), "122c22020801\(Written.envelope)"),
    (
      raft(.append(append)),
      """
      12ec012ac1010806100718ab02200328aa02320708ac0210042200320908ad0210041a020102329e0108ae0210042a96010a30\
      \(Written.uf)000000000000007700000000000000781230\(Written.uf)000000000000007500000000000000761a30\
      \(Written.nwu)0000000000000079000000000000007a\(Written.envelope)
      """
    ),
    (raft(.appendReply(reply(.matched(LogIndex(rawValue: 302))))), "123132070806100718ae02\(Written.envelope)"),
    (raft(.appendReply(reply(rejected))), "1238320e08061007220808ac0210ab021803\(Written.envelope)"),
    (
      raft(.heartbeat(Heartbeat(session: reply(rejected).session, commit: LogIndex(rawValue: 300), wantsAnswer: true))),
      "1231\(Written.envelope)7207080610ac021801"
    ),
    (raft(.heartbeatReply(reply(rejected).session)), "122c\(Written.envelope)7a020806"),
    (
      raft(.install(chunk)),
      """
      12d3013aa8010806100718ac0220032a96010a30\(Written.uf)000000000000007700000000000000781230\(Written.uf)00\
      0000000000007500000000000000761a30\(Written.nwu)0000000000000079000000000000007a380342020102\
      \(Written.envelope)
      """
    ),
    (raft(.installReply(chunkReply)), "123342090806100718ac022002\(Written.envelope)"),
    (raft(.timeoutNow), "122a4a00\(Written.envelope)"),
  ]

  static let control: [(ControlMessage, String)] = [
    (.proposal(proposal(.takePart(network))), "1a3f0a10\(Written.id)1220\(Written.uf)1880c8ceb40d5d05000000"),
    (.notLeader(id, leader: nwu), "2a340a10\(Written.id)1220\(Written.nwu)"),
    (.notLeader(id, leader: nil), "2a120a10\(Written.id)"),
    (.hello(observed: endpoint, softwareVersion: "0.1.0"), "32110a080d010012c610c7111205302e312e30"),
    (
      .dialBackRequest(wanted: endpoint, nonce: other.bytes, .fromOtherPort),
      "3a1c0a080d010012c610c7111210\(Written.other)"
    ),
    (
      .dialBackRequest(wanted: endpoint, nonce: other.bytes, .vouched),
      "3a1e0a080d010012c610c7111210\(Written.other)2001"
    ),
    (.pathProbe(nonce: 7, .ask), "820109090700000000000000"),
    (.pathProbe(nonce: 7, .look), "82010b0907000000000000002001"),
    (.pathProbe(nonce: 7, .reply(observed: endpoint)), "82011509070000000000000010011a080d010012c610c711"),
    (.pathOffer([endpoint]), "8a010a0a080d010012c610c711"),
    (.trainRequest(id: 7, packets: 256, isWanted: true), "92010e0907000000000000001080021801"),
    (.trainReady(id: 7), "9a0109090700000000000000"),
    (.sizeProbe(id: 7, padding: 2), "aa010d0907000000000000001202" + "0000"),
    (.sizeReply(id: 7), "b20109090700000000000000"),
    (
      .trainResult(id: 7, rate: BitRate(bitsPerSecond: 1000), received: 250, sent: 256, confidence: 90),
      "a2011409070000000000000010e80718fa01208002285a"
    ),
    (.keepalive(sequence: 0, isReply: false), "4200"),
    (.keepalive(sequence: 9, isReply: true), "420408091001"),
    (.genesisRequest, "4a00"),
    (.genesis([1, 2, 3]), "52050a03010203"),
    (
      .joinRequest(invitation: other.bytes, secret: hash, softwareVersion: "0.1.0"),
      "5a3b0a10\(Written.other)1220\(Written.hash)1a05302e312e30"
    ),
    (
      .joinReply(JoinGrant(certificate: [1], genesis: [2], facts: [record], endpoints: [endpoint])),
      """
      6284010a01011201021a720802120101180120ac022a20\(Written.uf)3202dead3a40\(Written.signature)\
      22080d010012c610c711
      """
    ),
    (.joinRefused("no"), "6a040a026e6f"),
    (.refusal(7), "72020807"),
    (.fragment(Fragment(id: 0xAABB_CCDD, index: 1, count: 3, bytes: [9, 8])), "7a0d0dddccbbaa1001180322020908"),
  ]

  static let answers: [(RegistryAnswer, String)] = [
    (.founded(block), "221d0a10\(Written.id)12090a070d000010ac1018"),
    (.invited, "22160a10\(Written.id)12021200"),
    (.admitted(site: site, block), "22230a10\(Written.id)120f1a0d0a02756612070d000010ac1018"),
    (.allocated(block), "221d0a10\(Written.id)120922070d000010ac1018"),
    (.vine(network), "22190a10\(Written.id)12052d05000000"),
    (.done, "22160a10\(Written.id)12023200"),
    (.delegated(block), "221d0a10\(Written.id)12093a070d000010ac1018"),
    (
      .ratified([RatifiedGrant(sequence: 1, outcome: .ratified), RatifiedGrant(sequence: 2, outcome: .knownAlready)]),
      """
      22220a10\(Written.id)120e420c0a04080112000a0408021a00
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.gap(expected: 2)))]),
      """
      221e0a10\(Written.id)120a42080a06080322021802
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.overlaps(block)))]),
      """
      22250a10\(Written.id)1211420f0a0d080322093a070d000010ac1018
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.obstacle(.tagTaken)))]),
      """
      221e0a10\(Written.id)120a42080a06080322024007
      """
    ),
    (.quarantined(blocks: 2, until: time), "221e0a10\(Written.id)120a4a0808021080c8ceb40d"),
    (.freed(blocks: 2), "22160a10\(Written.id)12025002"),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.noSuchDelegation))]),
      """
      221e0a10\(Written.id)120a42080a06080322020a00
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.badSignature))]),
      """
      221e0a10\(Written.id)120a42080a06080322021200
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.broken))]),
      """
      221e0a10\(Written.id)120a42080a06080322022200
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.equivocation))]),
      """
      221e0a10\(Written.id)120a42080a06080322022a00
      """
    ),
    (
      .ratified([RatifiedGrant(sequence: 3, outcome: .refused(.outsideReserve))]),
      """
      221e0a10\(Written.id)120a42080a06080322023200
      """
    ),
  ]

  static let refusals: [(RegistryRefusal, String)] = [
    (.notFounded, "22160a10\(Written.id)1a020a00"),
    (.alreadyFounded, "22160a10\(Written.id)1a021200"),
    (.notAdmitted, "22160a10\(Written.id)1a021a00"),
    (.revoked, "22160a10\(Written.id)1a022200"),
    (.unknownInvitation, "22160a10\(Written.id)1a022a00"),
    (.invitationExpired(at: time), "221a0a10\(Written.id)1a063080c8ceb40d"),
    (.invitationUsed(by: nwu), "22360a10\(Written.id)1a223a20\(Written.nwu)"),
    (.secretMismatch, "22160a10\(Written.id)1a024200"),
    (.siteNameTaken(site), "22180a10\(Written.id)1a044a027566"),
    (.tagTaken, "22160a10\(Written.id)1a025200"),
    (.lastBlock(block), "221d0a10\(Written.id)1a096a070d000010ac1018"),
    (.unknownVine(network), "22190a10\(Written.id)1a057505000000"),
    (.vineNameTaken(vine), "221b0a10\(Written.id)1a077a05626c617374"),
    (.vineInUse(network, participants: 2), "221e0a10\(Written.id)1a0a8201070d050000001002"),
    (.limitReached("ViNes"), "221c0a10\(Written.id)1a088a010556694e6573"),
    (
      .noBlockLeft(hosts: 300, largest: block, free: 256),
      """
      22260a10\(Written.id)1a1292010f08ac0212070d000010ac1018188002
      """
    ),
    (.noBlockLeft(hosts: 300, largest: nil, free: 0), "221a0a10\(Written.id)1a0692010308ac02"),
    (
      .blockNotYours(ScopedBlock(block, scope: network)),
      """
      22250a10\(Written.id)1a119a010e0a070d000010ac10181505000000
      """
    ),
    (.noPart(network), "221a0a10\(Written.id)1a06a50105000000"),
    (.scopedBlockLeft(network, block), "22250a10\(Written.id)1a11aa010e0a070d000010ac10181505000000"),
    (.twoOwners(block, other: network), "22250a10\(Written.id)1a11b2010e0a070d000010ac10181505000000"),
    (.badReserveSize(prefixLength: 30), "22170a10\(Written.id)1a03b8011e"),
    (.hasReserve(block), "221e0a10\(Written.id)1a0ac201070d000010ac1018"),
    (
      .noReserveLeft(prefixLength: 20, largest: block, free: 256),
      """
      22250a10\(Written.id)1a11ca010e081412070d000010ac1018188002
      """
    ),
    (.notYourReserve(block), "221e0a10\(Written.id)1a0ad201070d000010ac1018"),
    (.noEquivocation, "22170a10\(Written.id)1a03da0100"),
    (.ownerLives(at: 300), "22180a10\(Written.id)1a04e001ac02"),
    (.nothingToReclaim, "22170a10\(Written.id)1a03ea0100"),
    (.noQuarantineOver(next: time), "221b0a10\(Written.id)1a07f00180c8ceb40d"),
    (.noQuarantineOver(next: nil), "22170a10\(Written.id)1a03f00100"),
  ]

  static let commands: [(RegistryCommand, String)] = [
    (
      .found(site: site, hosts: 250, space: .standardSpace),
      "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d22100a02756610fa011a070d000010ac100c"
    ),
    (
      .invite(other, secretHash: hash, site: site, hosts: 50, expires: time),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d2a400a10\(Written.other)1220\(Written.hash)1a\
      02756620322880c8ceb40d
      """
    ),
    (
      .admit(node: nwu, invitation: other, secretHash: hash),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d32560a20\(Written.nwu)1210\(Written.other)1a20\
      \(Written.hash)
      """
    ),
    (.createVine(vine), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d4a05626c617374"),
    (.deleteVine(network), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d5505000000"),
    (.takePart(network), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d5d05000000"),
    (.leaveVine(network), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d6505000000"),
    (.revoke(nwu), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d6a20\(Written.nwu)"),
    (.allocateBlock(hosts: 300, scope: nil), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d3a0308ac02"),
    (
      .allocateBlock(hosts: 300, scope: network),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d3a0808ac021505000000
      """
    ),
    (.releaseBlock(ScopedBlock(block)), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d42070d000010ac1018"),
    (
      .releaseBlock(ScopedBlock(block, scope: network)),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d720e0a070d000010ac10181505000000
      """
    ),
    (.renameVine(network, vine), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d7a0c0d050000001205626c617374"),
    (
      .delegate(to: nwu, prefixLength: 20),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d8201240a20\(Written.nwu)1014
      """
    ),
    (
      .endDelegation(reserve: block, isWhole: true),
      "0a10\(Written.id)1220\(Written.uf)1880c8ceb40d8a010b0a070d000010ac10181001"
    ),
    (
      .ratify([grant]),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d920185020a82020a070d000010ac1014100118ac022220\(Written.uf)\
      28013220\(Written.hash)3a0e0a070d000010ac101815050000004220\(Written.nwu)4a380a0275661210\(Written.other)\
      1a20\(Written.hash)5240\(Written.signature)
      """
    ),
    (
      .accuse(grant, grant),
      """
      0a10\(Written.id)1220\(Written.uf)1880c8ceb40d9a018a040a82020a070d000010ac1014100118ac022220\(Written.uf)\
      28013220\(Written.hash)3a0e0a070d000010ac101815050000004220\(Written.nwu)4a380a0275661210\(Written.other)\
      1a20\(Written.hash)5240\(Written.signature)1282020a070d000010ac1014100118ac022220\(Written.uf)28013220\
      \(Written.hash)3a0e0a070d000010ac101815050000004220\(Written.nwu)4a380a0275661210\(Written.other)1a20\
      \(Written.hash)5240\(Written.signature)
      """
    ),
    (.reclaim(nwu, known: 300), "0a10\(Written.id)1220\(Written.uf)1880c8ceb40da201250a20\(Written.nwu)10ac02"),
    (.endQuarantines, "0a10\(Written.id)1220\(Written.uf)1880c8ceb40daa0100"),
  ]

  static let facts: [(RegistryFact, String)] = [
    (RegistryFact(key: .mesh, index: 300, body: .mesh(space: .standardSpace)), "0a010110ac0222090a070d000010ac100c"),
    (RegistryFact(key: .site(uf), index: 300, body: .site(name: site)), "0a2102\(Written.uf)10ac022a040a027566"),
    (
      RegistryFact(key: .block(block), index: 300, body: .block(owner: uf)),
      "0a0603ac1000001810ac0232220a20\(Written.uf)"
    ),
    (
      RegistryFact(key: .vine(network), index: 300, body: .vine(name: vine, creator: uf)),
      "0a05040000000510ac023a290a05626c6173741220\(Written.uf)"
    ),
    (
      RegistryFact(key: .participation(network, uf), index: 300, body: .participation),
      "0a250500000005\(Written.uf)10ac024200"
    ),
    (RegistryFact(key: .revocation(nwu), index: 300, body: .revocation), "0a2106\(Written.nwu)10ac024a00"),
    (RegistryFact(key: .vine(network), index: 300, body: nil), "0a05040000000510ac021801"),
    (
      RegistryFact(key: .scopedBlock(network, block), index: 300, body: .block(owner: uf)),
      """
      0a0a0700000005ac1000001810ac0232220a20\(Written.uf)
      """
    ),
    (
      RegistryFact(key: .reserve(block), index: 300, body: .reserve(delegate: uf)),
      """
      0a0608ac1000001810ac025a220a20\(Written.uf)
      """
    ),
    (
      RegistryFact(key: .quarantine(ScopedBlock(block)), index: 300, body: .quarantine(until: time, owner: uf)),
      """
      0a0a0900000000ac1000001810ac0262280880c8ceb40d1220\(Written.uf)
      """
    ),
    (
      RegistryFact(
        key: .quarantine(ScopedBlock(block, scope: network)), index: 300, body: .quarantine(until: time, owner: nil)),
      """
      0a0a0900000005ac1000001810ac0262060880c8ceb40d
      """
    ),
    (RegistryFact(key: .voter(uf), index: 300, body: .voter(.founded)), "0a210a\(Written.uf)10ac026a020801"),
    (RegistryFact(key: .voter(uf), index: 300, body: .voter(.grown)), "0a210a\(Written.uf)10ac026a020802"),
    (
      RegistryFact(key: .voter(uf), index: 300, body: .voter(.replaced(nwu))),
      """
      0a210a\(Written.uf)10ac026a2408031220\(Written.nwu)
      """
    ),
    (
      RegistryFact(key: .voter(uf), version: FactVersion(epoch: 2, index: 301), body: .voter(.recovered(through: 300))),
      """
      0a210a\(Written.uf)10ad0250026a05080418ac02
      """
    ),
  ]

  static let vrRecord = (
    VRRecord(
      site: "uf", role: .limited, endpoints: [endpoint], queueVR: nwu,
      claims: [
        network: VRRecord.Claim(
          addresses: AddressSet([range(0xAC10_000A, 0xAC10_0014), range(0xAC10_0020, 0xAC10_0020)]), changes: 3)
      ],
      tableDigests: [
        network: TableDigest(version: TableVersion(decision: 300, changes: 42), digest: 0x0102_0304_0506_0708)
      ], softwareVersion: "0.1.0", certificateExpires: time,
      store: StoreID(high: 0x77, low: 0x78)),
    """
    0a02756610021a080d010012c610c7112220\(Written.nwu)2a110d050000001a088a80c0e00a0a0b00200332130d05000000\
    11080706050403020118ac02202a3a05302e312e304080c8ceb40d4a1000000000000000770000000000000078
    """
  )
  static let signedRecord = (
    record, "0802120101180120ac022a20\(Written.uf)3202dead3a40\(Written.signature)"
  )
  static let logEntry = (
    LogEntry(index: LogIndex(rawValue: 300), term: Term(rawValue: 4), payload: .noop), "08ac0210042200"
  )

  static let id = fixed(ProposalID(bytes(0x33, 16)))
  static func proposal(_ command: RegistryCommand) -> Proposal {
    Proposal(id: id, author: uf, at: time, command: command)
  }

  // MARK: Parts

  private static let uf = fixed(NodeID(bytes(0x11, 32)))
  private static let nwu = fixed(NodeID(bytes(0x22, 32)))
  private static let hash = bytes(0x44, 32)
  private static let other = fixed(UniqueID(bytes(0x66, 16)))
  private static let time = WallTime(secondsSince1970: 1_800_000_000)
  private static let endpoint = Endpoint(address: IPv4Address(rawValue: 0xC612_0001))
  private static let block = fixed(Block("172.16.0.0/24"))
  private static let network = NetworkID(rawValue: 5)
  private static let site = fixed(SiteName("uf"))
  private static let vine = fixed(VineName("blast"))
  private static let grant = SignedGrant(
    Grant(
      reserve: fixed(Block("172.16.0.0/20")), delegation: FactVersion(index: 300), delegate: uf, sequence: 1,
      previous: hash, block: ScopedBlock(block, scope: network), grantee: nwu,
      admission: Grant.Admission(site: site, invitation: other, secretHash: hash)), signature: bytes(0x55, 64))
  private static let place = RecordPlace(rawValue: 0x0102_0304_0506_0708)
  private static let nine = RecordPlace(rawValue: 9)
  private static let record = SignedRecord(
    key: RecordKey(kind: .fact, id: [1]), version: RecordVersion(epoch: 1, sequence: 300), author: uf,
    payload: [0xDE, 0xAD], signature: bytes(0x55, 64))
  private static let dead = RecordDigest(place: nine, version: RecordVersion(epoch: 1, sequence: 1), isDead: true)
  private static let equal = Difference(branch: branch(1, 2), content: .equal)
  private static let children = Difference(branch: .root, content: .children(Array(0..<16)))
  private static let records = Difference(
    branch: branch(3, 7),
    content: .records(
      first: RecordPlace(rawValue: 1), last: nine,
      [RecordDigest(place: nine, version: RecordVersion(epoch: 1, sequence: 1))]))
  private static func branch(_ depth: Int, _ digits: Int) -> TreeBranch {
    fixed(TreeBranch(depth: depth, digits: digits))
  }
  private static func rumour(_ state: MemberState) -> Rumour {
    Rumour(subject: place, incarnation: 300, state: state, accuser: nine)
  }
  private static func raft(_ body: RaftMessage.Body) -> ControlMessage {
    .raft(
      RaftMessage(
        epoch: .first, from: StoreID(high: 0x77, low: 0x78), to: StoreID(high: 0x79, low: 0x7A),
        term: Term(rawValue: 4), body: body))
  }
  private static let vote = VoteRequest(
    lastIndex: LogIndex(rawValue: 300), lastTerm: Term(rawValue: 3), isTransfer: true)
  private static let append = Append(
    session: session, round: round, previousIndex: LogIndex(rawValue: 299), previousTerm: Term(rawValue: 3),
    commit: LogIndex(rawValue: 298),
    entries: [entry(300, .noop), entry(301, .command([1, 2])), entry(302, .configuration(configuration))])
  private static let configuration = Configuration(
    voters: [VoterID(node: uf, store: StoreID(high: 0x77, low: 0x78))],
    outgoing: [VoterID(node: uf, store: StoreID(high: 0x75, low: 0x76))],
    learners: [VoterID(node: nwu, store: StoreID(high: 0x79, low: 0x7A))])
  private static let session = ReplicationSession(rawValue: 6)
  private static let round = ReadRound(rawValue: 7)
  private static func reply(_ outcome: AppendReply.Outcome) -> AppendReply {
    AppendReply(session: session, round: round, outcome: outcome)
  }
  private static let rejected = AppendReply.Outcome.rejected(
    previous: LogIndex(rawValue: 300), hint: LogIndex(rawValue: 299), hintTerm: Term(rawValue: 3))
  private static let chunk = SnapshotChunk(
    session: session, round: round, lastIndex: LogIndex(rawValue: 300), lastTerm: Term(rawValue: 3),
    configuration: configuration, offset: 0, total: 3, bytes: [1, 2])
  private static let chunkReply = SnapshotReply(
    session: session, round: round, lastIndex: LogIndex(rawValue: 300), next: 2)

  private static func entry(_ index: UInt64, _ payload: EntryPayload) -> LogEntry {
    LogEntry(index: LogIndex(rawValue: index), term: Term(rawValue: 4), payload: payload)
  }

  private static func range(_ first: UInt32, _ last: UInt32) -> AddressRange {
    AddressRange(first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: last))
  }

  private static func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }

  private static func fixed<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a golden value that its own type refuses") }
    return value
  }
}

/// Long parts of the vectors.
private enum Written {
  static let uf = String(repeating: "11", count: 32)
  static let nwu = String(repeating: "22", count: 32)
  static let id = String(repeating: "33", count: 16)
  static let hash = String(repeating: "44", count: 32)
  static let signature = String(repeating: "55", count: 64)
  static let other = String(repeating: "66", count: 16)
  /// Epoch, stores and term of a Raft message.
  static let envelope = "50015a100000000000000077000000000000007862100000000000000079000000000000007a6804"
}
