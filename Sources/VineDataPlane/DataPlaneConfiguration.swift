import VineBase
import VinePacket
import VineRelay

/// What one VR's data plane needs to know before it starts. Frozen from then on.
public struct DataPlaneConfiguration: Sendable {
  /// This VR; relay frames that carry its tag are its own.
  public var node: NodeID
  /// UDP and TCP port of this address; `0.0.0.0` for every address of the machine.
  public var listen: Endpoint
  /// The interface to the site's hosts: packets are injected here and nowhere else.
  public var lanInterface: String
  /// The NFQUEUE that the VR's netfilter rules send virtual TCP packets to; others go to `plainQueue`.
  public var queueNumber: UInt16
  public var capture: Capture
  public var injection: Injection
  /// Super-packets and trains. Without, everything goes one packet a call: slower, and the same.
  public var usesOffloads: Bool
  /// How the site sees the virtual space; nil: as it is.
  public var mirror: Mirror?
  /// Records that wait in one TCP channel's buffer; beyond it new ones are dropped and counted. 512 KiB are 0.2 s
  /// at 20 Mbit/s: more would only make TCP inside the channel wait.
  public var channelBufferLimit: ByteCount
  /// TCP channels that others opened; beyond it the oldest goes that has shown no session, or else the new one is
  /// closed at once. Each holds up to 0.7 MiB.
  public var acceptedChannelsMax: Int
  /// Bounds of the store for limited-VRs whose channel is closed.
  public var relayLimits: RelayStore.Limits

  /// How packets of the site's hosts come.
  public enum Capture: String, CaseIterable, Sendable {
    /// Netfilter's queue, the paper's way: nothing is routed to this machine's own network.
    case nfqueue
    /// The kernel routes them into a TUN device.
    case tun
  }

  /// How packets get to the site's hosts.
  public enum Injection: String, CaseIterable, Sendable {
    /// Straight into the interface, the paper's way.
    case libnet
    /// Through a TUN device, from where the kernel routes them.
    case tun
  }

  public init(
    node: NodeID, listen: Endpoint = Endpoint(address: IPv4Address(rawValue: 0)), lanInterface: String,
    queueNumber: UInt16 = 2247, channelBufferLimit: ByteCount = .kibibytes(512), acceptedChannelsMax: Int = 256,
    relayLimits: RelayStore.Limits = RelayStore.Limits(), capture: Capture = .nfqueue, injection: Injection = .libnet,
    usesOffloads: Bool = true, mirror: Mirror? = nil
  ) {
    self.mirror = mirror
    (self.capture, self.injection, self.usesOffloads) = (capture, injection, usesOffloads)
    (self.node, self.listen, self.lanInterface) = (node, listen, lanInterface)
    (self.queueNumber, self.channelBufferLimit) = (queueNumber, channelBufferLimit)
    (self.acceptedChannelsMax, self.relayLimits) = (acceptedChannelsMax, relayLimits)
  }

  /// The TUN device, if one is used.
  public static func tunName(for queue: UInt16) -> String { "vine\(queue)" }

  public var usesTun: Bool { capture == .tun || injection == .tun }

  /// The NFQUEUE of everything but TCP: far from where an administrator numbers queues.
  public static func plainQueue(beside queue: UInt16) -> UInt16 { queue ^ 0x8000 }
}

/// Fixed limits of the data plane. Sizes in bytes.
enum Limits {
  /// Datagrams and captured packets taken in one system call: the gain ends here (about 5 % over one by one), and
  /// 64 packets of 1500 bytes keep the others waiting for no more than 0.3 ms.
  static let batch = 64
  /// An underlay packet of 1500 bytes less IPv4 and UDP headers. No frame on UDP is longer.
  static let datagramMax = 1472
  /// A slot for a frame with room in front for relay header and record length, and behind for a tag.
  static let slot = 2048
  static let headroom = 64
  /// What every path takes, whatever was measured: a host's packets are not cut smaller (RFC 791, 3.1).
  static let innerMin = 576
  /// Largest inner packet on UDP: 1472 less 36.
  static let innerDirect = 1436
  /// Largest inner packet on a TCP channel: with its record it fills one TCP segment of 1448 bytes.
  static let innerChannel = 1396
  /// Largest inner packet through queue-VRs: 1436 less 40, and less 8 for the source tag on the way from one
  /// queue-VR to the next.
  static let innerRelayed = 1388
  /// TCP and IPv4 headers without options, which the MSS leaves out.
  static let tcpHeaders = 40
  /// Receiving sessions kept for one peer: the newest, the one before it, and one more while both sides begin at once.
  static let sessionsPerPeer = 3
  /// A channel on which no frame was opened is closed after this: nobody but a VR has business here.
  static let unauthenticatedChannel: Duration = .seconds(10)
  /// Bytes that wait in the kernel of a channel beside those under way: 1 ms at 500 Mbit/s.
  static let channelUnsent: Int32 = 64 << 10
  /// A session of our own making displaces a working one when its first frame came, or after this.
  static let unconfirmedSession: Duration = .seconds(1)
  /// What waited for a limited-VR goes by UDP in portions of half of this.
  static let directBurst = 128 << 10
  /// Slow work: expiry and events that are due.
  static let tick: Duration = .milliseconds(200)
  /// Between two looks at whether the data thread is to go before others.
  static let precedence: Duration = .milliseconds(20)
  /// Hosts' hardware addresses are looked up again after this.
  static let refresh: Duration = .seconds(1)
  /// Between two reports of whom packets are exchanged with.
  static let report: Duration = .seconds(1)
  /// ICMP errors a second (RFC 1812, 4.3.2.8), and events of one kind a second: each with a burst of the same size.
  static let icmpRate: Int64 = 1000
  static let eventRate: Int64 = 10
  /// "This VR needs a session" is said again for the same peer after this.
  static let needsSessionEvery: Duration = .seconds(1)
  /// Packets that wait in the kernel for the data thread: 6 MB, which its socket's buffer holds, too.
  static let captureQueueLength: UInt32 = 4096
  /// Socket buffers for bursts while the thread works: 8 MiB are 50 ms at 1.3 Gbit/s.
  static let socketBuffer: Int32 = 8 << 20
}
