import VineBase
import VineRelay
import VineRouting
import VineSession

/// What the data plane counted since its start, and what it holds now.
public struct DataPlaneStatus: Sendable {
  /// Every reason, in the order of their raw values, zeros included.
  public var drops: [(DropReason, UInt64)]
  /// The last packet of each reason, where its addresses were known.
  public var dropExamples: [DropReason: DropExample] = [:]
  /// Sorted by node.
  public var peers: [PeerStatus]
  /// Sorted by identifier.
  public var channels: [ChannelStatus]
  /// Limited-VRs that frames wait or waited for, sorted by tag.
  public var queues: [QueueStatus]
  public var relay: RelayStore.Counters
  /// Frames passed on for others at once, without waiting in a queue.
  public var relayed: Traffic
  /// Packets that hosts sent into the virtual space.
  public var captured: Traffic
  /// Packets handed to hosts.
  public var injected: Traffic
  /// Data frames sealed and sent, and opened, by their inner packets.
  public var sent: Traffic
  public var received: Traffic
  /// What the kernel dropped in front of the data plane.
  public var netfilterQueue: NetfilterQueueStatus?

  /// Packets dropped for `reason`.
  public func dropped(_ reason: DropReason) -> UInt64 { drops.first { $0.0 == reason }?.1 ?? 0 }
}

/// Packets and their bytes.
public struct Traffic: Hashable, Sendable {
  public var packets: UInt64 = 0
  public var bytes: UInt64 = 0

  public init(packets: UInt64 = 0, bytes: UInt64 = 0) { (self.packets, self.bytes) = (packets, bytes) }

  @inline(__always)
  mutating func add(_ count: Int) {
    packets &+= 1
    bytes &+= UInt64(count)
  }

  @inline(__always)
  mutating func add(packets: Int, bytes: Int) {
    self.packets &+= UInt64(packets)
    self.bytes &+= UInt64(bytes)
  }
}

public struct PeerStatus: Hashable, Sendable {
  public var node: NodeID
  public var carrier: Carrier?
  /// Of the session used for sending; nil without one.
  public var suite: CipherSuite?
  /// Receiving sessions.
  public var sessions: Int
  /// Inner packets sealed for the peer, and opened from it.
  public var sent: Traffic
  public var received: Traffic
  /// When a frame of the peer was last opened, on the data plane's monotonic clock; and how long ago that is.
  public var silentFor: Duration?
  /// The largest virtual packet that reaches the peer in one piece; nil without a way.
  public var innerMTU: Int?
}

public struct ChannelStatus: Hashable, Sendable {
  public var channel: ChannelID
  public var remote: Endpoint
  /// This VR opened it.
  public var isDialled: Bool
  public var isOpen: Bool
  /// Bytes that wait for the kernel.
  public var waiting: ByteCount
  /// Records.
  public var sent: Traffic
  public var received: Traffic
}

public struct QueueStatus: Hashable, Sendable {
  public var tag: NodeTag
  /// That wait now.
  public var frames: Int
  /// Since the limited-VR chose this queue-VR.
  public var counters: RelayStore.Counters
  /// Since when the oldest of them waits.
  public var oldest: Instant?
}

/// The queue's line of /proc/net/netfilter/nfnetlink_queue.
public struct NetfilterQueueStatus: Hashable, Sendable {
  /// Packets that wait now.
  public var waiting: UInt64
  /// Packets dropped because the queue was full.
  public var queueDropped: UInt64
  /// Packets dropped because the socket's buffer was full.
  public var socketDropped: UInt64

  public var dropped: UInt64 { queueDropped &+ socketDropped }
}
