import Testing
import VineBase

@testable import VineSession

/// Handshakes over channels that lose, repeat and reorder.
@Suite struct HandshakeChannelTests {
  @Test func `step 1 goes out again after 0.5, 1.5, 3.5 and 7.5 seconds and is given up after 10`() {
    let vr = TestVR("a")
    let peer = TestVR("b")
    let first = vr.handle(.connect(peer.key.node, via: peer.carrier)).sent
    var times: [Double] = []
    while let wakeup = vr.machine.nextWakeup {
      vr.now = wakeup.at
      let effects = vr.handle(.wakeup)
      times.append((vr.now - .zero).inSeconds)
      if times.count < 5 {
        #expect(effects == [.send(first[0], via: peer.carrier)])
      } else {
        #expect(effects == [.failed(peer.key.node, via: peer.carrier, .timedOut)])
      }
    }
    #expect(times == [0.5, 1.5, 3.5, 7.5, 10])
    #expect(vr.machine.indices.isEmpty)
  }

  @Test func `step 3 is repeated until a frame confirms the session, or given up`() throws {
    let exchange = try Exchange(TestVR("a"), TestVR("b"))
    exchange.initiator.now = Instant.zero + .milliseconds(500)
    #expect(exchange.initiator.handle(.wakeup).sent == [exchange.step3])
    let confirmed = exchange.initiator.copy()
    _ = confirmed.handle(.confirmed(localIndex: exchange.begun.localIndex))
    #expect(confirmed.machine.nextWakeup == nil)

    exchange.initiator.now = Instant.zero + .seconds(10)
    #expect(exchange.initiator.handle(.wakeup).failures == [.unconfirmed])
    #expect(exchange.initiator.machine.indices == [exchange.begun.localIndex])
  }

  @Test func `a wakeup before its time does nothing`() {
    let vr = TestVR("a")
    _ = vr.handle(.connect(nil, via: TestVR("b").carrier))
    vr.now = Instant(nanoseconds: 499_999_999)
    #expect(vr.handle(.wakeup).isEmpty)
  }

  @Test(arguments: UInt64(1)...60)
  func `over a bad channel both sides come to the same sessions`(seed: UInt64) throws {
    var world = BadChannel(seed: seed, openBoth: seed % 3 == 0)
    world.run()
    #expect(world.isSettled, "seed \(seed) ended without a confirmed session")
    for (side, sessions) in world.sessions.enumerated() {
      #expect(Set(sessions.map(\.localIndex)).count == sessions.count, "a session was established twice")
      for session in sessions {
        #expect(session.peer.node == world.vrs[1 - side].key.node)
        guard let twin = world.sessions[1 - side].first(where: { $0.localIndex == session.remoteIndex }) else {
          continue
        }
        #expect(twin.remoteIndex == session.localIndex)
        #expect(twin.sendKey == session.receiveKey)
        #expect(twin.receiveKey == session.sendKey)
        #expect(twin.isInitiator != session.isInitiator)
      }
    }
  }

  @Test func `the same seed gives the same trace`() {
    var (first, second) = (BadChannel(seed: 9, openBoth: true), BadChannel(seed: 9, openBoth: true))
    first.run()
    second.run()
    #expect(first.trace == second.trace)
    #expect(first.trace.count > 4)
  }
}

/// Two VRs and a channel that loses a third, repeats a fifth and delays by up to a second. A failed attempt is
/// begun again and an answered session is used each second, as the router does.
private struct BadChannel {
  var vrs = [TestVR("a"), TestVR("b")]
  var sessions: [[EstablishedSession]] = [[], []]
  var trace: [String] = []
  private var random: RandomSource
  private var inFlight: [(at: Instant, order: Int, to: Int, packet: Packet)] = []
  private var order = 0
  private var now = Instant.zero
  private var confirmed: Set<UInt32> = []

  private enum Packet {
    case handshake([UInt8])
    /// A sealed frame of the session that the receiver calls this.
    case frame(index: UInt32)
  }

  init(seed: UInt64, openBoth: Bool) {
    random = RandomSource(seed: seed)
    vrs = [TestVR("a", seed: seed), TestVR("b", seed: seed)]
    open(0)
    if openBoth { open(1) }
  }

  /// One that began a session has heard the other on it.
  var isSettled: Bool { sessions.joined().contains { $0.isInitiator && confirmed.contains($0.localIndex) } }

  mutating func run() {
    while !isSettled, now < Instant.zero + .seconds(120) {
      let wakeups = vrs.indices.compactMap { side in vrs[side].machine.nextWakeup.map { ($0.at, side) } }
      inFlight.sort { ($0.at, $0.order) < ($1.at, $1.order) }
      let arrival = inFlight.first?.at
      if let wakeup = wakeups.min(by: <), arrival.map({ wakeup.0 < $0 }) ?? true {
        now = max(now, wakeup.0)
        step(wakeup.1, .wakeup)
      } else if arrival != nil {
        let next = inFlight.removeFirst()
        now = max(now, next.at)
        deliver(next.packet, to: next.to)
      } else {
        return
      }
    }
  }

  private mutating func open(_ side: Int) {
    step(side, .connect(vrs[1 - side].key.node, via: vrs[1 - side].carrier))
  }

  private mutating func deliver(_ packet: Packet, to side: Int) {
    switch packet {
    case .handshake(let bytes): step(side, .received(bytes, via: vrs[1 - side].carrier))
    case .frame(let index):
      guard sessions[side].contains(where: { $0.localIndex == index }) else { return }
      confirmed.insert(index)
      step(side, .confirmed(localIndex: index))
    }
  }

  private mutating func step(_ side: Int, _ input: Handshakes.Input) {
    vrs[side].now = now
    for effect in vrs[side].handle(input) {
      trace.append("\(now.nanoseconds) \(side) \(effect)")
      switch effect {
      case .send(let bytes, _): send(.handshake(bytes), to: 1 - side)
      case .established(let session):
        sessions[side].append(session)
        guard !session.isInitiator else { continue }
        for second in 0..<4 { send(.frame(index: session.remoteIndex), to: 1 - side, after: .seconds(second)) }
      case .failed: open(side)
      case .refusedPeer: Issue.record("nobody is to be refused")
      }
    }
  }

  private mutating func send(_ packet: Packet, to side: Int, after pause: Duration = .zero) {
    for copy in 0..<(random.below(5) == 0 ? 2 : 1) where random.below(3) != 0 {
      order += 1
      let flight = pause + .milliseconds(1 + copy) + random.jitter(.seconds(1))
      inFlight.append((now + flight, order, side, packet))
    }
  }
}
