import Testing
import VineBase

@testable import VineRaft

/// Raft paper 7.
@Suite struct SnapshotTests {
  @Test func `a voter starts from its snapshot and the log behind it`() {
    let group = Group(1)
    group.elect()
    for number in 0..<30 { group.propose("\(number)", at: 1) }
    group.compact(1)
    group.propose("last", at: 1)
    #expect(group.members[1]?.disk.entries.count == 1)
    group.restart(1)
    group.elect()
    #expect(group.applied(1).count == 31)
    #expect(group.applied(1).last == Array("last".utf8))
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func `whoever is too late for the log gets a snapshot in pieces that fit a datagram`(loss: UInt64) throws {
    let group = Group(3, seed: loss + 1)
    let leader = late(group)
    group.lossPerCent = loss * 5
    group.sent = []
    group.heal()
    let follower = leader % 3 + 1
    #expect(group.run(atMost: .seconds(20)) { group.raft(follower).commitIndex >= group.raft(leader).commitIndex })
    #expect(group.applied(follower) == group.applied(leader))
    let chunks = group.sent.compactMap { if case .install(let chunk) = $0.message.body { chunk } else { nil } }
    #expect(try #require(chunks.first).total > 20_000)
    for chunk in chunks {
      let framing = (chunk.configuration?.members.count ?? 0) * 50
      #expect(chunk.bytes.count + framing <= RaftSettings().chunkByteCountMax)
    }
  }

  @Test func `several pieces are on their way at once`() {
    let group = Group(3)
    let leader = late(group)
    group.heal()
    let follower = leader % 3 + 1
    let began = group.now
    group.run(atMost: .seconds(5)) { group.raft(follower).commitIndex >= group.raft(leader).snapshotIndex }
    // 60 pieces, one a round trip of 20 ms, would take 1.2 s.
    #expect(group.now - began < .milliseconds(600))
  }

  @Test func `an older snapshot does not replace a newer state`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    let entries = [entry(1, 1, "a"), entry(2, 1, "b"), entry(3, 1, "c")]
    _ = group.effects(of: append(after: 0, 0, entries, commit: 3), in: 1, from: 2, to: 1)
    let effects = group.effects(of: .install(chunk(lastIndex: 2, [])), in: 1, from: 2, to: 1)
    #expect(group.raft(1).commitIndex == LogIndex(rawValue: 3))
    #expect(!effects.contains { if case .restore = $0 { true } else { false } })
    #expect(group.applied(1).count == 3)
  }

  @Test func `a snapshot that the log has already leaves the log alone`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    let entries = [entry(1, 1, "a"), entry(2, 1, "b"), entry(3, 1, "c")]
    _ = group.effects(of: append(after: 0, 0, entries), in: 1, from: 2, to: 1)
    _ = group.effects(of: .install(chunk(lastIndex: 2, [])), in: 1, from: 2, to: 1)
    #expect(group.raft(1).commitIndex == LogIndex(rawValue: 2))
    #expect(group.raft(1).lastIndex == LogIndex(rawValue: 3))
    #expect(group.applied(1).count == 2)
  }

  @Test func `a snapshot is durable before it is acknowledged, and brings its configuration`() throws {
    let group = Group(3)
    group.run(.milliseconds(1))
    let effects = group.effects(of: .install(chunk(lastIndex: 7, [])), in: 1, from: 2, to: 1)
    let persist = try #require(effects.lastIndex { if case .persist = $0 { true } else { false } })
    #expect(try persist < #require(effects.firstSend))
    #expect(group.raft(1).configuration.voters == group.voters(1, 2))
    group.restart(1)
    #expect(group.raft(1).configuration.voters == group.voters(1, 2))
    #expect(group.raft(1).lastIndex == LogIndex(rawValue: 7))
  }

  @Test func `pieces that overtake others are kept, and pieces of another snapshot are left out`() {
    let group = Group(3)
    group.run(.milliseconds(1))
    let first = SnapshotChunk(
      session: ReplicationSession(rawValue: 1), round: .zero, lastIndex: LogIndex(rawValue: 7),
      lastTerm: Term(rawValue: 1), configuration: Configuration(voters: group.voters(1, 2)), offset: 0, total: 10,
      bytes: [1, 2, 3])
    _ = group.effects(of: .install(first), in: 1, from: 2, to: 1)
    let gap = piece(of: first, offset: 5, [6, 7, 8, 9, 10])
    #expect(next(group.effects(of: .install(gap), in: 1, from: 2, to: 1)) == 3)
    let other = piece(of: first, offset: 3, [4, 5], session: 9)
    #expect(next(group.effects(of: .install(other), in: 1, from: 2, to: 1)) == 0)
    #expect(next(group.effects(of: .install(piece(of: first, offset: 3, [4])), in: 1, from: 2, to: 1)) == 4)
    #expect(group.raft(1).commitIndex == .zero)
    _ = group.effects(of: .install(piece(of: first, offset: 4, [5])), in: 1, from: 2, to: 1)
    #expect(group.raft(1).commitIndex == LogIndex(rawValue: 7))
    #expect(group.members[1]?.disk.snapshot.state == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  }

  /// A leader that has compacted far beyond what one follower has.
  private func late(_ group: Group) -> Int {
    let leader = group.elect()
    group.isolate(leader % 3 + 1)
    for number in 0..<800 { group.input(.propose([[UInt8](repeating: UInt8(number & 255), count: 60)]), to: leader) }
    group.run(.seconds(1))
    group.compact(leader)
    group.run(.milliseconds(10))
    return leader
  }

  private func chunk(lastIndex: UInt64, _ state: [UInt8]) -> SnapshotChunk {
    let voters = [1, 2].map { VoterID(node: Group.node($0), store: StoreID(high: 0, low: UInt64($0))) }
    return SnapshotChunk(
      session: ReplicationSession(rawValue: 1), round: .zero, lastIndex: LogIndex(rawValue: lastIndex),
      lastTerm: Term(rawValue: 1), configuration: Configuration(voters: voters), offset: 0, total: state.count,
      bytes: state)
  }

  private func piece(of first: SnapshotChunk, offset: Int, _ bytes: [UInt8], session: UInt64 = 1) -> SnapshotChunk {
    SnapshotChunk(
      session: ReplicationSession(rawValue: session), round: .zero, lastIndex: first.lastIndex,
      lastTerm: first.lastTerm, configuration: nil, offset: offset, total: first.total, bytes: bytes)
  }

  private func next(_ effects: [Raft.Effect]) -> Int? {
    for case .installReply(let reply) in effects.bodies { return reply.next }
    return nil
  }
}
