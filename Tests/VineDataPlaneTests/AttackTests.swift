import Testing
import VineBase
import VineRouting
import VineSession

@testable import VineDataPlane

/// VR 1 is the test itself, VR 2 a real one: what does it do with frames that no VR would send?
@Suite(.serialized, .enabled(if: Root.isAvailable, Root.comment))
struct AttackTests {
  private let world: World
  private let forge: FrameForge
  private let good: [UInt8]

  init() throws {
    world = try World(sites: 2)
    world.publish(members: [1, 2])
    let pair = SessionPair(world[1].node, world[2].node)
    let carrier = Carrier.datagram(world[1].endpoint)
    world[2].plane.post(.install(pair.second(via: carrier)))
    world[2].plane.post(.path(world[1].node, carrier))
    forge = FrameForge(pair.first(via: .datagram(world[2].endpoint)))
    good = FrameForge.ping(from: 1, to: 2)
  }

  /// What VR 2 counts after these frames.
  private func status(after frames: [[UInt8]]) throws -> DataPlaneStatus {
    // The mark goes up as a handshake once everything before it was looked at.
    let mark: [UInt8] = [1, 0xFF] + frames.count.description.utf8
    try Wire.send(frames + [mark], from: world[1].router, to: world[2].endpoint)
    #expect(world[2].events.first { if case .handshake(mark, _) = $0 { true } else { nil } } == true)
    return world[2].status
  }

  private func expectDrop(_ reason: DropReason, count: UInt64 = 1, _ status: DataPlaneStatus) {
    #expect(status.dropped(reason) == count, "\(status.drops.filter { $0.1 > 0 })")
    #expect(status.drops.reduce(0) { $0 + $1.1 } == count, "\(status.drops.filter { $0.1 > 0 })")
  }

  @Test func `an honest frame reaches the host, and only the first of its copies`() throws {
    let frame = forge.data(good, counter: 5)
    let status = try status(after: [frame, frame, frame])
    expectDrop(.replayed, count: 2, status)
    #expect(status.injected.packets == 1)
    #expect(world[2].events.first { if case .confirmed = $0 { true } else { nil } } == true)
  }

  @Test func `every flipped bit is noticed`() throws {
    let frame = forge.data(good, counter: 0)
    let flipped = (0..<(frame.count * 8)).map { bit in
      var bytes = frame
      bytes[bit / 8] ^= 1 << (bit % 8)
      return bytes
    }
    let status = try status(after: flipped)
    #expect(status.injected.packets == 0 && status.received.packets == 0)
    #expect(status.drops.reduce(0) { $0 + $1.1 } + UInt64(kinds(flipped)) == UInt64(flipped.count))
    #expect(status.dropped(.badTag) > UInt64(frame.count - 16) * 7)
    #expect(try self.status(after: [frame]).injected.packets == 1, "the window did not move for forged counters")
  }

  /// Frames whose first byte became that of a handshake: they go up as such.
  private func kinds(_ frames: [[UInt8]]) -> Int { frames.count { $0[0] == FrameKind.handshake.rawValue } }

  @Test func `every cut frame is dropped`() throws {
    let frame = forge.data(good, counter: 0)
    let status = try status(after: (1..<frame.count).map { Array(frame.prefix($0)) })
    #expect(status.injected.packets == 0)
    #expect(status.dropped(.truncatedFrame) == 31 && status.dropped(.badTag) == UInt64(frame.count - 32))
  }

  @Test func `an unknown session is counted and told, at most ten times a second`() throws {
    var stranger = forge.data(good, counter: 0)
    stranger[4] ^= 0xFF
    expectDrop(.unknownSession, count: 50, try status(after: Array(repeating: stranger, count: 50)))
    let told = world[2].events.all.count { if case .unknownSession = $0 { true } else { false } }
    #expect((1...11).contains(told))
  }

  @Test func `a source that is not the sender's is dropped`() throws {
    expectDrop(.spoofedSource, try status(after: [forge.data(FrameForge.ping(from: 2, to: 2), counter: 0)]))
  }

  @Test func `a destination that is not in the LNDT is dropped`() throws {
    expectDrop(.destinationNotInLNDT, try status(after: [forge.data(FrameForge.ping(from: 1, to: 3), counter: 0)]))
  }

  @Test func `a packet in another ViNe is dropped`() throws {
    expectDrop(.wrongVine, try status(after: [forge.data(good, network: 78, counter: 0)]))
  }

  @Test func `what is no IPv4 packet is dropped`() throws {
    var badChecksum = good
    badChecksum[8] = 7
    let frames = [[], [1, 2, 3], Array(good.dropLast()), badChecksum].enumerated()
      .map { forge.data($1, counter: UInt64($0)) }
    expectDrop(.malformed, count: 4, try status(after: frames))
  }

