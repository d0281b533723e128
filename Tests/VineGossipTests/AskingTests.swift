import Testing
import VineBase

@testable import VineGossip

/// Asking again where questions and answers get lost.
@Suite struct AskingTests {
  private func timeout(_ roundTrip: RoundTrip) -> Duration {
    roundTrip.timeout(least: .milliseconds(100), most: .milliseconds(600), unmeasured: .milliseconds(300))
  }

  @Test func `an answer is overdue by the round trips that probes took, within bounds`() {
    var (roundTrip, random) = (RoundTrip(), RandomSource(seed: 3))
    #expect(timeout(roundTrip) == .milliseconds(300))
    for _ in 1...200 {
      roundTrip.measured(.milliseconds(10) + random.jitter(.milliseconds(75)) + random.jitter(.milliseconds(75)))
    }
    #expect((.milliseconds(150)...(.milliseconds(240))).contains(timeout(roundTrip)))
    for _ in 1...200 { roundTrip.measured(.milliseconds(2)) }
    #expect(timeout(roundTrip) == .milliseconds(100))
    for _ in 1...200 { roundTrip.measured(.seconds(2)) }
    #expect(timeout(roundTrip) == .milliseconds(600))
  }

  @Test func `only a probe that was sent once tells of the round trip`() {
    func timeout(answeredAfter delay: Duration) -> Duration {
      var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
      _ = core.handle(.learned([record(of: node(2), epoch: 1, sequence: 1)]), at: .zero)
      _ = core.handle(.reach(node(2), isPublic: true), at: .zero)
      var now = Instant.zero
      var pings: [UInt32] = []
      func look(_ effects: [Gossip.Effect]) {
        for case .send(.ping(let sequence, _, _), _) in effects { pings.append(sequence) }
      }
      look(core.handle(.connected(node(2)), at: now))
      while pings.isEmpty, let due = core.nextWakeup?.at {
        now = due
        look(core.handle(.wakeup, at: now))
      }
      let answered = now + delay
      while let due = core.nextWakeup?.at, due < answered {
        now = due
        look(core.handle(.wakeup, at: now))
      }
      _ = core.handle(.received(.ack(sequence: pings[0], root: core.store.root), from: node(2)), at: answered)
      return core.answerTimeout
    }
    #expect(timeout(answeredAfter: .milliseconds(60)) == .milliseconds(180))
    #expect(timeout(answeredAfter: .milliseconds(300)) == GossipSettings().answerTimeout)
  }

  @Test func `each time that a record does not come, more of those who have it are asked`() {
    var wants = Wants()
    let digest = RecordDigest(place: place(9), version: RecordVersion(epoch: 1, sequence: 1))
    for number in 2...6 { wants.add(digest, from: node(number), isFresh: true, delay: .zero, at: .zero) }
    let asked = (0..<7).map { round in
      wants.ask(window: 8, timeout: .milliseconds(200), triesMax: 6, at: .zero + .milliseconds(200) * round).keys
    }
    #expect(asked.map(\.count) == [1, 1, 2, 3, 4, 4, 0])
    // The second try goes to another one.
    #expect(asked[0] != asked[1])
    #expect(wants.isEmpty)
  }

  @Test func `a single holder is asked once at a time`() {
    var wants = Wants()
    wants.add(
      RecordDigest(place: place(9), version: RecordVersion(epoch: 1, sequence: 1)), from: node(2), isFresh: true,
      delay: .zero, at: .zero)
    for round in 0..<6 {
      let asked = wants.ask(
        window: 8, timeout: .milliseconds(200), triesMax: 6, at: .zero + .milliseconds(200) * round)
      #expect(asked[node(2)] == [place(9)])
    }
  }

  @Test func `a lost step of a comparison is asked again alone, each time after a longer wait, and six times in all`() {
    var comparison = Comparison(peer: node(2))
    let branches = TreeBranch.root.children
    comparison.add(branches[3])
    comparison.add(branches[4])
    func ask(after milliseconds: Int64) -> [TreeBranch]? {
      comparison.ask(window: 8, timeout: .milliseconds(100), at: .zero + .milliseconds(milliseconds))
    }
    #expect(ask(after: 0) == [branches[3], branches[4]])
    comparison.answered(branches[4])
    var (repeats, lastAsked) = ([Int64](), Int64(0))
    for now in stride(from: Int64(10), through: 5000, by: 10) {
      guard let again = ask(after: now) else {
        repeats.append(now - lastAsked)
        break
      }
      guard !again.isEmpty else { continue }
      #expect(again == [branches[3]])
      repeats.append(now - lastAsked)
      lastAsked = now
    }
    #expect(repeats == [100, 200, 300, 400, 500, 600])
  }
}
