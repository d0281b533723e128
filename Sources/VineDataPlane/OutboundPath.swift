import VineBase
import VinePacket
import VineRouting

/// From a host of this site into the tunnel: decide, answer what can't go on, fit, seal, send (paper 3.5, 3.6).
final class OutboundPath<Injection: PacketInjection> {
  private let injection: Injection
  private let mirror: Mirror?
  private let peers: Peers
  private let transmitter: Transmitter
  private let counters: Counters
  private let scratch: UnsafeMutableRawBufferPointer
  private var answers: TokenBucket
  private var control = QueueControl()
  private var batch = Batch()

  init(
    injection: Injection, mirror: Mirror?, peers: Peers, transmitter: Transmitter, counters: Counters, at now: Instant
  ) {
    self.mirror = mirror
    (self.injection, self.peers, self.transmitter, self.counters) = (injection, peers, transmitter, counters)
    scratch = .allocate(byteCount: Limits.slot, alignment: 64)
    answers = TokenBucket(rate: Limits.icmpRate, at: now)
  }

  deinit { scratch.deallocate() }

  /// How long the packets of the capture's next batch have waited is looked at.
  func beginBatch(at now: Instant) { batch = Batch(at: now) }

  /// - Parameter captured: its bytes are changed.
  func take(_ captured: CapturedPacket, at now: Instant) {
    let bytes = captured.bytes
    counters.captured.add(bytes.count)
    let mustDrop = batch.mustDrop(captured.arrival, bytes.count, &control)
    guard var packet = IPv4View(UnsafeRawBufferPointer(bytes)) else { return counters.drop(.malformed) }
    if let mirror {
      // The site's own use of the space is nobody else's business.
      guard mirror.mesh(packet.source) != nil else { return counters.drop(.sourceNotInLNDT, packet, at: now) }
      guard mirror.mesh(packet.destination) != nil else {
        return counters.drop(.notVirtualDestination, packet, at: now)
      }
      mirror.toMesh(bytes, lacksChecksum: captured.lacksChecksum || captured.isSuper)
      packet = IPv4View(UnsafeRawBufferPointer(bytes)) ?? packet
    }
    // Without a table nothing is known of any host, so nothing goes anywhere.
    guard let table = peers.currentTable else { return counters.drop(.sourceNotInLNDT, packet, at: now) }
    switch table.with({ $0.outbound(source: packet.source, destination: packet.destination) }) {
    case .drop(let reason): counters.drop(reason, packet, at: now)
    case .deliver: deliver(packet, captured, at: now)
    case .tunnel(let network, let index):
      let peer = peers.peer(atTableIndex: index)
      if captured.isSuper { return cut(packet, captured, network, peer, mustDrop: mustDrop, at: now) }
      guard !mustDrop else { return counters.drop(.queueDelay, packet, at: now) }
      if captured.lacksChecksum { PacketEdit.completeTransportChecksum(bytes) }
      tunnel(packet, captured, network, peer, at: now)
    }
  }

  /// For another host of this site.
  private func deliver(_ packet: IPv4View, _ captured: CapturedPacket, at now: Instant) {
    guard captured.passes() else { return expired(packet, at: now) }
    mirror?.toSite(captured.bytes, lacksChecksum: captured.lacksChecksum || captured.isSuper)
    if captured.isSuper, let tcp = TCPView(packet) {
      let whole = UnsafeMutableRawBufferPointer(rebasing: captured.bytes[..<packet.totalLength])
      SuperPacket.leaveChecksum(whole)
      let room = Limits.innerDirect - tcp.headersLength
      guard injection.inject(super: whole, segmentSize: room) else {
        return counters.drop(.injectFailed, packet, at: now)
      }
      return counters.injected.add(packet.totalLength)
    }
    if captured.lacksChecksum { PacketEdit.completeTransportChecksum(captured.bytes) }
    guard injection.inject(packet.bytes) else { return counters.drop(.injectFailed, packet, at: now) }
    counters.injected.add(packet.totalLength)
  }

