/// Where packets of the site's hosts come from.
protocol PacketCapture {
  /// Readable while packets wait.
  var descriptor: Int32 { get }

  /// Hands each packet of one batch to `body`, which may change its bytes, and takes the packets from the kernel:
  /// none of them goes any further by itself.
  /// - Returns: how many; fewer than `Limits.batch`: no more wait.
  func capture(_ body: (UnsafeMutableRawBufferPointer) -> Void) -> Int
}

/// How packets get to the site's hosts.
protocol PacketInjection {
  /// - Parameter packet: a whole IPv4 packet.
  /// - Returns: false if the kernel did not take it.
  func inject(_ packet: UnsafeRawBufferPointer) -> Bool
}
