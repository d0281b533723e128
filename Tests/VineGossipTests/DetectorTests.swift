import Testing
import VineBase

@testable import VineGossip

@Suite struct DetectorTests {
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a VR that stops is found dead by all`(seed: UInt64) {
    let mesh = Mesh(count: 20, seed: seed, loss: 1)
    mesh.run(.seconds(5))
    mesh.down = [node(3)]
    mesh.run(.seconds(15))
    for observer in mesh.live { #expect(observer.member(node(3))?.state == .dead) }
    #expect(mesh.wronged.isEmpty)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a live VR is not declared dead at 5 percent loss`(seed: UInt64) {
    let mesh = Mesh(count: 12, seed: seed, loss: 5)
    mesh.run(.seconds(300))
    #expect(mesh.wronged.isEmpty)
  }

  @Test func `tries follow the loss that probes see, within bounds, and one silent neighbour is not loss`() {
    var prober = Prober(sequence: 1)
    #expect(prober.triesMax(isConfirming: false) == 7)
    prober.firstTry(wasAnswered: false)
    #expect(prober.triesMax(isConfirming: false) == 7)
    #expect(!prober.hasLoss)
    // Of a hundred round trips with 20 % loss each way, 36 fail.
    for number in 0..<400 { prober.firstTry(wasAnswered: number * 36 % 100 >= 36) }
    #expect((9...13).contains(prober.triesMax(isConfirming: false)))
    #expect(prober.hasLoss)
    #expect(prober.triesMax(isConfirming: true) == 4)
    for _ in 0..<100 { prober.firstTry(wasAnswered: false) }
    #expect(prober.triesMax(isConfirming: false) == 14)
    for _ in 0..<100 { prober.firstTry(wasAnswered: true) }
    #expect(prober.triesMax(isConfirming: false) == 7)
  }

  @Test func `at 20 percent loss few accusations have to be refuted`() {
    let mesh = Mesh(count: 30, seed: 6, loss: 20)
    mesh.run(.seconds(30))
    let before = mesh.live.reduce(0) { $0 + $1.incarnation }
    mesh.run(.seconds(120))
    // 3600 probes; with seven tries whatever the loss, some twenty would end in an accusation.
    #expect(mesh.live.reduce(0) { $0 + $1.incarnation } - before <= 3)
    #expect(mesh.wronged.isEmpty)
  }

  @Test func `what came of each probe is told: the round trip, or that nobody answered`() {
    let mesh = Mesh(count: 6, seed: 4)
    mesh.run(.seconds(20))
    let trips = mesh.probed.compactMap(\.roundTrip)
    #expect(trips.count > 50 && trips.count == mesh.probed.count)
    #expect(trips.allSatisfy { $0 >= .milliseconds(10) && $0 <= .milliseconds(160) })
    let lost = node(3)
    mesh.down = [lost]
    mesh.probed = []
    mesh.run(.seconds(4))
    let silent = mesh.probed.filter { $0.roundTrip == nil }
    #expect(!silent.isEmpty && silent.allSatisfy { $0.node == lost })
  }

