import VineBase
import VinePacket
import VineRouting
import VineSession

/// From another VR: tell frames apart, open them, and check again before a host gets a packet (paper 3.6).
///
/// Whatever is wrong with bytes from outside is counted and goes no further.
final class InboundPath<Injection: PacketInjection> {
  private let ownTag: NodeTag
  private let injection: Injection
  private let mirror: Mirror?
  private let peers: Peers
  private let relays: RelayStation
  private let channels: Channels
  private let trains: Trains
  private let transmitter: Transmitter
  private let counters: Counters
  private let onEvent: @Sendable (DataPlaneEvent) -> Void
  private var held: SuperPacket
  private var control = QueueControl()
  private var batch = Batch()
  private var gate: HandshakeGate
  private var unknownSessions: TokenBucket
  private var probes: TokenBucket

  init(
    node: NodeID, injection: Injection, mirror: Mirror?, peers: Peers, relays: RelayStation, channels: Channels,
    trains: Trains, transmitter: Transmitter,
    counters: Counters, at now: Instant, onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) {
    ownTag = node.tag
    self.mirror = mirror
    (self.injection, self.peers, self.relays) = (injection, peers, relays)
    (self.channels, self.trains, self.transmitter) = (channels, trains, transmitter)
    (self.counters, self.onEvent) = (counters, onEvent)
    held = SuperPacket(takesTCP: injection.takesTCP, takesUDP: injection.takesUDP)
    gate = HandshakeGate(at: now)
    unknownSessions = TokenBucket(rate: Limits.eventRate, at: now)
    probes = TokenBucket(rate: Limits.eventRate, at: now)
  }

  /// How long the frames of the socket's next batch have waited is looked at.
  func beginBatch(at now: Instant) { batch = Batch(at: now) }

  /// Frames that came together, from one sender.
  /// - Parameters:
  ///   - frames: are opened in place.
  ///   - size: of each frame; the last one may be shorter.
  ///   - stamp: when the kernel got them, by `MonotonicClock.ofStamps`; 0 if that is not known.
  func take(
    _ frames: UnsafeMutableRawBufferPointer, size: Int, via carrier: Carrier, at now: Instant, stamp: Int64 = 0
  ) {
    var start = 0
    if batch.mustDrop(stamp, frames.count, &control), frames.first == FrameKind.data.rawValue {
      counters.drop(.queueDelay)
      guard size < frames.count else { return }
      start = size
    }
    repeat {
      let rest = UnsafeMutableRawBufferPointer(rebasing: frames[start...])
      start += take(first: rest, size: size, via: carrier, at: now, stamp)
    } while start < frames.count
  }

  func take(_ frame: UnsafeMutableRawBufferPointer, via carrier: Carrier, at now: Instant) {
    take(frame, size: frame.count, via: carrier, at: now)
  }

  /// The first of `frames`, and those after it that are of the same session.
  /// - Returns: bytes that are done with.
  private func take(
    first frames: UnsafeMutableRawBufferPointer, size: Int, via carrier: Carrier, at now: Instant, _ stamp: Int64
  ) -> Int {
    let frame = UnsafeMutableRawBufferPointer(rebasing: frames.prefix(size))
    guard let kind = frame.first else {
      counters.drop(.truncatedFrame)
      return size
    }
    switch FrameKind(rawValue: kind) {
    case .data, .control, .relay, .train: return sealed(frames, size, via: carrier, at: now, stamp)
    case .handshake: handshake(frame, via: carrier, at: now)
    case .probe: probe(frame, via: carrier, at: now)
    case nil: counters.drop(.unknownKind)
    }
    return size
  }

  // MARK: Frames in clear

  private func handshake(_ frame: UnsafeMutableRawBufferPointer, via carrier: Carrier, at now: Instant) {
    switch gate.judge(frame, from: source(of: carrier), at: now) {
    case .pass: onEvent(.handshake(Array(frame), via: carrier))
    case .answer(let byteCount):
      counters.drop(.cookieNeeded)
      guard case .datagram(let endpoint) = carrier else { return }
      transmitter.answer(UnsafeRawBufferPointer(rebasing: frame[..<byteCount]), to: endpoint)
    case .tooMany: counters.drop(.handshakeLimit)
    case .stray: counters.drop(.strayHandshake)
    }
  }