  private func tunnel(
    _ packet: IPv4View, _ captured: CapturedPacket, _ network: UInt32, _ peer: Uncounted<Peer>, at now: Instant
  ) {
    guard captured.isRouted || packet.timeToLive > 1 else { return expired(packet, at: now) }
    let mtu = peer.with(\.innerMTU)
    let fits = packet.totalLength <= mtu
    if !fits, packet.dontFragment { return tooBig(packet, mtu, at: now) }
    _ = captured.passes()
    if packet.transport == Transport.tcp {
      _ = PacketEdit.clampMSS(captured.bytes, to: UInt16(mtu - Limits.tcpHeaders))
    }
    guard !fits else { return send(packet.bytes, network, peer, at: now) }
    let pieces = Fragmentation.fragment(packet, mtu: mtu, scratch: scratch) { piece in
      send(UnsafeRawBufferPointer(piece), network, peer, at: now)
    }
    if pieces == 0 { counters.drop(.malformed) }
  }

  /// A TCP packet that the host left to be cut, to what the path takes: the host did not choose its length, so that
  /// "don't fragment" does not refer to it.
  /// - Parameter mustDrop: its first segment.
  private func cut(
    _ packet: IPv4View, _ captured: CapturedPacket, _ network: UInt32, _ peer: Uncounted<Peer>, mustDrop: Bool,
    at now: Instant
  ) {
    var mustDrop = mustDrop
    guard captured.passes() else { return expired(packet, at: now) }
    let road: Transmitter.Road
    switch transmitter.road(to: peer, at: now) {
    case .success(let found): road = found
    case .failure(let none): return counters.drop(none.reason, packet, at: now)
    }
    let count = TCPSegmentation.cut(packet, mtu: peer.with(\.innerMTU), scratch: scratch) { headers, payload in
      guard !mustDrop else {
        mustDrop = false
        return counters.drop(.queueDelay)
      }
      send(headers, payload, network, road, at: now)
    }
    if count == 0 { counters.drop(.malformed) }
  }

  @inline(__always)
  private func send(
    _ headers: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, _ network: UInt32, _ road: Transmitter.Road,
    at now: Instant
  ) {
    if let reason = transmitter.data(headers, payload, network: network, on: road, at: now) {
      return counters.drop(reason)
    }
    counters.sent.add(headers.count + payload.count)
    road.peer.with { $0.sent.add(headers.count + payload.count) }
  }

  @inline(__always)
  private func send(_ packet: UnsafeRawBufferPointer, _ network: UInt32, _ peer: Uncounted<Peer>, at now: Instant) {
    switch transmitter.road(to: peer, at: now) {
    case .success(let road): send(packet, UnsafeRawBufferPointer(start: nil, count: 0), network, road, at: now)
    case .failure(let none):
      guard let view = IPv4View(packet) else { return counters.drop(none.reason) }
      counters.drop(none.reason, view, at: now)
    }
  }

  // MARK: Answers to the host

  /// The kernel fills a source address of zero with its own in the host's network: the VR's gateway address.
  private static var ownAddress: IPv4Address { IPv4Address(rawValue: 0) }

  private func tooBig(_ packet: IPv4View, _ mtu: Int, at now: Instant) {
    counters.drop(.fragmentationNeeded, packet, at: now)
    guard answers.take(at: now) else { return }
    answer(
      ICMPAnswer.fragmentationNeeded(for: packet, mtu: UInt16(mtu), from: Self.ownAddress, into: scratch))
  }

  private func expired(_ packet: IPv4View, at now: Instant) {
    counters.drop(.timeToLiveExpired, packet, at: now)
    guard answers.take(at: now) else { return }
    answer(ICMPAnswer.timeExceeded(for: packet, from: Self.ownAddress, into: scratch))
  }

  private func answer(_ count: Int?) {
    guard let count else { return }
    mirror?.toSite(UnsafeMutableRawBufferPointer(rebasing: scratch[..<count]))
    if !injection.injectOwn(UnsafeRawBufferPointer(rebasing: scratch[..<count])) { counters.drop(.injectFailed) }
  }
}

extension CapturedPacket {
  /// Takes a hop off the time to live, unless the kernel has.
  /// - Returns: false if none is left.
  fileprivate func passes() -> Bool { isRouted || PacketEdit.decrementTimeToLive(bytes) }
}
