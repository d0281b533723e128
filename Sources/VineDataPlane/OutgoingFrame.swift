import VineBase
import VineSession

/// A frame being built in a slot: the body first, headers in front of it afterwards. Plain data; the slot's owner
/// reuses the memory.
struct OutgoingFrame {
  private let slot: UnsafeMutableRawPointer
  private(set) var start = Limits.headroom
  private(set) var count = 0

  /// - Parameter slot: `Limits.slot` bytes.
  init(slot: UnsafeMutableRawPointer) { self.slot = slot }

  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: slot + start, count: count) }

  /// Appends a copy of `body`.
  /// - Returns: false, and changes nothing, if it would pass the longest datagram.
  @inline(__always)
  mutating func append(_ body: UnsafeRawBufferPointer) -> Bool {
    guard count + body.count <= Limits.datagramMax else { return false }
    if let source = body.baseAddress { (slot + start + count).copyMemory(from: source, byteCount: body.count) }
    count += body.count
    return true
  }

  @inline(__always)
  mutating func append(_ word: UInt32) {
    (slot + start + count).storeBytes(of: word.bigEndian, as: UInt32.self)
    count += 4
  }

  /// Puts the header of a data or control frame in front of everything so far, which is sealed.
  @inline(__always)
  mutating func seal(_ kind: FrameKind, under session: Session, counter: UInt64) {
    let body = count
    prepend(FrameSize.header)
    FrameHeader(kind: kind, index: session.remoteIndex, counter: counter).write(to: bytes)
    session.sealing.seal(
      header: slot + start, headerCount: FrameSize.header, counter: counter,
      body: (slot + start + FrameSize.header).assumingMemoryBound(to: UInt8.self), count: body)
    count += FrameSize.tag
  }

  /// Puts a relay header in front of a whole frame, which stays as it is.
  /// - Parameter source: sealed in the header on the way from one queue-VR to another VR; see `RelayForm`.
  mutating func wrap(_ header: FrameHeader, source: NodeTag?, under session: Session) {
    let form: RelayForm = source == nil ? .plain : .withSource
    prepend(form.byteCount)
    header.write(to: bytes)
    let body = slot + start + FrameSize.relayHeader
    if let source { body.storeBytes(of: source.rawValue.bigEndian, as: UInt64.self) }
    session.sealing.seal(
      header: slot + start, headerCount: FrameSize.relayHeader, counter: header.counter,
      body: body.assumingMemoryBound(to: UInt8.self), count: form.sealedByteCount)
  }

  private mutating func prepend(_ room: Int) {
    precondition(start >= room, "more headers than the slot's headroom")
    start -= room
    count += room
  }
}