  /// A channel that is gone meanwhile was nobody's.
  private func source(of carrier: Carrier) -> HandshakeGate.Source {
    switch carrier {
    case .datagram(let endpoint): .unproven(endpoint)
    case .channel(let number): .proven(channels.remote(of: number)?.address ?? IPv4Address(rawValue: 0))
    case .relayed: .member
    }
  }

  /// This VR sends a handshake frame, and may get answers.
  func sends(handshake bytes: [UInt8]) { gate.sends(bytes) }

  private func probe(_ frame: UnsafeMutableRawBufferPointer, via carrier: Carrier, at now: Instant) {
    guard frame.count == FrameSize.probe else { return counters.drop(.truncatedFrame) }
    guard probes.take(at: now) else { return counters.drop(.queueOverflow) }
    let nonce = Array(frame.suffix(FrameSize.probeNonce))
    switch carrier {
    case .datagram(let endpoint): onEvent(.dialBack(nonce: nonce, from: endpoint, overTCP: false))
    case .channel(let number):
      guard let remote = channels.remote(of: number) else { return }
      onEvent(.dialBack(nonce: nonce, from: remote, overTCP: true))
    case .relayed: counters.drop(.unknownKind)
    }
  }

  // MARK: Sealed frames

  /// Frames of one session: it is looked up once.
  /// - Returns: bytes that are done with, one frame's at least.
  private func sealed(
    _ frames: UnsafeMutableRawBufferPointer, _ size: Int, via carrier: Carrier, at now: Instant, _ stamp: Int64
  ) -> Int {
    var frame = UnsafeMutableRawBufferPointer(rebasing: frames.prefix(size))
    var header: FrameHeader
    do throws(FrameError) { header = try FrameHeader(parsing: UnsafeRawBufferPointer(frame)) } catch {
      counters.drop(error == .truncated ? .truncatedFrame : .unknownKind)
      return size
    }
    guard let receiving = peers.session(header.index) else {
      unknown(carrier, at: now)
      return size
    }
    let table = peers.currentTable
    var end = 0
    while true {
      receiving.session.with { session in
        receiving.peer.with { one(header, frame, session, $0, table, carrier, at: now, stamp) }
      }
      end += size
      guard end < frames.count else { return end }
      frame = UnsafeMutableRawBufferPointer(rebasing: frames[end..<min(end + size, frames.count)])
      guard let next = try? FrameHeader(parsing: UnsafeRawBufferPointer(frame)), next.index == header.index else {
        return end
      }
      header = next
    }
  }

  @inline(__always)
  private func one(
    _ header: FrameHeader, _ frame: UnsafeMutableRawBufferPointer, _ session: Session, _ peer: Peer,
    _ table: Uncounted<ForwardingTable>?, _ carrier: Carrier, at now: Instant, _ stamp: Int64
  ) {
    guard session.window.isFresh(header.counter) else { return counters.drop(.replayed) }
    guard header.kind != .relay else { return relay(header, frame, session, peer, carrier, at: now) }
    let body = body(of: frame, after: FrameSize.header)
    guard open(header, frame, body, session) else { return counters.drop(.badTag) }
    opened(session, peer, carrier, at: now)
    let content = UnsafeMutableRawBufferPointer(rebasing: body.dropLast(FrameSize.tag))
    switch header.kind {
    case .data: data(content, session, peer, table, at: now)
    case .train: trains.arrived(UnsafeRawBufferPointer(content), from: peer.node, frame.count, stamp, at: now)
    default:
      onEvent(.control(Array(content), from: peer.node, via: carrier, localIndex: session.localIndex))
    }
  }

  @inline(__always)
  private func open(
    _ header: FrameHeader, _ frame: UnsafeMutableRawBufferPointer, _ body: UnsafeMutableRawBufferPointer,
    _ session: Session
  ) -> Bool {
    guard let start = frame.baseAddress, let sealed = body.baseAddress else { return false }
    return session.opening.open(
      header: start, headerCount: header.byteCount, counter: header.counter,
      body: sealed.assumingMemoryBound(to: UInt8.self), count: body.count)
      && session.window.accept(header.counter)
  }

  /// An authentic frame came.
  @inline(__always)
  private func opened(_ session: Session, _ peer: Peer, _ carrier: Carrier, at now: Instant) {
    peer.lastHeard = now
    if case .channel(let channel) = carrier { channels.authenticated(channel, by: peer.tag) }
    guard !session.isConfirmed else { return }
    peer.confirm(session)
    onEvent(.confirmed(localIndex: session.localIndex))
  }

