import Testing
import VineBase
import VineGossip
import VineRaft
import VineRegistry
import VineWire

@Suite struct HostileBytesTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `random bytes never trap and what decodes has one encoding`(seed: UInt64) {
    var samples = Samples(seed: seed)
    for _ in 0..<50 {
      let bytes = samples.bytes(upTo: 200)
      for door in Door.all { #expect(door.complaint(bytes) == nil, "\(door.name) \(Hex.encode(bytes))") }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `damaged messages never trap and what decodes has one encoding`(seed: UInt64) {
    var samples = Samples(seed: seed)
    let records = [
      samples.vrRecord().encode(), FactRecord.encode(samples.fact()), LogCommand.encode(samples.proposal()),
      StoredRecord.encode(samples.signedRecord()), LogRecord.encode(samples.entry(at: 1)),
    ]
    for valid in samples.controlMessages().map({ $0.encode() }) + records {
      for _ in 0..<4 {
        let bytes = samples.damaged(valid)
        for door in Door.all { #expect(door.complaint(bytes) == nil, "\(door.name) \(Hex.encode(bytes))") }
      }
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func `a message that is cut off anywhere never traps`(seed: UInt64) {
    var samples = Samples(seed: seed)
    for bytes in samples.controlMessages().map({ $0.encode() }) where bytes.count < 400 {
      for count in 0..<bytes.count { #expect(Door.controlMessage.complaint(Array(bytes[..<count])) == nil) }
    }
  }

  // MARK: Refused

  @Test func `messages beyond the largest are refused before they are read`() {
    let bytes = [UInt8](repeating: 0, count: WireLimits.messageByteCountMax + 1)
    let error = WireError.tooLong(count: bytes.count, max: WireLimits.messageByteCountMax)
    #expect(throws: error) { try ControlMessage.decode(bytes) }
    #expect(throws: WireError.self) { try VRRecord.decode([UInt8](repeating: 0, count: 901)) }
  }

  @Test func `a message without a kind is refused`() {
    #expect(throws: WireError.missing("kind of the control message")) { try ControlMessage.decode([]) }
  }

  @Test func `counters that a core could overflow are refused`() {
    var samples = Samples(seed: 1)
    let beyond = WireLimits.counterMax + 1
    let rumour = Rumour(subject: samples.place(), incarnation: beyond, state: .dead, accuser: samples.place())
    let entry = LogEntry(index: LogIndex(rawValue: beyond), term: Term(rawValue: 1), payload: .noop)
    let fact = RegistryFact(key: .mesh, index: beyond, body: nil)
    let root = ControlMessage.gossip(.rumours([rumour]))
    #expect(throws: WireError.invalid("incarnation")) { try ControlMessage.decode(root.encode()) }
    #expect(throws: WireError.invalid("log index")) { try LogRecord.decode(LogRecord.encode(entry)) }
    #expect(throws: WireError.invalid("fact index")) { try FactRecord.decode(FactRecord.encode(fact)) }
  }

  @Test func `log entries that leave a gap are no append`() {
    var samples = Samples(seed: 1)
    let append = Append(
      session: samples.session(), round: samples.round(), previousIndex: LogIndex(rawValue: 4),
      previousTerm: Term(rawValue: 1), commit: LogIndex(rawValue: 4),
      entries: [samples.entry(at: 5), samples.entry(at: 7)])
    let message = RaftMessage(
      epoch: .first, from: samples.store(), to: samples.store(), term: Term(rawValue: 1), body: .append(append))
    let bytes = ControlMessage.raft(message).encode()
    #expect(throws: WireError.invalid("order of log entries")) { try ControlMessage.decode(bytes) }
  }

  @Test func `a fact whose body is of another kind than its key is refused`() throws {
    var samples = Samples(seed: 1)
    let fact = RegistryFact(key: .site(samples.node()), index: 1, body: .participation)
    #expect(throws: WireError.invalid("fact body")) { try FactRecord.decode(FactRecord.encode(fact)) }
  }

  @Test func `a fact with a body of a newer version is not taken for one that was taken back`() {
    // Key `mesh`, index 1, and field 50, which no version has yet.
    let bytes: [UInt8] = [0x0A, 0x01, 0x01, 0x10, 0x01, 0x92, 0x03, 0x00]
    #expect(throws: WireError.missing("fact body")) { try FactRecord.decode(bytes) }
  }

  /// Addresses left out, then in but for one, and so on.
  @Test(arguments: [[1, 2, 0, 4], [1], [1, 2, 3], [.max, 1], [0, .max, 0, 0], [5, .max]] as [[UInt32]])
  func `address ranges in any but their canonical form are refused`(runs: [UInt32]) {
    #expect(throws: WireError.invalid("address ranges")) { try VRRecord.decode(participation(runs)) }
  }

  @Test(arguments: [[], [0, 0], [0, .max], [.max, 0], [1, 2, 1, 6]] as [[UInt32]])
  func `address ranges in their canonical form are taken`(runs: [UInt32]) throws {
    #expect(try VRRecord.decode(participation(runs)).claims.count == 1)
  }

  @Test func `ViNes out of order or twice are refused`() {
    let part = participation([1, 2, 4, 6])
    #expect(throws: WireError.invalid("order of ViNes")) { try VRRecord.decode(part + part) }
  }

  @Test func `names in a spelling that is not their own are refused`() {
    var samples = Samples(seed: 1)
    let proposal = Proposal(
      id: samples.id(), author: samples.node(), at: samples.time(), command: .createVine(samples.name()))
    var bytes = LogCommand.encode(proposal)
    guard let first = bytes.lastIndex(of: UInt8(ascii: "v")) else { return #expect(Bool(false), "names begin with v") }
    bytes[first] = UInt8(ascii: "V")
    #expect(throws: WireError.invalid("ViNe name")) { try LogCommand.decode(bytes) }
  }

  // MARK: Newer versions

  @Test func `a message of an unknown kind is told by its number`() throws {
    #expect(try ControlMessage.decode([0x9A, 0x06, 0x00]) == .unknown(99))
    #expect(try ControlMessage.decode([0x80, 0x01, 0x07]) == .unknown(16))
  }

  @Test func `unknown fields of a known message are skipped`() throws {
    let hello = ControlMessage.hello(observed: nil, softwareVersion: "0.1")
    // Field 6, length 5: the version, then field 9 that no version has yet is put into it.
    #expect(hello.encode() == [0x32, 0x05, 0x12, 0x03, 0x30, 0x2E, 0x31])
    #expect(try ControlMessage.decode([0x32, 0x07, 0x12, 0x03, 0x30, 0x2E, 0x31, 0x48, 0x01]) == hello)
  }

  // MARK: Helpers

  /// A VR record with nothing but a claim in ViNe 1.
  private func participation(_ runs: [UInt32]) -> [UInt8] {
    func written(_ word: UInt32) -> [UInt8] {
      word < 128 ? [UInt8(word)] : [UInt8(word & 127) | 128] + written(word >> 7)
    }
    let packed = runs.flatMap(written)
    let list = packed.isEmpty ? [] : [0x1A, UInt8(packed.count)] + packed
    return [0x2A, UInt8(5 + list.count), 0x0D, 1, 0, 0, 0] + list
  }
}
