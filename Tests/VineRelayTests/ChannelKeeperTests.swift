import Testing
import VineBase
import VineRelay

@Suite struct ChannelKeeperTests {
  // MARK: Opening

  @Test func `a public VR keeps no channel`() {
    var keeper = ChannelKeeper(random: RandomSource(seed: 1))
    #expect(keeper.handle(.candidates([uf, nwu]), at: .zero) == [])
    #expect(keeper.nextWakeup == nil && keeper.state == .idle)
  }

  @Test func `a limited VR dials the best candidate as soon as it knows both`() {
    var keeper = ChannelKeeper(random: RandomSource(seed: 1))
    #expect(keeper.handle(.role(limited: true), at: .zero) == [])
    #expect(keeper.handle(.candidates([uf, nwu]), at: .zero) == [.dial(first, uf.endpoint)])
  }

  @Test func `a session on the channel makes its VR the queue-VR`() throws {
    var keeper = dialling([bootstrap])
    #expect(keeper.handle(.opened(first), at: second(1)) == [])
    #expect(keeper.channel == nil)
    #expect(keeper.handle(.established(first, ufNode), at: second(2)) == [.queueVR(ufNode)])
    #expect(keeper.channel == first && keeper.queueVR == ufNode)
    #expect(keeper.handle(.established(first, ufNode), at: second(3)) == [])
  }

  @Test func `another VR than the chosen one at the endpoint is a failure`() {
    var keeper = dialling([uf, nwu])
    #expect(keeper.handle(.established(first, nwuNode), at: second(1)) == [.close(first)])
    #expect(keeper.queueVR == nil)
  }

