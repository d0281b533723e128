import Testing
import VineBase

@testable import VinePath

@Suite struct QueueChoiceTests {
  private func node(_ number: UInt8) -> NodeID {
    guard let node = NodeID([number] + [UInt8](repeating: 0, count: NodeID.byteCount - 1)) else {
      preconditionFailure("32 bytes")
    }
    return node
  }

  private func step(_ megabits: Double) -> ReadingFilter.Step {
    ReadingFilter.Step(nearest: BitRate(bitsPerSecond: Int64(megabits * 1e6)))
  }

  private func matrix(_ links: [(UInt8, UInt8, Double)]) -> LinkMatrix {
    var matrix = LinkMatrix()
    for (one, other, megabits) in links { matrix[node(one)][node(other).tag] = step(megabits) }
    return matrix
  }

  private let uf: UInt8 = 1
  private let nwu: UInt8 = 2
  private let pu: UInt8 = 3
  private var table3: LinkMatrix { matrix([(1, 3, 20.4), (1, 2, 17.5), (2, 3, 63.1)]) }

  @Test func `in Table 3 of the paper NWU serves PU best, where the worst-served peer alone would not tell`() {
    let choice = QueueChoice(for: node(pu), among: [node(uf), node(nwu)], peers: [node(uf), node(nwu)], links: table3)
    #expect(choice.candidates.map(\.node) == [node(nwu), node(uf)])
    #expect(choice.candidates[0].rates.first == choice.candidates[1].rates.first, "max-min ties")
    #expect(QueueChoice.margin(of: choice.candidates[0], over: choice.candidates[1]) > 2500)
  }

  @Test func `a relay that serves others has less for one more`() {
    let links = matrix([(1, 3, 100), (2, 3, 80), (1, 2, 100)])
    let peers = [node(uf), node(nwu)]
    let alone = QueueChoice(for: node(pu), among: peers, peers: peers, links: links)
    #expect(alone.candidates.first?.node == node(uf))
    let loaded = QueueChoice(for: node(pu), among: peers, peers: peers, links: links, served: [node(uf): 3])
    #expect(loaded.candidates.first?.node == node(nwu))
  }

  @Test func `the slower of what both ends say of a link counts`() {
    var links = matrix([(1, 2, 100)])
    links[node(2)][node(1).tag] = step(10)
    #expect(links.between(node(1), node(2)) == step(10) && links.between(node(2), node(1)) == step(10))
    #expect(links.between(node(1), node(3)) == nil)
  }

  /// The definition, written out without a thought for anything else.
  private func bruteForce(
    _ limited: NodeID, _ candidates: [NodeID], _ peers: [NodeID], _ rate: (NodeID, NodeID) -> Int64
  ) -> [[Int64]] {
    candidates.map { queue in
      peers.map { peer in peer == queue ? rate(queue, limited) : min(rate(peer, queue), rate(queue, limited)) }.sorted()
    }
  }

  private func isAtLeast(_ left: [Int64], _ right: [Int64]) -> Bool {
    for (one, other) in zip(left, right) where one != other { return one > other }
    return true
  }

  @Test func `the choice is the optimum of every random graph of up to seven VRs`() {
    for seed in 1...3000 as ClosedRange<UInt64> {
      var random = RandomSource(seed: seed)
      let count = random.int(in: 2..<8)
      let nodes = (1...count).map { node(UInt8($0)) }
      var links = LinkMatrix()
      for one in nodes.indices {
        for other in nodes.indices where one < other && random.below(10) > 0 {
          // Few values, so that ties are frequent.
          links[nodes[one]][nodes[other].tag] = step(Double(1 + random.below(5)) * 10)
        }
      }
      let limited = nodes[random.int(in: 0..<count)]
      let others = nodes.filter { $0 != limited }
      let candidates = Array(random.shuffled(others).prefix(random.int(in: 1..<(others.count + 1))))
      let peers = Array(random.shuffled(others).prefix(random.int(in: 1..<(others.count + 1))))
      let choice = QueueChoice(for: limited, among: candidates, peers: peers, links: links)
      let all = bruteForce(limited, candidates, peers) { links.between($0, $1)?.rate.bitsPerSecond ?? 0 }
      guard let best = choice.candidates.first else {
        Issue.record("no candidate, seed \(seed)")
        continue
      }
      #expect(all.allSatisfy { isAtLeast(best.rates, $0) }, "seed \(seed)")
      // Whoever asks in whatever order, the same.
      let again = QueueChoice(
        for: limited, among: random.shuffled(candidates), peers: random.shuffled(peers), links: links)
      #expect(again == choice)
    }
  }

  // MARK: Moves

  private func second(_ number: Int) -> Instant { Instant(nanoseconds: Int64(number) * 1_000_000_000) }

  private func pair(_ one: Double, _ other: Double) -> QueueChoice {
    let links = matrix([(1, 3, one), (2, 3, other), (1, 2, 1000)])
    return QueueChoice(for: node(pu), among: [node(1), node(2)], peers: [node(1), node(2)], links: links)
  }

  @Test func `a queue-VR is left for one that is better by a quarter twice, and not for less`() {
    var mover = QueueMover(random: RandomSource(seed: 1))
    func consider(_ choice: QueueChoice, _ time: Int) -> NodeID? {
      mover.consider(choice, current: node(1), pinned: nil, recentMoves: { _ in 0 }, at: second(time))
    }
    #expect(consider(pair(50, 55), 0) == nil && consider(pair(50, 55), 20) == nil)
    #expect(consider(pair(50, 100), 30) == nil, "once is chance")
    #expect(consider(pair(50, 100), 36) == node(2))
  }

  @Test func `a queue-VR that is no candidate any more is left at once, and a pinned one never`() {
    var mover = QueueMover(random: RandomSource(seed: 1))
    let known = pair(50, 100)
    #expect(
      mover.consider(known, current: node(9), pinned: nil, recentMoves: { _ in 0 }, at: second(0)) == node(2))
    #expect(
      mover.consider(known, current: node(1), pinned: node(1), recentMoves: { _ in 0 }, at: second(100)) == nil)
    #expect(
      mover.consider(known, current: node(2), pinned: node(1), recentMoves: { _ in 0 }, at: second(200)) == node(1))
  }

  @Test func `of fifty VRs that see the same better queue-VR two move within any ten seconds`() {
    var movers = (0..<50 as Range<UInt64>).map { QueueMover(random: RandomSource(seed: $0)) }
    var moves: [Int] = []
    var hasMoved = Array(repeating: false, count: 50)
    for time in 0..<600 {
      for index in movers.indices where !hasMoved[index] {
        let recent = moves.count { time - $0 < 10 }
        if movers[index].consider(
          pair(50, 100), current: node(1), pinned: nil, recentMoves: { _ in recent }, at: second(time)) != nil
        {
          hasMoved[index] = true
          moves.append(time)
        }
      }
    }
    #expect(moves.count == 50)
    #expect(moves.allSatisfy { start in moves.count { $0 >= start && $0 < start + 10 } <= 2 })
  }
}
