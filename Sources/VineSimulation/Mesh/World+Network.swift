import VineBase
import VinePath
import VineRouter

/// Datagrams and channels between VRs.
extension World {
  /// IPv4 and UDP; IPv4 and TCP with time stamps and the record's length.
  static let datagramOverhead = 28
  static let recordOverhead = 54

  mutating func send(_ body: Frame.Body, from index: Int, via carrier: Carrier, fromOtherPort: Bool = false) {
    switch carrier {
    case .datagram(let endpoint): sendDatagram(body, from: index, to: endpoint, fromOtherPort: fromOtherPort)
    case .channel(let channel): sendRecord(body, from: index, on: Int(channel.rawValue))
    case .relayed(let queueVR, let tag):
      guard let way = vrs[index].plane.carriers[queueVR] else { return }
      // A queue-VR is reached directly: one relay header a frame.
      if case .relayed = way { return }
      send(.relay(body, from: vrs[index].node.tag, to: tag, hops: 0), from: index, via: way)
    }
  }

  private mutating func sendDatagram(_ body: Frame.Body, from index: Int, to endpoint: Endpoint, fromOtherPort: Bool) {
    var source = vrs[index].endpoint
    if fromOtherPort { source = Endpoint(address: source.address, port: source.port + 1) }
    if let nat = vrs[index].nat { source = nats[nat].outbound(from: source, to: endpoint, at: now) }
    let frame = Frame(body: body, sender: index, from: source)
    vrs[index].bytesSent += frame.byteCount + Self.datagramOverhead
    guard let receiver = receiver(of: endpoint, from: source) else { return }
    let size = frame.byteCount + Self.datagramOverhead
    guard let arrival = underlay.arrival(from: index, to: receiver, byteCount: size, at: now, &random) else { return }
    queue.add(.datagram, at: arrival, index: receiver, detail: frames.add(frame))
  }

  /// A train arrives as the pair's link lets it: back to back at its rate.
  mutating func sendTrain(_ train: UInt64, _ count: Int, from index: Int, to endpoint: Endpoint) {
    var source = vrs[index].endpoint
    if let nat = vrs[index].nat { source = nats[nat].outbound(from: source, to: endpoint, at: now) }
    guard let receiver = receiver(of: endpoint, from: source), underlay.connects(index, receiver) else { return }
    let size = 1400
    let rate = underlay.trainRate(from: index, to: receiver, &random)
    let gap = Int64(size) * 8_000_000_000 / max(rate.bitsPerSecond, 1)
    let arrivals = (0..<count).map { number in
      TrainArrival(sequence: number, byteCount: size, nanoseconds: now + gap * Int64(number))
    }
    vrs[index].bytesSent += count * size
    vrs[receiver].bytesReceived += count * size
    let passed = gap * Int64(count) + underlay.latencyMax.inNanoseconds
    trainCount += 1
    trains[trainCount] = Train(id: train, from: vrs[index].node, arrivals: arrivals, sent: count)
    queue.add(.train, at: now + passed, index: receiver, detail: trainCount)
  }

  mutating func trainArrived(_ number: Int, at index: Int) {
    guard let train = trains.removeValue(forKey: number) else { return }
    input(.train(train.id, from: train.from, train.arrivals, sent: train.sent), to: index)
  }

  struct Train: Sendable {
    let id: UInt64
    let from: NodeID
    let arrivals: [TrainArrival]
    let sent: Int
  }

  /// Public addresses are 198.18.0.0/15 and up, NATs have 100.64.0.0/10.
  private mutating func receiver(of endpoint: Endpoint, from source: Endpoint) -> Int? {
    let offset = endpoint.address.rawValue &- Self.firstNATAddress
    if offset < UInt32(nats.count) {
      let inner = nats[Int(offset)].inbound(from: source, toPort: endpoint.port, at: now)
      return inner.flatMap { number(of: $0) }
    }
    guard let number = number(of: endpoint), vrs[number].nat == nil else { return nil }
    return number
  }

