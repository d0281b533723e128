import Testing
import VineAddress
import VineBase
import VineGossip
import VineRegistry
import VineWire

@Suite struct SizeTests {
  @Test func `a probe of a path's size has the length that was asked for`() {
    for byteCount in [200, 576, 1140, 1280, 1440] {
      #expect(ControlMessage.sizeProbe(id: .max, byteCount: byteCount).encode().count == byteCount)
    }
    #expect(ControlMessage.sizeProbe(id: 1, byteCount: 0).encode().count < 30)
  }

  @Test func `a full fragment fits one frame`() {
    let bytes = [UInt8](repeating: 7, count: WireLimits.fragmentByteCountMax)
    let last = UInt16(WireLimits.fragmentCountMax - 1)
    let fragment = Fragment(id: .max, index: last, count: last + 1, bytes: bytes)
    #expect(ControlMessage.fragment(fragment).encode().count <= WireLimits.frameByteCountMax)
    #expect(WireLimits.fragmentCountMax * WireLimits.fragmentByteCountMax >= WireLimits.messageByteCountMax)
  }

  @Test func `a push of one largest record goes in three fragments at most`() {
    var samples = Samples(seed: 1)
    let record = SignedRecord(
      key: RecordKey(kind: .fact, id: FactKey.participation(samples.network(), samples.node()).bytes),
      version: RecordVersion(epoch: WireLimits.counterMax, sequence: WireLimits.counterMax), author: samples.node(),
      payload: samples.bytes(SignedRecord.payloadByteCountMax), signature: samples.bytes(64))
    let fragments = Reassembler.cut(ControlMessage.gossip(.push([record])).encode(), id: 1)
    #expect(fragments.count <= 3)
    #expect(StoredRecord.encode(record).count <= WireLimits.recordByteCountMax)
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `commands, answers and facts fit their limits`(seed: UInt64) {
    var samples = Samples(seed: seed)
    #expect(LogCommand.encode(samples.proposal()).count <= WireLimits.commandByteCountMax)
    #expect(FactRecord.encode(samples.fact()).count <= SignedRecord.payloadByteCountMax)
    #expect(LogRecord.encode(samples.entry(at: WireLimits.counterMax)).count <= WireLimits.logEntryByteCountMax)
    let answer = ControlMessage.proposalAnswer(samples.id(), .success(samples.answer()))
    #expect(answer.encode().count <= WireLimits.frameByteCountMax)
  }

  @Test func `the largest join grant is no larger than a message`() throws {
    var samples = Samples(seed: 1)
    let record = SignedRecord(
      key: RecordKey(kind: .fact, id: samples.bytes(64)), version: samples.version(), author: samples.node(),
      payload: samples.bytes(SignedRecord.payloadByteCountMax), signature: samples.bytes(64))
    let grant = JoinGrant(
      certificate: samples.bytes(4096), genesis: samples.bytes(4096), facts: Array(repeating: record, count: 100),
      endpoints: (0..<20).map { _ in samples.endpoint() })
    let bytes = ControlMessage.joinReply(grant).encode()
    #expect(bytes.count <= WireLimits.messageByteCountMax)
    guard case .joinReply(let back) = try ControlMessage.decode(bytes) else { return #expect(Bool(false), "no grant") }
    #expect(back.facts.count == WireLimits.grantRecordCountMax && back.endpoints.count == WireLimits.endpointCountMax)
  }

  @Test func `a record with the largest claims fits its payload, and digests take what is left`() throws {
    var samples = Samples(seed: 1)
    var claims = SortedMap<NetworkID, VRRecord.Claim>()
    var addresses: [IPv4Address] = []
    let network = NetworkID(rawValue: .max)
    while true {
      addresses.append(IPv4Address(rawValue: 0xAC10_0002 + 2 * UInt32(addresses.count)))
      let wider = VRRecord.Claim(addresses: AddressSet(addresses: addresses), changes: .max)
      guard VRRecord.byteCount(of: [network: wider]) <= VRRecord.claimsByteCountMax else { break }
      claims[network] = wider
    }
    #expect(addresses.count > 500, "two blocks of 253 hosts without two neighbours have room")
    var digests = SortedMap<NetworkID, TableDigest>()
    for number in UInt32(0)..<80 {
      let version = TableVersion(decision: WireLimits.counterMax, changes: WireLimits.counterMax)
      digests[NetworkID(rawValue: number)] = TableDigest(version: version, digest: .max)
    }
    let record = VRRecord(
      site: String(repeating: "s", count: WireLimits.nameByteCountMax), role: .limited,
      endpoints: (0..<WireLimits.endpointCountMax).map { _ in
        Endpoint(address: IPv4Address(rawValue: .max), port: .max)
      }, queueVR: samples.node(), claims: claims, tableDigests: digests,
      softwareVersion: String(repeating: "v", count: WireLimits.wordByteCountMax),
      certificateExpires: WallTime(secondsSince1970: WireLimits.secondsMax))
    let bytes = record.encode()
    #expect(bytes.count <= SignedRecord.payloadByteCountMax)
    let back = try VRRecord.decode(bytes)
    #expect(back.claims == claims && back.endpoints == record.endpoints && back.queueVR == record.queueVR)
    // Without claims there is room for many digests, and those there are keep their order.
    let idle = VRRecord(
      site: "", role: .unknown, endpoints: [], queueVR: nil, claims: [:], tableDigests: digests, softwareVersion: "",
      certificateExpires: WallTime(secondsSince1970: 0))
    let told = try VRRecord.decode(idle.encode()).tableDigests
    #expect(told.count > 20 && told.keys == Array(digests.keys.prefix(told.count)))
  }

  @Test func `a VR with hosts in fifty ViNes has room for what it derived of all of them`() throws {
    var claims = SortedMap<NetworkID, VRRecord.Claim>()
    var digests = SortedMap<NetworkID, TableDigest>()
    for number in UInt32(0)..<50 {
      let network = NetworkID(rawValue: 1000 + number)
      let address = IPv4Address(rawValue: 0xAC10_0002 + 2 * number)
      claims[network] = VRRecord.Claim(addresses: AddressSet(addresses: [address]), changes: .max)
      digests[network] = TableDigest(version: TableVersion(decision: 1 << 40, changes: 1 << 40), digest: .max)
    }
    #expect(VRRecord.byteCount(of: claims) <= VRRecord.claimsByteCountMax)
    let record = VRRecord(
      site: "purdue", role: .public, endpoints: [Endpoint(address: IPv4Address(rawValue: 0xC612_0001))], queueVR: nil,
      claims: claims, tableDigests: digests, softwareVersion: "0.1.0",
      certificateExpires: WallTime(secondsSince1970: 1_800_000_000))
    let back = try VRRecord.decode(record.encode())
    #expect(back.claims == claims && back.tableDigests == digests)
  }

  @Test func `a text that is too long is clipped between characters`() throws {
    let message = ControlMessage.joinRefused(String(repeating: "漢", count: 300))
    #expect(try ControlMessage.decode(message.encode()) == .joinRefused(String(repeating: "漢", count: 170)))
  }
}
