import Testing
import VineBase

@testable import VineSimulation

@Suite struct EventQueueTests {
  @Test func `events come in the order of time, and of being added at one time`() {
    var random = RandomSource(seed: 1)
    var queue = EventQueue()
    for number in 0..<2000 { queue.add(.wakeup, at: Int64(random.below(50)), index: number) }
    var last = (at: Int64(-1), index: -1)
    while let entry = queue.removeFirst() {
      #expect(entry.at > last.at || entry.at == last.at && Int(entry.index) > last.index)
      last = (entry.at, Int(entry.index))
    }
    #expect(queue.isEmpty)
  }
}

@Suite struct UnderlayTests {
  private func arrivals(_ underlay: Underlay, count: Int = 10_000, bytes: Int = 100) -> [Int64] {
    var (underlay, random) = (underlay, RandomSource(seed: 3))
    return (0..<count).compactMap { _ in
      underlay.arrival(from: 0, to: 1, byteCount: bytes, at: 0, &random)
    }
  }

  @Test func `as many datagrams are lost as the loss says, and the others come within the latency`() {
    var underlay = Underlay(count: 2)
    underlay.lossPerTenThousand = 500
    let arrivals = arrivals(underlay)
    #expect((9400...9600).contains(arrivals.count))
    #expect(arrivals.allSatisfy { (5_000_000..<80_000_000).contains($0) })
  }

  @Test func `a slow line sends one after the other and drops what its queue does not hold`() {
    var underlay = Underlay(count: 2)
    (underlay.latencyMin, underlay.latencyMax) = (.zero, .zero)
    underlay.capacity = BitRate(bitsPerSecond: 800_000)
    underlay.queueMax = ByteCount(1000)
    // 100 bytes take a millisecond; ten wait while one is sent.
    #expect(arrivals(underlay, count: 50) == (1...11).map { $0 * 1_000_000 })
  }

  @Test func `a fault one way leaves the other way alone`() {
    var (underlay, random) = (Underlay(count: 2), RandomSource(seed: 1))
    underlay.cut(from: 0, to: 1)
    let there = underlay.arrival(from: 0, to: 1, byteCount: 1, at: 0, &random)
    let back = underlay.arrival(from: 1, to: 0, byteCount: 1, at: 0, &random)
    #expect(there == nil && back != nil)
  }

  @Test func `nothing crosses a partition`() {
    var underlay = Underlay(count: 3)
    underlay.sides = [0, 1, 1]
    #expect(!underlay.connects(0, 1) && underlay.connects(1, 2))
    underlay.mendAll()
    #expect(underlay.connects(0, 1))
  }
}

@Suite struct NATTests {
  private let inner = Endpoint(address: IPv4Address(rawValue: 10), port: 2247)
  private let one = Endpoint(address: IPv4Address(rawValue: 100), port: 1)
  private let sameHost = Endpoint(address: IPv4Address(rawValue: 100), port: 2)
  private let other = Endpoint(address: IPv4Address(rawValue: 200), port: 1)

  private func nat(_ mapping: NAT.Dependence, _ filtering: NAT.Dependence) -> NAT {
    NAT(mapping: mapping, filtering: filtering, expiry: .seconds(30), address: IPv4Address(rawValue: 1))
  }

  @Test func `mapping is by what its kind says (RFC 4787, 4.1)`() {
    for (kind, sameForHost, sameForOther) in [
      (NAT.Dependence.endpointIndependent, true, true), (.addressDependent, true, false),
      (.addressAndPortDependent, false, false),
    ] {
      var nat = nat(kind, .endpointIndependent)
      let first = nat.outbound(from: inner, to: one, at: 0)
      let second = nat.outbound(from: inner, to: sameHost, at: 0)
      let third = nat.outbound(from: inner, to: other, at: 0)
      #expect((first == second) == sameForHost && (first == third) == sameForOther)
    }
  }

  @Test func `filtering is by what its kind says (RFC 4787, 5)`() {
    for (kind, sameHostPasses, otherPasses) in [
      (NAT.Dependence.endpointIndependent, true, true), (.addressDependent, true, false),
      (.addressAndPortDependent, false, false),
    ] {
      var nat = nat(.endpointIndependent, kind)
      let port = nat.outbound(from: inner, to: one, at: 0).port
      let answers = [one, sameHost, other].map { nat.inbound(from: $0, toPort: port, at: 1) }
      #expect(answers == [inner, sameHostPasses ? inner : nil, otherPasses ? inner : nil])
    }
  }

  @Test func `a mapping that the inside does not use expires, and a flush forgets all`() {
    var nat = nat(.endpointIndependent, .endpointIndependent)
    let port = nat.outbound(from: inner, to: one, at: 0).port
    let kept = nat.inbound(from: one, toPort: port, at: 30_000_000_000)
    // What comes in does not keep it open.
    let expired = nat.inbound(from: one, toPort: port, at: 30_000_000_001)
    #expect(kept == inner && expired == nil)
    let second = nat.outbound(from: inner, to: one, at: 31_000_000_000).port
    nat.flush()
    let flushed = nat.inbound(from: one, toPort: second, at: 31_000_000_001)
    #expect(flushed == nil && nat.outbound(from: inner, to: one, at: 32_000_000_000).port != second)
  }
}