  private func unknown(_ carrier: Carrier, at now: Instant) {
    counters.drop(.unknownSession)
    if unknownSessions.take(at: now) { onEvent(.unknownSession(via: carrier)) }
  }

  @inline(__always)
  private func body(
    of frame: UnsafeMutableRawBufferPointer, after count: Int
  ) -> UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: frame[count...]) }

  // MARK: Packets

  @inline(__always)
  private func data(
    _ content: UnsafeMutableRawBufferPointer, _ session: Session, _ peer: Peer, _ table: Uncounted<ForwardingTable>?,
    at now: Instant
  ) {
    guard !session.isGuest else { return counters.drop(.guestSession) }
    guard content.count > FrameSize.network else { return counters.drop(.malformed) }
    let network = UInt32(bigEndian: content.loadUnaligned(as: UInt32.self))
    let bytes = body(of: content, after: FrameSize.network)
    guard let packet = IPv4View(UnsafeRawBufferPointer(bytes)), packet.hasValidChecksum else {
      return counters.drop(.malformed)
    }
    counters.received.add(packet.totalLength)
    peer.received.add(packet.totalLength)
    guard let table else { return counters.drop(.destinationNotInLNDT, packet, at: now) }
    let decision = table.with {
      $0.inbound(network: network, source: packet.source, destination: packet.destination, from: peer.tableIndex)
    }
    if case .drop(let reason) = decision { return counters.drop(reason, packet, at: now) }
    if packet.transport == Transport.tcp {
      _ = PacketEdit.clampMSS(bytes, to: UInt16(peer.innerMTU - Limits.tcpHeaders))
    }
    guard let mirror else { return inject(packet) }
    mirror.toSite(bytes)
    inject(IPv4View(UnsafeRawBufferPointer(bytes)) ?? packet)
  }

  /// Puts TCP segments that follow one another together; everything else goes at once, after what came before it.
  @inline(__always)
  private func inject(_ packet: IPv4View) {
    if held.add(packet) { return }
    flush()
    if held.begin(packet) { return }
    guard injection.inject(packet.bytes) else { return counters.drop(.injectFailed) }
    counters.injected.add(packet.totalLength)
  }

  /// Injects what was put together. Due when no more frames wait.
  func flush() {
    guard !held.isEmpty else { return }
    let (count, size) = (held.segmentCount, held.segmentSize)
    held.take { packet in
      let isDone =
        count > 1
        ? injection.inject(super: packet, segmentSize: size) : injection.inject(UnsafeRawBufferPointer(packet))
      guard isDone else { return counters.drop(.injectFailed, count: count) }
      counters.injected.add(packets: count, bytes: packet.count)
    }
    held.takesUDP = injection.takesUDP
  }

  // MARK: Relay frames

  /// A frame inside another VR's frame: for this VR, or to be passed on.
  private func relay(
    _ header: FrameHeader, _ frame: UnsafeMutableRawBufferPointer, _ session: Session, _ peer: Peer,
    _ carrier: Carrier, at now: Instant
  ) {
    let isFromQueue = channels.isDialled(carrier)
    let form: RelayForm = header.hops == 0 || isFromQueue ? .plain : .withSource
    guard frame.count > form.byteCount else { return counters.drop(.truncatedFrame) }
    let sealed = UnsafeMutableRawBufferPointer(rebasing: frame[FrameSize.relayHeader..<form.byteCount])
    guard open(header, frame, sealed, session) else { return counters.drop(.badTag) }
    opened(session, peer, carrier, at: now)
    guard !session.isGuest else { return counters.drop(.guestSession) }
    let source: NodeTag
    if isFromQueue {
      source = header.peer
    } else if form == .withSource {
      source = NodeTag(rawValue: UInt64(bigEndian: sealed.loadUnaligned(as: UInt64.self)))
    } else {
      source = peer.tag
    }
    let inner = body(of: frame, after: form.byteCount)
    guard isFromQueue || header.peer == ownTag else {
      return relays.forward(
        UnsafeRawBufferPointer(inner), to: header.peer, from: source, hops: header.hops, at: now)
    }
    // One relay frame inside another is nobody's: it would only hide how far a frame has come.
    guard inner[0] != FrameKind.relay.rawValue else { return counters.drop(.unknownKind) }
    take(inner, via: .relayed(by: peer.node, peer: source), at: now)
  }
}
