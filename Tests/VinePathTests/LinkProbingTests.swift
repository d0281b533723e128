import Testing
import VineBase

@testable import VinePath

/// Two VRs over a line of 20 Mbit/s, 10 ms one way.
@Suite struct LinkProbingTests {
  private struct Pair {
    var cores: [LinkProbing] = [LinkProbing(random: RandomSource(seed: 1)), LinkProbing(random: RandomSource(seed: 2))]
    var now = Instant.zero
    var pending: [(at: Instant, to: Int, input: LinkProbing.Input)] = []
    var trains = 0
    var measured = 0
    var isCut = false
    static let megabits = 20.0

    static func node(_ index: Int) -> NodeID {
      guard let node = NodeID([UInt8](repeating: UInt8(index + 1), count: NodeID.byteCount)) else {
        preconditionFailure("32 bytes")
      }
      return node
    }
    static func endpoint(_ index: Int) -> Endpoint { Endpoint(address: IPv4Address(rawValue: UInt32(index + 1))) }

    mutating func input(_ input: LinkProbing.Input, to index: Int) {
      let (self_, other) = (index, 1 - index)
      for effect in cores[index].handle(input, at: now) {
        switch effect {
        case .request(let id, _, _, let packets, let isWanted):
          send(
            .requested(id, by: Self.node(self_), from: Self.endpoint(self_), packets: packets, isWanted: isWanted),
            to: other)
        case .ready(let id, _, _): send(.ready(id, by: Self.node(self_)), to: other)
        case .result(let id, _, _, let outcome): send(.result(id, by: Self.node(self_), outcome), to: other)
        case .send(let id, _, _, let packets):
          trains += 1
          let gap = 1400 * 8e3 / Self.megabits
          let arrivals = (0..<packets).map {
            TrainArrival(sequence: $0, byteCount: 1400, nanoseconds: Int64(Double($0) * gap))
          }
          send(
            .arrived(id, from: Self.node(self_), arrivals, sent: packets), to: other,
            after: .nanoseconds(Int64(gap) * Int64(packets)))
        case .measured: measured += 1
        case .expect, .told: break
        }
      }
    }

    private mutating func send(_ input: LinkProbing.Input, to index: Int, after: Duration = .zero) {
      if !isCut { pending.append((now + .milliseconds(10) + after, index, input)) }
    }

    mutating func run(_ duration: Duration) {
      let end = now + duration
      while true {
        let wakeups = cores.indices.compactMap { index in cores[index].nextWakeup.map { ($0.at, index) } }
        let message = pending.indices.min { pending[$0].at < pending[$1].at }
        let wakeup = wakeups.min { $0.0 < $1.0 }
        if let message, wakeup.map({ pending[message].at <= $0.0 }) ?? true {
          guard pending[message].at <= end else { break }
          let next = pending.remove(at: message)
          now = max(now, next.at)
          input(next.input, to: next.to)
        } else if let wakeup, wakeup.0 <= end {
          now = max(now, wakeup.0)
          input(.wakeup, to: wakeup.1)
        } else {
          break
        }
      }
      now = end
    }
  }

  private func pair() -> Pair {
    var pair = Pair()
    pair.input(.targets([Pair.node(1): Pair.endpoint(1)]), to: 0)
    return pair
  }

  @Test func `one side measures both directions, and tells the slower one`() {
    var pair = pair()
    pair.run(.seconds(20))
    let link = pair.cores[0].links[Pair.node(1)]
    for rate in [link?.out.rate, link?.in.rate] {
      #expect(rate.map { abs($0.megabits - Pair.megabits) < 0.5 } == true)
    }
    #expect(pair.cores[0].told[Pair.node(1)] == ReadingFilter.Step(nearest: BitRate(bitsPerSecond: 20_000_000)))
    #expect(pair.cores[1].links.isEmpty, "the other one only answers")
  }

  @Test func `trains take at most one per cent of the line, each direction`() {
    var pair = pair()
    pair.run(.seconds(60))
    let before = pair.trains
    pair.run(.seconds(600))
    let share = Double((pair.trains - before) * TrainPlan.fullCount * 1400 * 8) / (600 * Pair.megabits * 1e6)
    #expect(share > 0.005 && share <= 0.0205, "\(share) of both directions")
  }

  @Test func `while packets of hosts prove the rate, trains wait, but not for more than a minute`() {
    var pair = pair()
    pair.run(.seconds(60))
    let before = pair.trains
    for _ in 0..<55 {
      pair.input(.delivered(Pair.node(1), to: BitRate(bitsPerSecond: 18_000_000), from: nil), to: 0)
      pair.run(.seconds(1))
    }
    #expect(pair.trains - before <= 2)
    for _ in 0..<30 {
      pair.input(.delivered(Pair.node(1), to: BitRate(bitsPerSecond: 18_000_000), from: nil), to: 0)
      pair.run(.seconds(1))
    }
    #expect(pair.trains > before)
  }

  @Test func `who asks for a measurement is answered, too, when the VR goes or is found elsewhere meanwhile`() {
    var core = LinkProbing(random: RandomSource(seed: 1))
    let (peer, other) = (Pair.node(1), Pair.endpoint(7))
    _ = core.handle(.measure(peer, Pair.endpoint(1)), at: .zero)
    _ = core.handle(.targets([peer: other]), at: .zero)
    #expect(core.isMeasuring(peer))
    #expect(core.handle(.disconnected(peer), at: .zero) == [.told, .measured(peer)])
    #expect(core.handle(.disconnected(peer), at: .zero).isEmpty)
  }

  @Test func `who asks for a measurement gets it, or is told that none came about`() {
    var pair = pair()
    pair.run(.seconds(30))
    pair.input(.measure(Pair.node(1), Pair.endpoint(1)), to: 0)
    pair.run(.seconds(10))
    #expect(pair.measured == 1)
    pair.isCut = true
    pair.input(.measure(Pair.node(1), Pair.endpoint(1)), to: 0)
    pair.run(.seconds(40))
    #expect(pair.measured == 2)
    #expect(pair.cores[0].links[Pair.node(1)]?.failure?.what == "no train came through")
  }
}