  static let firstAddress: UInt32 = 0xC612_0001
  static let firstNATAddress: UInt32 = 0x6440_0000

  private func number(of endpoint: Endpoint) -> Int? {
    let offset = endpoint.address.rawValue &- Self.firstAddress
    guard offset < UInt32(vrs.count), vrs[Int(offset)].endpoint.port == endpoint.port else { return nil }
    return Int(offset)
  }

  // MARK: Arrival

  mutating func frameArrived(_ slot: Int, at index: Int) {
    guard var frame = frames.take(slot) else { return }
    if !meddlings.isEmpty, frame.isOpenToMeddling { meddle(meddlings.removeFirst(), with: &frame, at: index) }
    let overhead = frame.channel == 0 ? Self.datagramOverhead : Self.recordOverhead
    vrs[index].bytesReceived += frame.byteCount + overhead
    if !guests.isEmpty, guests[index] != nil, !vrs[index].isRunning { return guestReceived(frame, at: index) }
    guard vrs[index].isRunning else { return }
    if frame.channel != 0, vrs[index].plane.channels[frame.channel] == nil { return }
    let carrier =
      frame.channel == 0
      ? Carrier.datagram(frame.from) : .channel(ChannelID(rawValue: UInt64(frame.channel)))
    take(frame.body, from: frame.sender, via: carrier, at: index)
  }

  private mutating func take(_ body: Frame.Body, from sender: Int, via carrier: Carrier, at index: Int) {
    switch body {
    case .handshake(let bytes):
      trace.note(.datagram, at: now, index, sender, 1, bytes)
      input(.handshake(bytes, via: carrier), to: index)
    case .dialBack(let nonce):
      trace.note(.datagram, at: now, index, sender, 4, nonce)
      guard case .datagram(let from) = carrier else { return }
      input(.dialBack(nonce: nonce, from: from), to: index)
    case .control(let bytes, let local, let key):
      trace.note(.datagram, at: now, index, sender, 3, bytes)
      guard let session = opened(local, key, via: carrier, at: index) else { return }
      input(.control(bytes, from: session.peer, via: carrier, localIndex: local), to: index)
    case .data(let packet, let local, let key):
      trace.note(.datagram, at: now, index, sender, 2, 0)
      guard let session = opened(local, key, via: carrier, at: index), !session.isGuest else { return }
      received(packet, from: session.peer, at: index)
    case .relay(let inner, let from, let to, let hops): relay(inner, from, to, hops, sender, at: index)
    }
  }

  /// The session that a sealed frame names, which is confirmed by it. - Returns: nil if the frame does not open.
  private mutating func opened(
    _ local: UInt32, _ key: UInt64, via carrier: Carrier, at index: Int
  ) -> SimulatedPlane.Session? {
    guard let session = vrs[index].plane.sessions[local] else {
      input(.unknownSession(via: carrier), to: index)
      return nil
    }
    // Sealed under other keys: it does not open, and is dropped.
    guard session.key == key else { return nil }
    if !session.isConfirmed {
      vrs[index].plane.sessions[local]?.isConfirmed = true
      input(.confirmed(localIndex: local), to: index)
    }
    return session
  }

  private mutating func relay(
    _ inner: Frame.Body, _ from: NodeTag, _ to: NodeTag, _ hops: Int, _ sender: Int, at index: Int
  ) {
    if to == vrs[index].node.tag {
      let last = vrs[sender].node
      return take(inner, from: sender, via: .relayed(by: last, peer: from), at: index)
    }
    guard hops < 2 else { return }
    let next = vrs[index].plane.relayRoutes[to] ?? vrs[index].plane.byTag[to]
    guard let next, vrs[index].plane.sending(to: next, at: now) != nil, vrs[index].plane.carriers[next] != nil else {
      if hops == 0 { input(.needsRelay(to: to), to: index) }
      return
    }
    let frame = Frame.Body.relay(inner, from: from, to: to, hops: hops + 1)
    if let peer = vrs[index].plane.byTag[to], let carrier = vrs[index].plane.carriers[peer] {
      send(frame, from: index, via: carrier)
    } else if let queueVR = vrs[index].plane.relayRoutes[to], let carrier = vrs[index].plane.carriers[queueVR] {
      send(frame, from: index, via: carrier)
    }
  }

