/// Where packets of the site's hosts come from.
protocol PacketCapture {
  /// Readable while packets wait.
  var descriptor: Int32 { get }

  /// Hands each packet of one batch to `body`, which may change its bytes.
  /// - Returns: how many; fewer than `Limits.batch`: no more wait.
  func capture(_ body: (CapturedPacket) -> Void) -> Int

  /// Takes the packets of the last batch from the kernel: none of them goes any further by itself.
  func release()
}

/// A packet as a host gave it to the network.
struct CapturedPacket {
  let bytes: UnsafeMutableRawBufferPointer
  /// The checksum of TCP or UDP is still to be made: the host left it to its interface.
  var lacksChecksum = false
  /// A TCP packet that the host left to its interface to cut.
  var isSuper = false
  /// The kernel has forwarded it and taken a hop off its time to live.
  var isRouted = false
  /// When the machine got it, by `MonotonicClock.ofStamps`; 0 if that is not known.
  var arrival: Int64 = 0
}

/// How packets get to the site's hosts.
protocol PacketInjection {
  /// - Parameter packet: a whole IPv4 packet.
  /// - Returns: false if the kernel did not take it.
  func inject(_ packet: UnsafeRawBufferPointer) -> Bool

  /// A packet of the VR's own, whose source address of zero the kernel replaces by its own in the hosts' network.
  func injectOwn(_ packet: UnsafeRawBufferPointer) -> Bool

  /// Whether `inject(super:)` is worth while: of TCP segments, of datagrams.
  var takesTCP: Bool { get }
  var takesUDP: Bool { get }

  /// - Parameters:
  ///   - packet: TCP segments or datagrams in one, to be cut, with the sum of the pseudo-header in place of the
  ///     checksum; see `SuperPacket.leaveChecksum`.
  ///   - segmentSize: the payload of each packet, the last one perhaps shorter.
  /// - Returns: false if the kernel did not take all of it.
  func inject(super packet: UnsafeMutableRawBufferPointer, segmentSize: Int) -> Bool

  /// Once a second: what is known of the network may have changed.
  func refresh()
}
