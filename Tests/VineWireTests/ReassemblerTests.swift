import Testing
import VineBase
import VineWire

@Suite struct ReassemblerTests {
  @Test(arguments: [0, 1, 1080, 1081, 5000, WireLimits.messageByteCountMax])
  func `a message comes back whole from fragments in any order`(count: Int) {
    var samples = Samples(seed: UInt64(count))
    let message = samples.bytes(count)
    let fragments = samples.random.shuffled(Reassembler.cut(message, id: 7))
    var reassembler = Reassembler()
    let peer = samples.node()
    for fragment in fragments.dropLast() { #expect(reassembler.add(fragment, from: peer, at: .zero) == nil) }
    #expect(fragments.last.flatMap { reassembler.add($0, from: peer, at: .zero) } == message)
    #expect(reassembler.pending == 0)
  }

  @Test func `a fragment that comes twice counts once`() {
    var samples = Samples(seed: 1)
    let (message, peer) = (samples.bytes(2000), samples.node())
    let fragments = Reassembler.cut(message, id: 7)
    var reassembler = Reassembler()
    #expect(reassembler.add(fragments[0], from: peer, at: .zero) == nil)
    #expect(reassembler.add(fragments[0], from: peer, at: .zero) == nil)
    #expect(reassembler.add(fragments[1], from: peer, at: .zero) == message)
  }

  @Test func `messages of two peers with one identifier do not mix`() {
    var samples = Samples(seed: 1)
    let (mine, theirs) = (samples.bytes(2000), samples.bytes(2000))
    let (me, they) = (samples.node(), samples.node())
    var reassembler = Reassembler()
    _ = reassembler.add(Reassembler.cut(mine, id: 7)[0], from: me, at: .zero)
    _ = reassembler.add(Reassembler.cut(theirs, id: 7)[0], from: they, at: .zero)
    #expect(reassembler.add(Reassembler.cut(mine, id: 7)[1], from: me, at: .zero) == mine)
    #expect(reassembler.add(Reassembler.cut(theirs, id: 7)[1], from: they, at: .zero) == theirs)
  }

  @Test func `an identifier that is given to another message forgets the first`() {
    var samples = Samples(seed: 1)
    let (short, long, peer) = (samples.bytes(2000), samples.bytes(3000), samples.node())
    var reassembler = Reassembler()
    _ = reassembler.add(Reassembler.cut(short, id: 7)[0], from: peer, at: .zero)
    let results = Reassembler.cut(long, id: 7).map { reassembler.add($0, from: peer, at: .zero) }
    #expect(results == [nil, nil, long])
  }

  @Test func `what does not get complete is forgotten after a while`() {
    var samples = Samples(seed: 1)
    let (fragments, peer) = (Reassembler.cut(samples.bytes(2000), id: 7), samples.node())
    var reassembler = Reassembler()
    _ = reassembler.add(fragments[0], from: peer, at: .zero)
    #expect(reassembler.add(fragments[1], from: peer, at: Instant(nanoseconds: 10_000_000_001)) == nil)
    #expect(reassembler.pending == 1)
  }

  @Test func `a peer that begins many messages loses its oldest and nobody else's`() {
    var samples = Samples(seed: 1)
    let (flooder, honest) = (samples.node(), samples.node())
    let message = samples.bytes(2000)
    let fragments = Reassembler.cut(message, id: 7)
    var reassembler = Reassembler()
    _ = reassembler.add(fragments[0], from: honest, at: .zero)
    for id in 0..<1000 {
      _ = reassembler.add(Reassembler.cut(message, id: UInt32(id))[0], from: flooder, at: .zero)
    }
    #expect(reassembler.pending == 1 + Reassembler.messagesOfPeerMax)
    #expect(reassembler.add(fragments[1], from: honest, at: .zero) == message)
  }

  @Test func `many peers together stay within the bound, and a peer that is gone holds nothing`() {
    var samples = Samples(seed: 1)
    let fragment = Reassembler.cut(samples.bytes(2000), id: 7)[0]
    var reassembler = Reassembler()
    let peers = (0..<200).map { _ in samples.node() }
    for peer in peers { _ = reassembler.add(fragment, from: peer, at: .zero) }
    #expect(reassembler.pending == Reassembler.messagesMax)
    for peer in peers { reassembler.forget(peer) }
    #expect(reassembler.pending == 0)
  }
}