  @Test func `unknown kinds and reserved bytes are dropped`() throws {
    expectDrop(
      .unknownKind, count: 3, try status(after: [[0, 1, 2], [9], [2, 1] + forge.data(good, counter: 0).dropFirst(2)]))
  }

  @Test func `a guest may send control messages and no packet`() throws {
    let pair = SessionPair(Nodes.numbered(9), world[2].node)
    let carrier = Carrier.datagram(world[1].endpoint)
    world[2].plane.post(.install(pair.second(via: carrier, isGuest: true)))
    let guest = FrameForge(pair.first(via: carrier))
    let frames = [
      guest.data(good, counter: 0), guest.control([7, 7], counter: 1),
      guest.relay([1, 2, 3], tag: world[1].node.tag, hops: 0, counter: 2),
    ]
    expectDrop(.guestSession, count: 2, try status(after: frames))
    #expect(
      world[2].events.first { event -> [UInt8]? in
        if case .control(let bytes, Nodes.numbered(9), _, _) = event { bytes } else { nil }
      } == [7, 7])
  }

  @Test func `a frame for a VR that this one does not serve is not passed on`() throws {
    let tag = Nodes.numbered(8).tag
    expectDrop(.relayNotMine, try status(after: [forge.relay([1, 2, 3], tag: tag, hops: 0, counter: 0)]))
  }

  @Test func `a frame that has passed two queue-VRs is not passed on`() throws {
    let tag = Nodes.numbered(8).tag
    world[2].plane.post(.limitedPeers([tag]))
    let frame = forge.relay([1, 2, 3], tag: tag, hops: 2, source: world[1].node.tag, counter: 0)
    expectDrop(.relayHops, try status(after: [frame]))
  }

  @Test func `a relay frame inside a relay frame is dropped`() throws {
    let inner = forge.relay([1], tag: world[2].node.tag, hops: 0, counter: 1)
    let frame = forge.relay(inner, tag: world[2].node.tag, hops: 0, counter: 0)
    expectDrop(.unknownKind, try status(after: [frame]))
  }

  /// Step 1 in shape, with an index of its own.
  private func opening(_ number: UInt16) -> [UInt8] {
    [1, 1, 0, 0, 9, 9, 9, 9, 7, 7, UInt8(number >> 8), UInt8(number & 255)] + [UInt8](repeating: 0, count: 1188)
  }

  /// How often VR 2's router got this frame.
  private func arrivals(of frame: [UInt8]) -> Int {
    world[2].events.all.count { if case .handshake(frame, _) = $0 { true } else { false } }
  }

  @Test func `of many first messages those go on whose senders prove their address with a cookie`() throws {
    // In portions that the socket holds.
    for portion in 0..<6 {
      try Wire.send((0..<100).map { opening(UInt16(portion * 100 + $0)) }, from: world[1].router, to: world[2].endpoint)
    }
    let way = Carrier.datagram(world[2].endpoint)
    world[1].plane.post(.handshake(opening(5000), via: way))
    let answer = world[1].events.first { event -> [UInt8]? in
      if case .handshake(let bytes, _) = event { bytes } else { nil }
    }
    #expect(answer?.prefix(12) == [1, 5, 0, 0, 7, 7, 0x13, 0x88, 9, 9, 9, 9] && answer?.count == 28)
    let again = [1, 6, 0, 0] + (answer?.suffix(16) ?? []) + opening(5000).dropLast(20)
    try Wire.send([again], from: world[1].router, to: world[2].endpoint)
    world[1].plane.post(.handshake(again, via: way))
    #expect(eventually { arrivals(of: opening(5000)) == 1 })
    let status = world[2].status
    #expect(status.dropped(.cookieNeeded) > 300 && status.dropped(.strayHandshake) == 0)
    #expect(arrivals(of: opening(5000)) == 1, "the same cookie from another port is none")
    #expect(arrivals(of: opening(1)) == 1, "before there were many")
    #expect(arrivals(of: opening(599)) == 0)
  }

  @Test func `random datagrams change nothing`() throws {
    var random = RandomSource(seed: 11)
    let junk = (0..<500).map { _ in
      [UInt8(random.below(7))] + (0..<random.int(in: 0..<80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    let status = try status(after: junk)
    #expect(status.injected.packets == 0 && status.received.packets == 0)
    #expect(world[2].ping(world[1], "-c 1 -W 0.2").status != 0 && world[2].status.sent.packets == 1)
  }
}
