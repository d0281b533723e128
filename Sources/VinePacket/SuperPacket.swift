/// Packets of one flow that follow one another, put together again: the host's kernel then handles one packet instead
/// of forty.
///
/// Only what an interface could cut into the very same packets is put together: equal headers but for length,
/// identification, checksums and TCP's sequence number; nothing after a packet with a shorter payload; no IP options.
/// Of TCP: no gap, nothing after PSH, no flags but ACK and PSH. A packet with a wrong checksum, or a datagram without
/// one, is never taken in: it stays as it is.
public struct SuperPacket: ~Copyable {
  /// The longest IPv4 packet, less than what `segmentSize` of it could be.
  public static let byteCountMax = 65_535
  /// Datagrams in one: as many as Linux takes in one UDP_SEGMENT message before 6.9.
  private static let datagramsMax = 64

  private let memory: UnsafeMutableRawBufferPointer
  /// Bytes in `memory`; 0: empty.
  private var count = 0
  private var headersLength = 0
  private var nextSequence: UInt32 = 0
  /// Payload of each packet, the last one perhaps shorter.
  public private(set) var segmentSize = 0
  public private(set) var segmentCount = 0
  private var isClosed = false
  private var isUDP = false
  /// Whether segments are put together, and datagrams.
  public var takesTCP, takesUDP: Bool

  public init(takesTCP: Bool = true, takesUDP: Bool = true) {
    memory = .allocate(byteCount: Self.byteCountMax, alignment: 64)
    (self.takesTCP, self.takesUDP) = (takesTCP, takesUDP)
  }

  deinit { memory.deallocate() }

  public var isEmpty: Bool { count == 0 }

  /// Begins with `packet` if it is of the kind that others can be added to; must be empty.
  public mutating func begin(_ packet: IPv4View) -> Bool {
    precondition(isEmpty, "a super-packet has to be taken before another begins")
    guard packet.headerLength == IPv4View.headerLengthMin else { return false }
    switch packet.transport {
    case Transport.tcp:
      guard takesTCP, let tcp = TCPView(packet), isPlain(tcp), tcp.hasValidChecksum else { return false }
      begin(packet, headersLength: tcp.headersLength)
      nextSequence = tcp.sequence &+ UInt32(segmentSize)
      (isUDP, isClosed) = (false, tcp.flags & TCPView.psh != 0)
    case Transport.udp:
      guard takesUDP, let udp = UDPView(packet), !udp.payload.isEmpty, udp.hasValidChecksum else { return false }
      begin(packet, headersLength: udp.headersLength)
      (isUDP, isClosed) = (true, false)
    default: return false
    }
    return true
  }

  private mutating func begin(_ packet: IPv4View, headersLength: Int) {
    memory.copyMemory(from: packet.bytes)
    self.headersLength = headersLength
    (count, segmentCount, segmentSize) = (packet.totalLength, 1, packet.totalLength - headersLength)
  }

  /// Adds the next packet of the same flow.
  /// - Returns: false, and changes nothing, if `packet` is anything else.
  public mutating func add(_ packet: IPv4View) -> Bool {
    guard !isEmpty, !isClosed, packet.headerLength == IPv4View.headerLengthMin else { return false }
    return isUDP ? addDatagram(packet) : addSegment(packet)
  }

  private mutating func addSegment(_ packet: IPv4View) -> Bool {
    guard let tcp = TCPView(packet), tcp.headersLength == headersLength, tcp.sequence == nextSequence, isPlain(tcp),
      hasRoom(for: tcp.payload), matches(packet), tcp.hasValidChecksum
    else { return false }
    nextSequence = nextSequence &+ UInt32(tcp.payload.count)
    // Not `|=`: Swift 6.3.1 cannot compile that for ThreadSanitizer ("Invalid bitcast").
    memory[33] = memory[33] | tcp.flags & TCPView.psh
    append(tcp.payload)
    isClosed = isClosed || tcp.flags & TCPView.psh != 0
    return true
  }

  private mutating func addDatagram(_ packet: IPv4View) -> Bool {
    guard segmentCount < Self.datagramsMax, let udp = UDPView(packet), !udp.payload.isEmpty,
      hasRoom(for: udp.payload), matchesBelow(packet), udp.hasValidChecksum
    else { return false }
    append(udp.payload)
    return true
  }

  private func hasRoom(for payload: UnsafeRawBufferPointer) -> Bool {
    payload.count <= segmentSize && count + payload.count <= Self.byteCountMax
  }

  private mutating func append(_ payload: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: payload)
    count += payload.count
    segmentCount += 1
    isClosed = payload.count < segmentSize
  }

  /// Hands out what was put together and is empty again. What is of several packets has no checksum of TCP or UDP but
  /// the sum of its pseudo-header, from which an interface makes each packet's.
  public mutating func take(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    guard !isEmpty else { return }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    if segmentCount > 1 { Self.leaveChecksum(bytes) }
    body(bytes)
    count = 0
  }

  /// Length and checksum of the IP header, UDP's length, and the sum of the pseudo-header where the checksum of TCP or
  /// UDP will be.
  /// - Parameter bytes: a TCP segment or a datagram in an IPv4 packet that is no fragment.
  public static func leaveChecksum(_ bytes: UnsafeMutableRawBufferPointer) {
    let ipLength = Int(bytes[0] & 15) * 4
    PacketEdit.storeWord(UInt16(bytes.count), bytes, at: 2)
    PacketEdit.completeHeaderChecksum(bytes, ipLength)
    let length = bytes.count - ipLength
    let sum = InternetChecksum.pseudoHeader(UnsafeRawBufferPointer(bytes), segmentLength: length)
    if bytes[9] == Transport.udp {
      PacketEdit.storeWord(UInt16(length), bytes, at: ipLength + 4)
      PacketEdit.storeWord(sum, bytes, at: ipLength + UDPSegmentation.checksumOffset)
    } else {
      PacketEdit.storeWord(sum, bytes, at: ipLength + TCPSegmentation.checksumOffset)
    }
  }

  /// Data, acknowledgement and nothing else.
  private func isPlain(_ tcp: TCPView) -> Bool {
    tcp.flags & ~TCPView.psh == TCPView.ack && !tcp.payload.isEmpty
  }

  /// The IP header is equal but for what may differ, and the ports are.
  private func matchesBelow(_ packet: IPv4View) -> Bool {
    let (mine, its) = (UnsafeRawBufferPointer(memory), packet.bytes)
    // Service; flags and fragment offset, time to live, protocol; addresses and ports.
    return mine[1] == its[1] && word(mine, 6) == word(its, 6) && word(mine, 8) == word(its, 8)
      && long(mine, 12) == long(its, 12) && word32(mine, 20) == word32(its, 20)
  }

  /// All of both headers of a TCP segment is equal but for what may differ.
  private func matches(_ packet: IPv4View) -> Bool {
    let (mine, its) = (UnsafeRawBufferPointer(memory), packet.bytes)
    // Acknowledgement; data offset (flags were looked at) and window; urgent pointer.
    guard matchesBelow(packet), word32(mine, 28) == word32(its, 28), mine[32] == its[32],
      word(mine, 34) == word(its, 34), word(mine, 38) == word(its, 38)
    else { return false }
    var offset = 40
    while offset < headersLength {
      guard word32(mine, offset) == word32(its, offset) else { return false }
      offset += 4
    }
    return true
  }

  @inline(__always) private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
    bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
  }
  @inline(__always) private func word32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }
  @inline(__always) private func long(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}
