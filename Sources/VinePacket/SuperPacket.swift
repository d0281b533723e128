/// Segments of one TCP flow that follow one another, put together again: the host's kernel then handles one packet
/// instead of forty.
///
/// Only what an interface could cut into the very same segments is put together: equal headers but for sequence
/// number, length, identification and checksums; no gap; nothing after a segment that is shorter or has PSH; no IP
/// options and no flags but ACK and PSH. A segment with a wrong checksum is never taken in: it stays wrong.
public struct SuperPacket: ~Copyable {
  /// The longest IPv4 packet, less than what `segmentSize` of it could be.
  public static let byteCountMax = 65_535
  private let memory: UnsafeMutableRawBufferPointer
  /// Bytes in `memory`; 0: empty.
  private var count = 0
  private var headersLength = 0
  private var nextSequence: UInt32 = 0
  /// Payload of each segment, the last one perhaps shorter.
  public private(set) var segmentSize = 0
  public private(set) var segmentCount = 0
  private var isClosed = false

  public init() { memory = .allocate(byteCount: Self.byteCountMax, alignment: 64) }

  deinit { memory.deallocate() }

  public var isEmpty: Bool { count == 0 }

  /// Begins with `packet` if it is of the kind that others can be added to; must be empty.
  public mutating func begin(_ packet: IPv4View) -> Bool {
    precondition(isEmpty, "a super-packet has to be taken before another begins")
    guard packet.headerLength == IPv4View.headerLengthMin, let tcp = TCPView(packet), isPlain(tcp),
      tcp.hasValidChecksum
    else { return false }
    memory.copyMemory(from: packet.bytes)
    (count, headersLength, segmentCount) = (packet.totalLength, tcp.headersLength, 1)
    segmentSize = tcp.payload.count
    nextSequence = tcp.sequence &+ UInt32(segmentSize)
    isClosed = tcp.flags & TCPView.psh != 0
    return true
  }

  /// Adds the next segment of the same flow.
  /// - Returns: false, and changes nothing, if `packet` is anything else.
  public mutating func add(_ packet: IPv4View) -> Bool {
    guard !isEmpty, !isClosed, packet.headerLength == IPv4View.headerLengthMin, let tcp = TCPView(packet),
      tcp.headersLength == headersLength, tcp.sequence == nextSequence, isPlain(tcp)
    else { return false }
    let payload = tcp.payload
    guard payload.count <= segmentSize, count + payload.count <= Self.byteCountMax, matches(packet),
      tcp.hasValidChecksum
    else { return false }
    UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: payload)
    count += payload.count
    nextSequence = nextSequence &+ UInt32(payload.count)
    segmentCount += 1
    memory[33] |= tcp.flags & TCPView.psh
    isClosed = payload.count < segmentSize || tcp.flags & TCPView.psh != 0
    return true
  }

  /// Hands out what was put together and is empty again. A packet of several segments has no TCP checksum but the
  /// sum of its pseudo-header, from which an interface makes each segment's.
  public mutating func take(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    guard !isEmpty else { return }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    if segmentCount > 1 { Self.leaveChecksum(bytes) }
    body(bytes)
    count = 0
  }

  /// Length and checksum of the IP header, and the sum of the pseudo-header where TCP's checksum will be.
  /// - Parameter bytes: a TCP segment in an IPv4 packet that is no fragment.
  public static func leaveChecksum(_ bytes: UnsafeMutableRawBufferPointer) {
    let ipLength = Int(bytes[0] & 15) * 4
    PacketEdit.storeWord(UInt16(bytes.count), bytes, at: 2)
    PacketEdit.storeWord(0, bytes, at: 10)
    let header = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<ipLength])
    PacketEdit.storeWord(InternetChecksum.of(header), bytes, at: 10)
    PacketEdit.storeWord(
      TCPView.pseudoHeader(UnsafeRawBufferPointer(bytes), segmentLength: bytes.count - ipLength), bytes,
      at: ipLength + 16)
  }

  /// Data, acknowledgement and nothing else.
  private func isPlain(_ tcp: TCPView) -> Bool {
    tcp.flags & ~TCPView.psh == TCPView.ack && !tcp.payload.isEmpty
  }

  /// All of both headers is equal but what may differ.
  private func matches(_ packet: IPv4View) -> Bool {
    let (mine, its) = (UnsafeRawBufferPointer(memory), packet.bytes)
    // Service; flags and fragment offset, time to live, protocol; addresses and ports.
    guard mine[1] == its[1], word(mine, 6) == word(its, 6), word(mine, 8) == word(its, 8),
      long(mine, 12) == long(its, 12), word32(mine, 20) == word32(its, 20)
    else { return false }
    // Acknowledgement; data offset (flags were looked at) and window; urgent pointer.
    guard word32(mine, 28) == word32(its, 28), mine[32] == its[32], word(mine, 34) == word(its, 34),
      word(mine, 38) == word(its, 38)
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
