import Testing
import VineBase
import VineSession

@testable import VineDataPlane

@Suite struct TokenBucketTests {
  @Test func `a burst passes once and then only the rate`() {
    var bucket = TokenBucket(rate: 10, at: .zero)
    #expect((0..<20).count { _ in bucket.take(at: .zero) } == 10)
    var passed = 0
    for step in 1...200 where bucket.take(at: .zero + .milliseconds(step * 10)) { passed += 1 }
    #expect(passed == 20)
  }

  @Test func `a long pause fills it once, and a clock that stands or goes back fills nothing`() {
    var bucket = TokenBucket(rate: 3, at: .zero)
    let late = Instant.zero + .seconds(1_000_000_000)
    #expect((0..<20).count { _ in bucket.take(at: late) } == 3)
    #expect((0..<20).count { bucket.take(at: .zero + .seconds($0 % 2)) } == 0)
    #expect((0..<20).count { _ in bucket.take(at: late) } == 0)
  }
}

@Suite struct RecordBufferTests {
  private func fill(_ buffer: inout RecordBuffer, _ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { buffer.free().copyMemory(from: $0) }
    buffer.added(bytes.count)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `records come out as they went in, however the stream is cut`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var writer = OutgoingRecords(limit: 5000)
    var reader = RecordBuffer(capacity: 4000)
    var (expected, found): ([[UInt8]], [[UInt8]]) = ([], [])
    for round in 0..<400 {
      let record = (0..<random.int(in: 1..<Records.byteCountMax)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if record.withUnsafeBytes({ writer.append(record: $0) }) { expected.append(record) }
      let cut = min(round == 399 ? writer.count : random.int(in: 0..<3000), writer.count, reader.room)
      fill(&reader, Array(writer.bytes.prefix(cut))[...])
      writer.took(cut)
      while let record = try reader.firstRecord() {
        found.append(Array(record))
        reader.removed(2 + record.count)
      }
    }
    #expect(expected.count > 200 && found.count >= expected.count - 3)
    #expect(found == Array(expected.prefix(found.count)))
  }

  @Test(arguments: [[0, 0], [0xFF, 0xFF], [0x06, 0x00]] as [[UInt8]])
  func `a length that no VR writes is an error`(length: [UInt8]) {
    var buffer = RecordBuffer(capacity: 100)
    fill(&buffer, (length + [0])[...])
    #expect(throws: Records.Malformed.self) { _ = try buffer.firstRecord() == nil }
  }
}

@Suite struct NetfilterQueueFileTests {
  private let text = """
        6   1111     9 2 65531     8     7       99  1
        7  31337     3 2 65531     5     2      120  1

    """

  @Test func `the queue's own line is read`() {
    #expect(
      NetfilterQueueFile.status(of: 7, in: text)
        == NetfilterQueueStatus(waiting: 3, queueDropped: 5, socketDropped: 2))
    #expect(NetfilterQueueFile.status(of: 8, in: text) == nil)
    #expect(NetfilterQueueFile.status(of: 7, in: "7 x y") == nil)
  }

  @Test func `the kernel's list of queues is read, whatever it holds`() {
    let text = """
       2247  12345     0 2 65531     0     3        1  1
      35015  12345     0 2 65531     2     0        7  1
      nonsense
      99999999 1 2 3 4 5 6 7 8
      """
    #expect([2247, 35015].map { NetfilterQueueFile.status(of: $0, in: text)?.dropped } == [3, 2])
    #expect(NetfilterQueueFile.status(of: 2247, in: "") == nil)
  }
}

@Suite struct PeerTests {
  private let peer = Peer(Nodes.numbered(2))

  private func session(isInitiator: Bool, at seconds: Int, isGuest: Bool = false) -> Session {
    let pair = SessionPair(Nodes.numbered(1), Nodes.numbered(2))
    return Session(
      pair.first(via: .channel(ChannelID(rawValue: 2)), isGuest: isGuest, isInitiator: isInitiator),
      at: .zero + .seconds(seconds))
  }

  @Test func `the answering side sends under a new session at once`() {
    _ = peer.install(session(isInitiator: false, at: 0))
    let newer = session(isInitiator: false, at: 1)
    _ = peer.install(newer)
    #expect(peer.sending === newer)
  }

  @Test func `the side that began waits for the first frame while an older session works`() {
    let older = session(isInitiator: true, at: 0)
    _ = peer.install(older)
    #expect(peer.sending === older, "the only one is used at once")
    let newer = session(isInitiator: true, at: 100)
    _ = peer.install(newer)
    #expect(peer.sending === older)
    peer.confirm(newer)
    #expect(peer.sending === newer)
  }

  @Test func `it does not wait for ever`() {
    _ = peer.install(session(isInitiator: true, at: 0))
    let newer = session(isInitiator: true, at: 100)
    _ = peer.install(newer)
    peer.promote(at: .zero + .milliseconds(100_999))
    #expect(peer.sending !== newer)
    peer.promote(at: .zero + .seconds(101))
    #expect(peer.sending === newer)
  }

  @Test func `a late frame of an old session does not bring it back`() {
    let older = session(isInitiator: true, at: 0)
    let newer = session(isInitiator: false, at: 1)
    _ = peer.install(older)
    _ = peer.install(newer)
    peer.confirm(older)
    #expect(peer.sending === newer)
  }

  @Test func `a member's session displaces a guest's at once`() {
    _ = peer.install(session(isInitiator: true, at: 0, isGuest: true))
    let member = session(isInitiator: true, at: 1)
    _ = peer.install(member)
    #expect(peer.sending === member)
  }

  @Test func `the fourth session pushes the oldest out, and releasing the one in use leaves another`() {
    let all = (0..<4).map { session(isInitiator: false, at: $0) }
    #expect(all.prefix(3).allSatisfy { peer.install($0).isEmpty })
    #expect(peer.install(all[3]).map(\.localIndex) == [all[0].localIndex])
    peer.release(all[3])
    #expect(peer.sending === all[2])
    all.forEach(peer.release)
    #expect(peer.sending == nil && !peer.hasSession)
  }
}
