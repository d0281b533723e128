import Testing
import VineBase

@testable import VinePath

@Suite struct PathMTUTests {
  /// A way that takes packets up to `mtu` bytes and loses some, with a peer that answers probes or does not know them.
  private struct Way {
    var mtu: Int
    var loss = 0.0
    var isAnswered = true
    var delay = Duration.milliseconds(20)
    var isBusy = true
    private(set) var core = PathMTU(random: RandomSource(seed: 3))
    private var random = RandomSource(seed: 9)
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var answers: [(id: UInt64, at: Instant)] = []
    private var nextTraffic = Instant(nanoseconds: 1_000_000_000)
    private(set) var probes: [Int] = []
    private(set) var sizes: [Int?] = []
    private let peer = node(2)
    private let address = Endpoint(address: IPv4Address(rawValue: 0xC612_0002))

    init(mtu: Int) { self.mtu = mtu }

    var size: Int? { core.size(to: peer) }

    mutating func run(for duration: Duration) {
      let end = now + duration
      while now < end {
        let next = [nextTraffic, core.nextWakeup?.at, answers.first?.at, end].compactMap { $0 }.min() ?? end
        now = max(now, next)
        if let first = answers.first, first.at <= now {
          answers.removeFirst()
          take(core.handle(.answered(peer, id: first.id), at: now))
        }
        if now >= nextTraffic {
          nextTraffic = now + .seconds(1)
          if isBusy { take(core.handle(.traffic(peer, address, roundTrip: delay), at: now)) }
        }
        take(core.handle(.wakeup, at: now))
      }
    }

    private mutating func take(_ effects: [PathMTU.Effect]) {
      for effect in effects {
        switch effect {
        case .size(_, let size): sizes.append(size)
        case .probe(_, _, let id, let byteCount):
          probes.append(byteCount)
          let isLost = random.next() % 1000 < UInt64(loss * 1000)
          if byteCount <= mtu, isAnswered, !isLost { answers.append((id, now + delay)) }
        }
      }
    }
  }

  @Test func `a way that takes the longest is known after one probe`() {
    var way = Way(mtu: 1500)
    way.run(for: .seconds(2))
    #expect(way.size == 1500 && way.sizes == [1500])
    #expect(way.probes == [1500])
  }

  @Test(arguments: [1200, 1280, 1300, 1399, 1400, 1420, 1449, 1492, 1499])
  func `a narrower way is found from the base upwards, and never above what it takes`(mtu: Int) {
    var way = Way(mtu: mtu)
    way.run(for: .seconds(12))
    let settings = PathMTU.Settings()
    #expect(way.size == ([settings.base] + settings.between).filter { $0 <= mtu }.max())
    #expect(way.sizes.first == .some(settings.base), "a way out of the black hole comes first")
    #expect(way.sizes.count <= 2)
  }

  @Test func `where one packet in five is lost the size stays what it is`() {
    var way = Way(mtu: 1500)
    way.loss = 0.2
    way.run(for: .seconds(300))
    #expect(way.size == 1500)
    #expect(way.sizes.count <= 3, "\(way.sizes)")
  }

  @Test func `a way that becomes narrower is noticed within ten seconds`() {
    var way = Way(mtu: 1500)
    way.run(for: .seconds(20))
    way.mtu = 1400
    way.run(for: .seconds(10))
    #expect(way.size.map { $0 <= 1400 } == true, "\(way.sizes)")
    way.run(for: .seconds(10))
    #expect(way.size == 1400)
  }

  @Test func `a way that becomes wider is used after the raise timer`() {
    var way = Way(mtu: 1300)
    way.run(for: .seconds(20))
    way.mtu = 1500
    way.run(for: .seconds(60))
    #expect(way.size == 1280)
    way.run(for: PathMTU.Settings().raise)
    #expect(way.size == 1500)
  }

  @Test func `a peer that knows no probes is asked ever more seldom and frames stay as they were`() {
    var way = Way(mtu: 1500)
    way.isAnswered = false
    way.run(for: .seconds(3600))
    #expect(way.size == nil && way.sizes.isEmpty)
    #expect(way.probes.count < 60, "\(way.probes.count) probes in an hour")
  }

  @Test func `nothing is asked while no packets flow, and at once when they do again`() {
    var way = Way(mtu: 1400)
    way.run(for: .seconds(20))
    way.isBusy = false
    way.run(for: .seconds(10))
    let count = way.probes.count
    way.run(for: .seconds(1000))
    #expect(way.probes.count == count)
    way.isBusy = true
    way.run(for: .seconds(2))
    #expect(way.probes.count > count && way.size == 1400)
  }

  @Test func `another endpoint of the peer is another way, and one that is gone is forgotten`() {
    var core = PathMTU(random: RandomSource(seed: 1))
    let (peer, now) = (node(2), Instant(nanoseconds: 5))
    let endpoints = [1, 2].map { Endpoint(address: IPv4Address(rawValue: $0)) }
    guard case .probe(_, _, let id, _)? = core.handle(.traffic(peer, endpoints[0], roundTrip: nil), at: now).first
    else {
      Issue.record("no probe")
      return
    }
    #expect(core.handle(.answered(peer, id: id &+ 1), at: now) == [], "an answer to nothing")
    #expect(core.handle(.answered(peer, id: id), at: now) == [.size(peer, 1500)])
    #expect(core.handle(.traffic(peer, endpoints[1], roundTrip: nil), at: now).first == .size(peer, nil))
    #expect(core.handle(.gone(peer), at: now) == [])
    #expect(core.nextWakeup == nil)
  }
}