  // MARK: Channels

  mutating func open(_ channel: Int, from index: Int, to endpoint: Endpoint) {
    let source = vrs[index].nat.map { Endpoint(address: nats[$0].address, port: 40_000) } ?? vrs[index].endpoint
    guard let receiver = receiver(of: endpoint, from: source), vrs[receiver].isRunning || guests[receiver] != nil,
      underlay.connects(index, receiver), underlay.connects(receiver, index)
    else { return queue.add(.channelClosed, at: now + 3_000_000_000, index: index, detail: channel) }
    let accepted = vrs[receiver].plane.nextAccepted
    vrs[receiver].plane.nextAccepted += 2
    let trip = underlay.latencyMax.inNanoseconds
    vrs[index].plane.channels[channel] = SimulatedPlane.Channel(
      own: channel, peer: receiver, other: accepted, lastArrival: now)
    vrs[receiver].plane.channels[accepted] = SimulatedPlane.Channel(
      own: accepted, peer: index, other: channel, lastArrival: now)
    queue.add(.channelAccepted, at: now + trip, index: receiver, detail: accepted)
    queue.add(.channelOpened, at: now + 2 * trip, index: index, detail: channel)
  }

  mutating func accepted(_ channel: Int, at index: Int) {
    guard let end = vrs[index].plane.channels[channel] else { return }
    let vr = vrs[end.peer]
    let from = vr.nat.map { Endpoint(address: nats[$0].address, port: 40_000) } ?? vr.endpoint
    input(.channelAccepted(ChannelID(rawValue: UInt64(channel)), from: from), to: index)
  }

  private mutating func sendRecord(_ body: Frame.Body, from index: Int, on channel: Int) {
    guard let end = vrs[index].plane.channels[channel] else { return }
    let frame = Frame(body: body, sender: index, from: vrs[index].endpoint, channel: end.other)
    let size = frame.byteCount + Self.recordOverhead
    vrs[index].bytesSent += size
    var (arrival, tries, left) = (Int64?.none, 0, now)
    // TCP sends again; after four times a cut line counts as closed.
    while arrival == nil, tries < 5 {
      arrival = underlay.arrival(from: index, to: end.peer, byteCount: size, at: left, &random)
      if arrival == nil {
        left += 200_000_000 << Int64(tries)
        tries += 1
        vrs[index].bytesSent += size
      }
    }
    guard let arrival else { return reset(end) }
    let ordered = max(arrival, end.lastArrival + 1)
    vrs[index].plane.channels[channel]?.lastArrival = ordered
    queue.add(.record, at: ordered, index: end.peer, detail: frames.add(frame))
  }

  /// Both ends learn that the channel is gone.
  mutating func reset(_ channel: SimulatedPlane.Channel) {
    queue.add(.channelClosed, at: now + 1_000_000_000, index: channel.peer, detail: channel.other)
    if let own = vrs[channel.peer].plane.channels[channel.other]?.peer {
      queue.add(.channelClosed, at: now + 1_000_000_000, index: own, detail: channel.own)
    }
  }

  mutating func close(_ channel: Int, at index: Int) {
    guard let end = vrs[index].plane.channels[channel] else { return }
    vrs[index].plane.channels[channel] = nil
    queue.add(.channelClosed, at: now + underlay.latencyMax.inNanoseconds, index: end.peer, detail: end.other)
  }

  mutating func closed(_ channel: Int, at index: Int) {
    vrs[index].plane.channels[channel] = nil
    input(.channelClosed(ChannelID(rawValue: UInt64(channel)), reason: "closed by the other side"), to: index)
  }
}
