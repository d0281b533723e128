import VineBase

/// Byte 0 of everything that goes from VR to VR.
public enum FrameKind: UInt8, Hashable, Sendable {
  case handshake = 1
  case data = 2
  case control = 3
  case probe = 4
  case relay = 5
  /// One of a train, which measures bandwidth by how its frames arrive.
  case train = 6
}

/// Sizes of the frame formats, in bytes.
public enum FrameSize {
  /// IPv4 and UDP around a frame on the underlay.
  public static let underlay = 28
  /// Header of data and control frames; all of it is associated data.
  public static let header = 16
  /// Header of a relay frame before its tag; all of it is associated data.
  public static let relayHeader = 24
  /// The AEAD tag, of every suite.
  public static let tag = 16
  /// V.Net.ID at the front of a data frame's plaintext (paper 3.5).
  public static let network = 4
  /// What a direct data frame adds to the inner packet.
  public static let dataOverhead = header + network + tag
  /// What a control frame adds to its message.
  public static let controlOverhead = header + tag
  /// What a relay frame adds to the frame inside it.
  public static let relayOverhead = relayHeader + tag
  /// Length field of a record on a TCP channel.
  public static let recordLength = 2
  /// A probe: kind, three zero bytes, nonce.
  public static let probe = 4 + probeNonce
  public static let probeNonce = 16
}

/// The clear part of a data, control or relay frame. Plain data: reading and writing allocate nothing.
///
/// ```
/// data, control, train: [kind][0][0][0][receiver's session index u32][counter u64]
/// relay:         [kind][hops][0][0][receiver's session index u32][counter u64][peer tag u64]
/// ```
public struct FrameHeader: Hashable, Sendable {
  public let kind: FrameKind
  /// Relay frames: how many queue-VRs have passed it on. Zero in other kinds.
  public let hops: UInt8
  /// The index that the receiver gave the session.
  public let index: UInt32
  /// One sequence for each direction of a session, shared by the three kinds.
  public let counter: UInt64
  /// Relay frames: destination on the way to the queue-VR, source on the way from it. Zero in other kinds.
  public let peer: NodeTag

  /// The header of a data or control frame.
  @inlinable
  public init(kind: FrameKind, index: UInt32, counter: UInt64) {
    assert(kind == .data || kind == .control || kind == .train, "a relay frame's header is longer, others have none")
    (self.kind, self.index, self.counter) = (kind, index, counter)
    (hops, peer) = (0, NodeTag(rawValue: 0))
  }

  /// The header of a relay frame.
  @inlinable
  public init(relayHops hops: UInt8, index: UInt32, counter: UInt64, peer: NodeTag) {
    kind = .relay
    (self.hops, self.index, self.counter, self.peer) = (hops, index, counter, peer)
  }

  /// Reads the header at the front of a frame and checks that the tag can be there, too.
  /// - Throws: for a frame that is too short, another kind, or reserved bytes that are not zero.
  @inlinable
  public init(parsing frame: UnsafeRawBufferPointer) throws(FrameError) {
    guard let first = frame.first else { throw .truncated }
    guard let kind = FrameKind(rawValue: first), kind != .handshake, kind != .probe else { throw .unknownKind }
    let isRelay = kind == .relay
    guard frame.count >= (isRelay ? FrameSize.relayOverhead : FrameSize.controlOverhead) else { throw .truncated }
    guard frame[2] | frame[3] == 0, isRelay || frame[1] == 0 else { throw .reservedBytes }
    self.kind = kind
    hops = isRelay ? frame[1] : 0
    index = UInt32(bigEndian: frame.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    counter = UInt64(bigEndian: frame.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    peer = NodeTag(
      rawValue: isRelay ? UInt64(bigEndian: frame.loadUnaligned(fromByteOffset: 16, as: UInt64.self)) : 0)
  }

  /// Bytes that `write` writes and the AEAD authenticates: 16, or 24 of a relay frame.
  @inlinable
  public var byteCount: Int { kind == .relay ? FrameSize.relayHeader : FrameSize.header }

  /// Writes `byteCount` bytes at the front of `frame`, which must be that long.
  @inlinable
  public func write(to frame: UnsafeMutableRawBufferPointer) {
    precondition(frame.count >= byteCount, "no room for a frame header")
    frame[0] = kind.rawValue
    frame[1] = hops
    frame[2] = 0
    frame[3] = 0
    frame.storeBytes(of: index.bigEndian, toByteOffset: 4, as: UInt32.self)
    frame.storeBytes(of: counter.bigEndian, toByteOffset: 8, as: UInt64.self)
    if kind == .relay { frame.storeBytes(of: peer.rawValue.bigEndian, toByteOffset: 16, as: UInt64.self) }
  }
}

/// Why bytes are no data, control or relay frame: the scope is the frame.
public enum FrameError: Error, Hashable, Sendable {
  case truncated
  case unknownKind
  case reservedBytes
}
