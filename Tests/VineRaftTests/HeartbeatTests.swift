import Testing
import VineBase

@testable import VineRaft

/// Leaders that have nothing to say (Raft paper 5.2; check-quorum: thesis 6.2).
@Suite struct HeartbeatTests {
  /// Sends per second and follower while nothing is proposed.
  private func sends(_ group: Group, in time: Duration) -> [RaftMessage.Body] {
    group.sent = []
    group.run(time)
    return group.sent.map(\.message.body)
  }

  private func isHeartbeat(_ body: RaftMessage.Body) -> Bool { if case .heartbeat = body { true } else { false } }
  private func isReply(_ body: RaftMessage.Body) -> Bool { if case .heartbeatReply = body { true } else { false } }

  @Test func `a group at rest sends short heartbeats, every other of which is answered, and nothing else`() {
    let group = Group(5)
    group.elect()
    group.run(.seconds(2))
    let bodies = sends(group, in: .milliseconds(2800))
    #expect(bodies.filter(isHeartbeat).count == 4 * 10)
    #expect(bodies.filter(isReply).count == 4 * 5)
    #expect(bodies.count == 4 * 15)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `a leader that is heard through heartbeats alone stays the leader, where one in ten is lost`(seed: UInt64) {
    let group = Group(5, seed: seed)
    let leader = group.elect()
    group.lossPerCent = 10
    group.run(.seconds(2))
    let term = group.raft(leader).term
    group.run(.seconds(600))
    #expect(group.leader == leader)
    #expect(group.raft(leader).term == term)
  }

  @Test func `what the last append did not say to be committed, a heartbeat says`() {
    let group = Group(3)
    let leader = group.elect()
    let (one, other) = (leader % 3 + 1, (leader + 1) % 3 + 1)
    group.run(.seconds(2))
    group.propose("a", at: leader)
    group.run(.milliseconds(100))
    group.sent = []
    group.run(.seconds(1))
    #expect(group.applied(one) == [Array("a".utf8)])
    #expect(group.applied(other) == [Array("a".utf8)])
    #expect(group.sent.contains { isHeartbeat($0.message.body) })
  }

  @Test func `a heartbeat commits nothing that was not compared with its leader's log`() {
    let group = Group(3)
    group.crash(1)
    group.crash(2)
    let session = ReplicationSession(rawValue: 1)
    let all = Heartbeat(session: session, commit: LogIndex(rawValue: 9), wantsAnswer: true)
    #expect(group.effects(of: .heartbeat(all), in: 1, from: 1, to: 3).bodies.isEmpty)
    _ = group.effects(of: append(after: 0, 0, [entry(1, 1, "a"), entry(2, 1, "b")], commit: 0), in: 1, from: 1, to: 3)
    let other = Heartbeat(session: ReplicationSession(rawValue: 2), commit: LogIndex(rawValue: 2), wantsAnswer: true)
    #expect(group.effects(of: .heartbeat(other), in: 1, from: 1, to: 3).bodies.isEmpty)
    #expect(group.raft(3).commitIndex == .zero)
    #expect(group.effects(of: .heartbeat(all), in: 1, from: 1, to: 3).bodies == [.heartbeatReply(session)])
    #expect(group.raft(3).commitIndex == LogIndex(rawValue: 2))
  }

  @Test func `a leader of the past hears of the present term from the answer to its heartbeat`() {
    let group = Group(3)
    let leader = group.elect()
    group.run(.seconds(2))
    let follower = leader % 3 + 1
    let term = group.raft(leader).term
    let reply = RaftMessage.Body.heartbeatReply(ReplicationSession(rawValue: 1))
    _ = group.effects(of: reply, in: term.rawValue + 3, from: follower, to: leader)
    #expect(group.raft(leader).role == .follower)
    #expect(group.raft(leader).term.rawValue == term.rawValue + 3)
  }

  @Test func `a follower that forgot its leader in a restart is sent what it can compare`() {
    let group = Group(3)
    let leader = group.elect()
    let follower = leader % 3 + 1
    group.run(.seconds(2))
    group.restart(follower)
    group.sent = []
    group.run(.seconds(2))
    #expect(group.leader == leader)
    let answered = group.sent.contains {
      if case .appendReply(let reply) = $0.message.body, case .matched = reply.outcome {
        $0.from == follower
      } else {
        false
      }
    }
    #expect(answered)
  }

  /// Each stale refusal and each late answer once had a whole window sent again, which brought more of them.
  @Test func `where messages overtake one another, a long log is sent little more than once`() {
    for seed in 1...20 as ClosedRange<UInt64> {
      let group = Group(3, seed: seed)
      let leader = group.elect()
      let follower = leader % 3 + 1
      group.isolate(follower)
      for number in 0..<400 { group.input(.propose([[UInt8](repeating: UInt8(number & 255), count: 300)]), to: leader) }
      group.run(.seconds(3))
      group.jitter = .milliseconds(75)
      group.lossPerCent = 5
      group.heal()
      group.sent = []
      let began = group.now
      #expect(group.run(atMost: .seconds(20)) { group.applied(follower).count == 400 })
      #expect(group.now - began < .seconds(8), "seed \(seed)")
      let entries = group.sent.reduce(0) { sum, letter in
        if letter.to == follower, case .append(let append) = letter.message.body {
          sum + append.entries.count
        } else {
          sum
        }
      }
      #expect(entries < 800, "seed \(seed): \(entries) entries for 400")
    }
  }

  @Test func `what came too early is not taken from another leader, session or term`() {
    let group = Group(2)
    var early = EarlyAppends()
    func message(_ session: UInt64, after index: UInt64) -> Append {
      Append(
        session: ReplicationSession(rawValue: session), round: .zero, previousIndex: LogIndex(rawValue: index),
        previousTerm: Term(rawValue: 1), commit: .zero, entries: [entry(index + 1, 1, "x")])
    }
    func source(_ leader: Int, _ session: UInt64, _ term: UInt64) -> AppendSource {
      AppendSource(
        leader: group.voter(leader), session: ReplicationSession(rawValue: session), term: Term(rawValue: term))
    }
    early.keep(message(1, after: 2), of: source(1, 1, 1))
    early.keep(message(1, after: 3), of: source(1, 1, 1))
    #expect(early.complete(message(2, after: 1), of: source(1, 2, 1)).entries.count == 1)
    #expect(early.complete(message(1, after: 1), of: source(2, 1, 1)).entries.count == 1)
    #expect(early.complete(message(1, after: 1), of: source(1, 1, 2)).entries.count == 1)
    #expect(early.complete(message(1, after: 1), of: source(1, 1, 1)).entries.map(\.index.rawValue) == [2, 3, 4])
    #expect(early.complete(message(1, after: 1), of: source(1, 1, 1)).entries.count == 1)
  }
}