  @Test func `a VR that comes back refutes its death with a higher incarnation`() {
    let mesh = Mesh(count: 6, seed: 9)
    mesh.run(.seconds(5))
    mesh.down = [node(3)]
    mesh.run(.seconds(60))
    #expect(mesh.state(of: node(3), at: node(1)) == .dead)
    mesh.down = []
    mesh.disconnect(node(3))
    mesh.run(.seconds(60))
    for observer in mesh.live { #expect(observer.node == node(3) || observer.member(node(3))?.state == .alive) }
    #expect((mesh.cores[node(3)]?.incarnation ?? 0) > 1)
  }

  @Test(arguments: [1, 4] as [UInt64])
  func `a VR that lost its store outlives what the mesh knows of its earlier life`(forgotten: UInt64) throws {
    let mesh = Mesh(count: 6, seed: 9)
    mesh.run(.seconds(5))
    let last = record(of: node(3), epoch: forgotten, sequence: 7)
    mesh.input(.publish(last), to: node(3))
    mesh.run(.seconds(5))
    mesh.down = [node(3)]
    mesh.run(.seconds(60))
    #expect(mesh.state(of: node(3), at: node(1)) == .dead)
    mesh.down = []
    mesh.disconnect(node(3))
    mesh.lose(node(3), knowing: node(1))
    mesh.run(.seconds(60))
    for observer in mesh.live {
      #expect(observer.node == node(3) || observer.member(node(3))?.state == .alive)
      let version = try #require(observer.store[last.key]?.version)
      #expect(version.epoch > forgotten)
    }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `a VR that is held up for seconds blames nobody`(seed: UInt64) {
    let mesh = Mesh(count: 12, seed: seed, loss: 2)
    mesh.run(.seconds(10))
    for _ in 1...10 {
      mesh.stalled = [node(4)]
      mesh.run(.milliseconds(1800))
      mesh.resume(node(4))
      mesh.run(.seconds(5))
    }
    #expect(mesh.wronged.isEmpty)
  }

  @Test func `limited-VRs are found dead, too, and never asked to accept a session`() {
    let isPublic: (NodeID) -> Bool = { $0.bytes[31] <= 4 }
    let mesh = Mesh(count: 20, seed: 3, isPublic: isPublic)
    mesh.run(.seconds(20))
    for core in mesh.live { #expect(core.wanted.allSatisfy(isPublic)) }
    mesh.down = [node(15)]
    mesh.run(.seconds(40))
    for observer in mesh.live { #expect(observer.member(node(15))?.state == .dead) }
    #expect(mesh.wronged.isEmpty)
  }

  @Test func `a rumour invents no member and no incarnation`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    _ = core.handle(.learned([record(of: node(2), epoch: 3, sequence: 1)]), at: .zero)
    let rumours = [
      Rumour(subject: place(9), incarnation: 5, state: .dead, accuser: place(2)),
      Rumour(subject: place(2), incarnation: 4, state: .dead, accuser: place(3)),
      Rumour(subject: place(2), incarnation: 2, state: .dead, accuser: place(3)),
    ]
    _ = core.handle(.received(.rumours(rumours), from: node(2)), at: .zero)
    #expect(core.allMembers.map(\.node) == [node(2)] && core.member(node(2))?.state == .alive)
  }

  @Test func `an accusation of this VR raises its incarnation once`() {
    var core = Gossip(self: node(1), incarnation: 4, settings: GossipSettings(), random: RandomSource(seed: 1))
    let rumours = (2...5).map { Rumour(subject: place(1), incarnation: 4, state: .suspect, accuser: place($0)) }
    let effects = core.handle(.received(.rumours(rumours), from: node(2)), at: .zero)
    #expect(core.incarnation == 5 && effects.count == 1)
  }

  @Test func `a revoked VR is gone and stays gone`() {
    var core = Gossip(self: node(1), incarnation: 1, settings: GossipSettings(), random: RandomSource(seed: 1))
    _ = core.handle(.learned([record(of: node(2), epoch: 1, sequence: 1)]), at: .zero)
    _ = core.handle(.removed(node(2)), at: .zero)
    let effects = core.handle(.received(.push([record(of: node(2), epoch: 9, sequence: 1)]), from: node(3)), at: .zero)
    #expect(effects.isEmpty && core.allMembers.isEmpty && core.store.count == 0)
  }

  @Test func `the same seed gives the same run`() {
    func run() -> [UInt64] {
      let mesh = Mesh(count: 10, seed: 11, loss: 10)
      mesh.run(.seconds(30))
      return mesh.live.map(\.store.root) + [UInt64(mesh.messages)]
    }
    #expect(run() == run())
  }
}

@Suite struct SuspicionTests {
  private func suspicion() -> Suspicion {
    Suspicion(
      incarnation: 1, accuser: place(1), shortest: .seconds(2), longest: .seconds(12), confirmations: 3, at: .zero)
  }

  @Test func `each independent accuser shortens it, down to the shortest`() {
    var suspicion = suspicion()
    var deadlines = [suspicion.deadline]
    for accuser in 2...4 {
      let isNew = suspicion.confirm(by: place(accuser))
      #expect(isNew)
      deadlines.append(suspicion.deadline)
    }
    #expect(deadlines == deadlines.sorted(by: >) && Set(deadlines).count == 4)
    #expect(deadlines.first == .zero + .seconds(12) && deadlines.last == .zero + .seconds(2))
  }

  @Test func `the same accuser counts once, and a fifth not at all`() {
    var suspicion = suspicion()
    let again = suspicion.confirm(by: place(1))
    for accuser in 2...4 { _ = suspicion.confirm(by: place(accuser)) }
    let fifth = suspicion.confirm(by: place(5))
    #expect(!again && !fifth)
  }

  @Test func `tenths of decades grow with the number of VRs`() {
    #expect([1, 9, 10, 100, 1000, 4096].map(Gossip.tenthsOfDecades) == [0, 10, 10, 20, 30, 36])
  }
}
