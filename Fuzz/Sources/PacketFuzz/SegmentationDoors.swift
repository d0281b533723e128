@testable import VinePacket

extension Door {
  /// A TCP packet that is cut and put together again is what it was: `[path MTU u16][packet]`.
  static let tcpSegmentation = Door(name: "TCPSegmentation") { bytes in
    var script = Script(bytes)
    let mtu = 21 + Int(script.word()) % 65_515
    guard let packet = whole(script.rest()) else { return nil }
    return cutAndJoin(packet, limit: mtu) { view, scratch, body in
      TCPSegmentation.cut(view, mtu: mtu, scratch: scratch, body)
    }
  }

  /// The same of a UDP super-packet: `[segment size u16][packet]`.
  static let udpSegmentation = Door(name: "UDPSegmentation") { bytes in
    var script = Script(bytes)
    let size = 1 + Int(script.word())
    guard let packet = whole(script.rest()) else { return nil }
    return cutAndJoin(packet, limit: size + 68) { view, scratch, body in
      UDPSegmentation.cut(view, segmentSize: size, scratch: scratch, body)
    }
  }

  private static func whole(_ bytes: [UInt8]) -> [UInt8]? { bytes.withUnsafeBytes(PacketBytes.whole) }

  private typealias Cut = (
    IPv4View, UnsafeMutableRawBufferPointer, (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) -> Int

  private static func cutAndJoin(_ packet: [UInt8], limit: Int, _ cut: Cut) -> String? {
    var segments: [[UInt8]] = []
    let count = withUnsafeTemporaryAllocation(byteCount: TCPSegmentation.headersMax, alignment: 8) { scratch in
      PacketBytes.view(packet) { view in
        cut(view, scratch) { headers, payload in segments.append(PacketBytes.joined(headers, payload)) }
      } ?? 0
    }
    guard count == segments.count else { return "the count of segments is wrong" }
    guard count > 0 else { return nil }
    var payload: [UInt8] = []
    for segment in segments {
      guard segment.count <= limit, let verdict = PacketBytes.verdict(segment) else { return "a segment is no packet" }
      guard verdict.header, verdict.transport == true else { return "a segment's checksum is wrong" }
      payload += content(segment)
    }
    guard payload == content(packet) else { return "the segments' payloads are not the packet's" }
    return joined(segments, packet)
  }

  /// Behind the headers of TCP or UDP.
  private static func content(_ packet: [UInt8]) -> [UInt8] {
    PacketBytes.view(packet) { view in
      if let tcp = TCPView(view) { return Array(tcp.payload) }
      return UDPView(view).map { Array($0.payload) } ?? []
    } ?? []
  }

  /// What may be put together at all must be, and is the packet with the checksums that `take` promises.
  private static func joined(_ segments: [[UInt8]], _ packet: [UInt8]) -> String? {
    guard let mayJoin = PacketBytes.view(packet, isPlain), mayJoin, segments.count <= 64 else { return nil }
    var held = SuperPacket()
    for (number, segment) in segments.enumerated() {
      let isTaken = PacketBytes.view(segment) { number == 0 ? held.begin($0) : held.add($0) }
      guard isTaken == true else { return "segment \(number) of \(segments.count) is not put together with the others" }
    }
    var result: [UInt8] = []
    held.take { result = Array($0) }
    let expected =
      segments.count > 1 ? PacketBytes.change(packet) { SuperPacket.leaveChecksum($0) } : PacketBytes.completed(packet)
    return result == expected ? nil : "what is put together is not what was cut"
  }

  private static func isPlain(_ view: IPv4View) -> Bool {
    guard view.headerLength == IPv4View.headerLengthMin else { return false }
    if let tcp = TCPView(view) { return tcp.flags & ~TCPView.psh == TCPView.ack && !tcp.payload.isEmpty }
    return UDPView(view).map { !$0.payload.isEmpty } ?? false
  }
}

extension Door {
  /// Packets of many flows, as they come: whatever is put together can be cut into the very same packets.
  /// `[flags u8][length u16][packet]` each; flag 1 makes the checksums right, flag 2 repeats the one before with the
  /// sequence number that follows.
  static let superPacket = Door(name: "SuperPacket") { bytes in
    var script = Script(bytes)
    var held = SuperPacket()
    var (taken, before): ([[UInt8]], [UInt8]) = ([], [])
    var complaint: String?
    while !script.isEmpty, complaint == nil {
      let flags = script.byte()
      var packet = flags & 2 == 0 ? script.chunk() : following(before)
      // Bytes behind a packet's total length are none of it.
      guard let exact = whole(packet) else { continue }
      packet = exact
      if flags & 1 != 0 { packet = PacketBytes.completed(packet) }
      before = packet
      if PacketBytes.view(packet, { held.add($0) }) == true {
        taken.append(packet)
        continue
      }
      complaint = same(&held, taken)
      taken = PacketBytes.view(packet, { held.begin($0) }) == true ? [packet] : []
    }
    return complaint ?? same(&held, taken)
  }

  /// The next segment of the same flow.
  private static func following(_ packet: [UInt8]) -> [UInt8] {
    let length = PacketBytes.view(packet) { TCPView($0)?.payload.count ?? 0 } ?? 0
    guard length > 0 else { return packet }
    let place = Int(packet[0] & 15) * 4 + 4
    var next = packet
    let sequence = packet[place..<(place + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } &+ UInt32(length)
    for (offset, shift) in [24, 16, 8, 0].enumerated() {
      next[place + offset] = UInt8(truncatingIfNeeded: sequence >> shift)
    }
    return next
  }

  private static func same(_ held: inout SuperPacket, _ taken: [[UInt8]]) -> String? {
    guard !held.isEmpty else { return taken.isEmpty ? nil : "a packet was taken and is not there" }
    let (size, count) = (held.segmentSize, held.segmentCount)
    guard count == taken.count else { return "the count of packets is wrong" }
    var whole: [UInt8] = []
    held.take { whole = Array($0) }
    var parts: [[UInt8]] = []
    _ = withUnsafeTemporaryAllocation(byteCount: TCPSegmentation.headersMax, alignment: 8) { scratch in
      PacketBytes.view(whole) { view in
        let keep: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void = {
          parts.append(PacketBytes.joined($0, $1))
        }
        return view.transport == Transport.udp
          ? UDPSegmentation.cut(view, segmentSize: size, scratch: scratch, keep)
          : TCPSegmentation.cut(view, mtu: (TCPView(view)?.headersLength ?? 0) + size, scratch: scratch, keep)
      }
    }
    guard parts.count == count else { return "\(count) packets were put together and \(parts.count) come out" }
    for (part, packet) in zip(parts, taken) where unnumbered(part) != unnumbered(packet) {
      return "a packet comes out as another"
    }
    return nil
  }

  /// Without identification and the checksum over it, which may differ.
  private static func unnumbered(_ packet: [UInt8]) -> [UInt8] {
    var packet = packet
    for place in [4, 5, 10, 11] { packet[place] = 0 }
    return packet
  }
}