  @Test func `reports about channels of the past change nothing`() {
    var keeper = open([uf])
    let before = keeper.state
    for input: ChannelKeeper.Input in [
      .closed(stranger), .failed(stranger), .opened(stranger), .established(stranger, nwuNode), .heard(stranger),
    ] { #expect(keeper.handle(input, at: second(3)) == []) }
    #expect(keeper.state == before)
  }

  // MARK: Failing

  @Test func `pauses double up to their maximum and jitter takes at most half`() {
    var keeper = dialling([uf])
    var (now, pauses) = (Instant.zero, [Duration]())
    for attempt in 0..<10 {
      _ = keeper.handle(.failed(ChannelID(rawValue: UInt64(attempt * 4 + 1))), at: now)
      guard let wakeup = keeper.nextWakeup else { return #expect(Bool(false), "no wakeup after a failure") }
      pauses.append(wakeup.at - now)
      now = wakeup.at
      #expect(keeper.handle(.wakeup, at: now) == [.dial(ChannelID(rawValue: UInt64(attempt * 4 + 5)), uf.endpoint)])
    }
    let full: [Duration] = [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5, 5].map { .seconds($0) }
    for (pause, longest) in zip(pauses, full) { #expect(pause >= longest / 2 && pause < longest) }
  }

  @Test func `after three failures in a row the next candidate has its turn, and then the first again`() {
    var keeper = dialling([uf, nwu])
    #expect(dials(of: &keeper, failures: 6) == [uf, uf, nwu, nwu, nwu, uf].map(\.endpoint))
  }

  @Test func `a connection or a session that does not come up in time counts as a failure`() {
    var keeper = dialling([uf])
    #expect(keeper.nextWakeup?.at == second(10))
    #expect(keeper.handle(.wakeup, at: second(9)) == [])
    #expect(keeper.handle(.wakeup, at: second(10)) == [.close(first)])
    keeper = dialling([uf])
    _ = keeper.handle(.opened(first), at: second(5))
    #expect(keeper.handle(.wakeup, at: second(15)) == [.close(first)])
  }

  @Test func `a lost channel is dialled again and the queue-VR stays announced meanwhile`() {
    var keeper = open([uf, nwu])
    #expect(keeper.handle(.closed(first), at: second(5)) == [])
    #expect(keeper.queueVR == ufNode && keeper.channel == nil)
    let again = keeper.nextWakeup?.at ?? .zero
    #expect(again - second(5) < .milliseconds(200))
    #expect(keeper.handle(.wakeup, at: again) == [.dial(ChannelID(rawValue: 5), uf.endpoint)])
    #expect(keeper.handle(.established(ChannelID(rawValue: 5), ufNode), at: again) == [.queueVR(ufNode)])
  }

  @Test func `the queue-VR changes when another one has taken its place`() {
    var keeper = open([uf, nwu])
    _ = keeper.handle(.closed(first), at: second(5))
    _ = dials(of: &keeper, failures: 3, from: 5)
    #expect(keeper.handle(.established(ChannelID(rawValue: 17), nwuNode), at: second(60)) == [.queueVR(nwuNode)])
  }

  // MARK: Keeping

  @Test func `pauses between keepalives grow from fifteen seconds to a minute as long as answers come`() {
    var keeper = open([uf])
    var (last, pauses) = (Instant.zero, [Duration]())
    for _ in 1...12 {
      guard let due = keeper.nextWakeup?.at else { return #expect(Bool(false), "no keepalive is due") }
      #expect(keeper.handle(.wakeup, at: due) == [.keepalive(first)])
      #expect(keeper.handle(.heard(first), at: due + .milliseconds(50)) == [])
      pauses.append(due - last)
      last = due
    }
    #expect(pauses.first == .seconds(15) && pauses == pauses.sorted() && pauses.last == .seconds(60))
  }

  @Test func `after a channel that died silently the next is not left silent for as long`() {
    var keeper = open([uf])
    var now = Instant.zero
    for _ in 1...6 {
      now = keeper.nextWakeup?.at ?? now
      _ = keeper.handle(.wakeup, at: now)
      _ = keeper.handle(.heard(first), at: now)
    }
    let pause = keeper.keepalivePause
    _ = keeper.handle(.wakeup, at: keeper.nextWakeup?.at ?? now)
    #expect(keeper.handle(.wakeup, at: keeper.nextWakeup?.at ?? now) == [.close(first)])
    #expect(keeper.keepalivePause < pause && keeper.keepalivePause >= .seconds(15))
  }

  @Test func `while packets flow a dead queue-VR is noticed within three seconds`() {
    var keeper = open([uf])
    #expect(keeper.handle(.busy, at: second(5)) == [])
    var now = second(5)
    var effects: [ChannelKeeper.Effect] = []
    while !effects.contains(.close(first)), now < second(20) {
      now = keeper.nextWakeup?.at ?? second(20)
      effects = keeper.handle(.wakeup, at: now)
    }
    #expect(now <= second(8) && effects.contains(.close(first)))
  }

  @Test func `two keepers never give one number to two channels`() {
    let numbers = [ChannelKeeper.Numbering.first, .second].flatMap { numbering -> [ChannelID] in
      var keeper = ChannelKeeper(numbering: numbering, random: RandomSource(seed: 1))
      _ = keeper.handle(.candidates([uf]), at: .zero)
      var (effects, now, numbers) = (keeper.handle(.role(limited: true), at: .zero), Instant.zero, [ChannelID]())
      for _ in 0..<10 {
        for case .dial(let channel, _) in effects {
          numbers.append(channel)
          #expect(keeper.owns(channel))
          _ = keeper.handle(.failed(channel), at: now)
        }
        now = keeper.nextWakeup?.at ?? now
        effects = keeper.handle(.wakeup, at: now)
      }
      return numbers
    }
    #expect(numbers.count == 20 && Set(numbers).count == 20 && numbers.allSatisfy { $0.rawValue % 2 == 1 })
  }

  @Test func `a queue-VR that leaves a keepalive unanswered for ten seconds is dead`() {
    var keeper = open([uf])
    _ = keeper.handle(.wakeup, at: second(15))
    #expect(keeper.nextWakeup?.at == second(25))
    #expect(keeper.handle(.wakeup, at: second(24)) == [])
    #expect(keeper.handle(.wakeup, at: second(25)) == [.close(first)])
    #expect(keeper.handle(.closed(first), at: second(25)) == [])
  }

  // MARK: Changing

  @Test func `an open channel is not left for a better candidate`() {
    var keeper = open([uf])
    #expect(keeper.handle(.candidates([nwu, uf]), at: second(5)) == [])
    #expect(keeper.handle(.candidates([]), at: second(5)) == [])
    #expect(keeper.channel == first)
  }

  @Test func `a VR met at the bootstrap endpoint stays when the list names it`() {
    var keeper = open([bootstrap])
    #expect(keeper.handle(.candidates([nwu, uf]), at: second(5)) == [])
  }

  @Test func `a queue-VR that is no candidate any more is left at once`() {
    var keeper = open([uf, nwu])
    let next = ChannelID(rawValue: 5)
    #expect(keeper.handle(.candidates([nwu]), at: second(5)) == [.close(first), .dial(next, nwu.endpoint)])
  }

  @Test func `a new list ends the pause if whom it waited for is not in it`() {
    var keeper = dialling([uf])
    _ = keeper.handle(.failed(first), at: .zero)
    #expect(keeper.handle(.candidates([uf, nwu]), at: .zero) == [])
    #expect(keeper.handle(.candidates([nwu]), at: .zero) == [.dial(ChannelID(rawValue: 5), nwu.endpoint)])
  }

  @Test func `a VR that becomes public closes its channel and has no queue-VR`() {
    var keeper = open([uf])
    #expect(keeper.handle(.role(limited: false), at: second(5)) == [.close(first), .queueVR(nil)])
    #expect(keeper.handle(.role(limited: false), at: second(5)) == [])
    #expect(keeper.nextWakeup == nil)
    #expect(keeper.handle(.role(limited: true), at: second(9)) == [.dial(ChannelID(rawValue: 5), uf.endpoint)])
  }

  // MARK: Always

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `whatever comes in, numbers are odd and new, one channel is in use, and a limited VR never sleeps`(
    seed: UInt64
  ) {
    var random = RandomSource(seed: seed)
    var keeper = dialling([uf, nwu, bootstrap])
    var (now, last, live) = (Instant.zero, UInt64(1), Set<ChannelID>([first]))
    for _ in 0..<500 {
      now = now + .milliseconds(random.int(in: 0..<4000))
      let channel = ChannelID(rawValue: last - UInt64(random.int(in: 0..<2)) * min(4, last - 1))
      let node = random.element(of: [ufNode, nwuNode]) ?? ufNode
      let inputs: [ChannelKeeper.Input] = [
        .opened(channel), .established(channel, node), .failed(channel), .closed(channel), .heard(channel), .wakeup,
        .candidates(random.shuffled([uf, nwu, bootstrap])),
      ]
      let input = inputs[random.int(in: 0..<inputs.count)]
      switch input {
      case .failed(let channel), .closed(let channel): live.remove(channel)
      default: break
      }
      for effect in keeper.handle(input, at: now) {
        switch effect {
        case .dial(let channel, _):
          #expect(channel.rawValue % 2 == 1 && channel.rawValue > last)
          last = channel.rawValue
          live.insert(channel)
        case .close(let channel): #expect(live.remove(channel) != nil)
        case .keepalive(let channel): #expect(channel == keeper.channel)
        case .queueVR(let node): #expect(node == keeper.queueVR && node != nil)
        }
      }
      #expect(live.count <= 1)
      #expect(keeper.nextWakeup != nil)
    }
  }

  // MARK: Helpers

  private let ufNode = node(1)
  private let nwuNode = node(2)
  private let uf = QueueCandidate(node: node(1), endpoint: Endpoint(address: IPv4Address(rawValue: 1)))
  private let nwu = QueueCandidate(node: node(2), endpoint: Endpoint(address: IPv4Address(rawValue: 2)))
  private let bootstrap = QueueCandidate(node: nil, endpoint: Endpoint(address: IPv4Address(rawValue: 1)))
  private let first = ChannelID(rawValue: 1)
  private let stranger = ChannelID(rawValue: 99)

  private func dialling(_ candidates: [QueueCandidate]) -> ChannelKeeper {
    var keeper = ChannelKeeper(random: RandomSource(seed: 1))
    _ = keeper.handle(.candidates(candidates), at: .zero)
    _ = keeper.handle(.role(limited: true), at: .zero)
    return keeper
  }

  private func open(_ candidates: [QueueCandidate]) -> ChannelKeeper {
    var keeper = dialling(candidates)
    _ = keeper.handle(.opened(first), at: .zero)
    _ = keeper.handle(.established(first, ufNode), at: .zero)
    return keeper
  }

  /// Lets each dial fail at once.
  /// - Returns: the endpoints dialled after each failure.
  private func dials(of keeper: inout ChannelKeeper, failures: Int, from first: UInt64 = 1) -> [Endpoint] {
    var (now, endpoints) = (keeper.nextWakeup?.at ?? .zero, [Endpoint]())
    if case .waiting = keeper.state { _ = keeper.handle(.wakeup, at: now) }
    for attempt in 0..<failures {
      _ = keeper.handle(.failed(ChannelID(rawValue: first + 4 * UInt64(attempt))), at: now)
      now = keeper.nextWakeup?.at ?? now
      for case .dial(_, let endpoint) in keeper.handle(.wakeup, at: now) { endpoints.append(endpoint) }
    }
    return endpoints
  }

  private func second(_ number: Int) -> Instant { Instant(nanoseconds: Int64(number) * 1_000_000_000) }
}

private func node(_ byte: UInt8) -> NodeID {
  guard let node = NodeID([UInt8](repeating: byte, count: NodeID.byteCount)) else { preconditionFailure("32 bytes") }
  return node
}
