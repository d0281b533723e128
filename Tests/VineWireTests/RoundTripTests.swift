import Testing
import VineBase
import VineGossip
import VineRaft
import VineWire

@Suite struct RoundTripTests {
  @Test(arguments: 0..<100 as Range<UInt64>)
  func `every control message comes back as it was`(seed: UInt64) throws {
    var samples = Samples(seed: seed)
    for message in samples.controlMessages() {
      let bytes = message.encode()
      #expect(try ControlMessage.decode(bytes) == message)
      #expect(bytes.count <= WireLimits.messageByteCountMax)
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `every record, fact, command and log entry comes back as it was`(seed: UInt64) throws {
    var samples = Samples(seed: seed)
    let (record, fact, proposal) = (samples.vrRecord(), samples.fact(), samples.proposal())
    let (signed, entry) = (samples.signedRecord(), samples.entry(at: 1 + samples.random.next() >> 8))
    #expect(try VRRecord.decode(record.encode()) == record)
    #expect(try FactRecord.decode(FactRecord.encode(fact)) == fact)
    #expect(try LogCommand.decode(LogCommand.encode(proposal)) == proposal)
    #expect(try StoredRecord.decode(StoredRecord.encode(signed)) == signed)
    #expect(try LogRecord.decode(LogRecord.encode(entry)) == entry)
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `a signed record covers the same bytes after the wire as before`(seed: UInt64) throws {
    var samples = Samples(seed: seed)
    let record = samples.signedRecord()
    let message = try ControlMessage.decode(ControlMessage.gossip(.push([record])).encode())
    guard case .gossip(.push(let records)) = message else { return #expect(Bool(false), "no push came back") }
    #expect(records.map(\.signedBytes) == [record.signedBytes])
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `a payload that no version of ours would write is passed on unchanged`(seed: UInt64) throws {
    var samples = Samples(seed: seed)
    // A field of a newer version at the end of a VR record, and the same content in another order.
    let payload = [0xA0, 0x06, 0x01] + samples.vrRecord().encode().prefix(800)
    let record = SignedRecord(
      key: samples.recordKey(), version: samples.version(), author: samples.node(), payload: payload,
      signature: samples.bytes(64))
    #expect(try StoredRecord.decode(StoredRecord.encode(record)).payload == payload)
  }

  @Test func `the same value always has the same bytes`() {
    var (first, second) = (Samples(seed: 5), Samples(seed: 5))
    #expect(first.controlMessages().map { $0.encode() } == second.controlMessages().map { $0.encode() })
  }
}
